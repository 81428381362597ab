/* Q6_K from the description of its bytes by another route than the code's, and the quality of the
 * encoder against plain rounding. */
#include "base/f16.h"
#include "cm.h"
#include "quant/q6_k.h"
#include "quant/round.h"
#include "sample.h"

#include <string.h>

/* Per half: element l has ql[l] % 16 and qh bits 0-1; 32 + l: ql[32 + l] % 16 and bits 2-3;
 * 64 + l: ql[l] / 16 and bits 4-5; 96 + l: ql[32 + l] / 16 and bits 6-7.
 * Bytes: ql 0-127, qh 128-191, scales 192-207, d 208-209. */
static float value(const uint8_t *block, int k) {
    const uint8_t *ql = block + k / 128 * 64, *qh = block + 128 + k / 128 * 32;
    int l = k % 32, q = 0;
    switch (k % 128 / 32) {
    case 0:
        q = ql[l] % 16 + 16 * (qh[l] % 4);
        break;
    case 1:
        q = ql[32 + l] % 16 + 16 * (qh[l] / 4 % 4);
        break;
    case 2:
        q = ql[l] / 16 + 16 * (qh[l] / 16 % 4);
        break;
    default:
        q = ql[32 + l] / 16 + 16 * (qh[l] / 64);
        break;
    }
    int scale = block[192 + k / 16];
    float d = lnr_f16_to_f32((uint16_t)(block[208] + 256 * block[209]));
    return (float)((double)d * (scale < 128 ? scale : scale - 256) * (q - 32));
}

static void random_blocks_decode_as_described(void **state) {
    (void)state;
    uint64_t seed = 5;
    for (int n = 0; n < 200; n++) {
        uint8_t block[210];
        float out[256];
        for (int i = 0; i < 210; i++)
            block[i] = (uint8_t)sample_bits(&seed);
        block[209] = (uint8_t)(block[209] & 0xbf); /* a finite scale */
        q6_k_decode(block, 256, out);
        for (int k = 0; k < 256; k++)
            assert_true(out[k] == value(block, k));
    }
}

static void a_block_by_hand(void **state) {
    (void)state;
    uint8_t block[210] = {0};
    float out[256];
    block[209] = 0x3c;           /* d = 1 */
    block[192] = 2;              /* scale of sub-block 0 */
    block[192 + 15] = 0x80;      /* scale of sub-block 15: -128 */
    block[0] = 0x05;             /* weight 0: 5 below, */
    block[128] = 0x01;           /* 16 above: 21 */
    block[64 + 32 + 31] = 0xf0;  /* weight 255: 15 below, */
    block[128 + 32 + 31] = 0xc0; /* 48 above: 63 */
    q6_k_decode(block, 256, out);
    assert_true(out[0] == 2 * (21 - 32));
    assert_true(out[1] == 2 * -32);
    assert_true(out[16] == 0.0f);
    assert_true(out[255] == -128 * 31);
    assert_true(out[254] == -128 * -32);
}

/* Plain rounding: each sub-block's extreme to -32, scales in 128 steps of the largest. */
static void plain_encode(const float *x, float *out) {
    float scale[16], extreme = 0.0f;
    for (int j = 0; j < 16; j++) {
        scale[j] = 0.0f;
        for (int i = 0; i < 16; i++)
            scale[j] = fabsf(x[16 * j + i]) > fabsf(scale[j]) ? x[16 * j + i] : scale[j];
        scale[j] /= -32.0f;
        extreme = fabsf(scale[j]) > fabsf(extreme) ? scale[j] : extreme;
    }
    float d = lnr_f16_to_f32(lnr_f32_to_f16(extreme / -128.0f));
    for (int j = 0; j < 16; j++) {
        float s = d * (float)(d != 0.0f ? quant_round(scale[j] / d, -128, 127) : 0);
        for (int i = 0; i < 16; i++)
            out[16 * j + i] = s != 0.0f ? s * (float)quant_round(x[16 * j + i] / s, -32, 31) : 0.0f;
    }
}

static void encoder_beats_plain_rounding(void **state) {
    (void)state;
    /* the errors measured when this was written, and 2 % */
    static const double bound[SAMPLE_SHAPES] = {0.0177, 0.0132, 0.0284, 0.0116, 0.0215};
    enum { N = 64 * 256 };
    static float x[N], y[N], plain[N];
    static uint8_t blocks[64 * 210];
    for (int shape = 0; shape < SAMPLE_SHAPES; shape++) {
        sample_fill(13, shape, x, N);
        q6_k_encode(x, NULL, N, blocks);
        q6_k_decode(blocks, N, y);
        for (int b = 0; b < 64; b++)
            plain_encode(x + 256 * b, plain + 256 * b);
        double ours = relative_error(x, y, N), theirs = relative_error(x, plain, N);
        assert_true(ours < theirs);
        assert_true(ours < bound[shape]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks_decode_as_described),
        cmocka_unit_test(a_block_by_hand),
        cmocka_unit_test(encoder_beats_plain_rounding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
