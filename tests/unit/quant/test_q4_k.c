/* Q4_K from the description of its bytes by another route than the code's, and the quality of the
 * encoder against plain rounding. */
#include "base/f16.h"
#include "cm.h"
#include "quant/q4_k.h"
#include "quant/round.h"
#include "sample.h"

#include <string.h>

/* Bits n..n+5 of the 16 scales and minima, read from the 12 bytes as the format's table says. */
static int six_bits(const uint8_t *s, int j, int is_min) {
    int low, high;
    if (j < 4)
        return s[is_min ? j + 4 : j] % 64;
    low = is_min ? s[j + 4] / 16 : s[j + 4] % 16;
    high = s[is_min ? j : j - 4] / 64;
    return high * 16 + low;
}

static float value(const uint8_t *block, int k) { /* d 0-1, dmin 2-3, scales 4-15, quants 16-143 */
    int j = k / 32, byte = block[16 + j / 2 * 32 + k % 32];
    float d = lnr_f16_to_f32((uint16_t)(block[0] + 256 * block[1]));
    float dmin = lnr_f16_to_f32((uint16_t)(block[2] + 256 * block[3]));
    int q = j % 2 ? byte / 16 : byte % 16;
    return (float)((double)d * six_bits(block + 4, j, 0) * q -
                   (double)dmin * six_bits(block + 4, j, 1));
}

static void random_blocks_decode_as_described(void **state) {
    (void)state;
    uint64_t seed = 3;
    for (int n = 0; n < 200; n++) {
        uint8_t block[144];
        float out[256];
        for (int i = 0; i < 144; i++)
            block[i] = (uint8_t)sample_bits(&seed);
        block[1] = (uint8_t)(block[1] & 0xbf); /* finite scales */
        block[3] = (uint8_t)(block[3] & 0xbf);
        q4_k_decode(block, 256, out);
        for (int k = 0; k < 256; k++)
            assert_true(out[k] == value(block, k));
    }
}

static void a_block_by_hand(void **state) {
    (void)state;
    uint8_t block[144] = {0x00, 0x3c, 0x00, 0x38}; /* d = 1, dmin = 0.5 */
    float out[256];
    block[4 + 0] = 3;               /* scale of sub-block 0 */
    block[4 + 4] = 5;               /* min of sub-block 0 */
    block[4 + 3] = 0xc0;            /* top bits of the scale of sub-block 7 */
    block[4 + 7] = 0x40;            /* top bits of the min of sub-block 7 */
    block[4 + 11] = 0x21;           /* low bits: scale 1, min 2 */
    block[16] = 0x0f;               /* weight 0: 15 */
    block[16 + 3 * 32 + 31] = 0x90; /* weight 255: 9 */
    q4_k_decode(block, 256, out);
    assert_true(out[0] == 3 * 15 - 2.5f);
    assert_true(out[1] == -2.5f);
    assert_true(out[32] == 0.0f);
    assert_true(out[255] == 49 * 9 - 9.0f);
    assert_true(out[254] == -9.0f);
}

/* Plain rounding: each sub-block's range in 15 steps, scales and minima in 63 steps of the largest.
 */
static void plain_encode(const float *x, float *out) {
    float scale[8], low[8], scale_max = 0.0f, low_max = 0.0f;
    for (int j = 0; j < 8; j++) {
        float lowest = 0.0f, highest = -INFINITY;
        for (int i = 0; i < 32; i++) {
            lowest = fminf(lowest, x[32 * j + i]);
            highest = fmaxf(highest, x[32 * j + i]);
        }
        scale[j] = (highest - lowest) / 15.0f;
        low[j] = -lowest;
        scale_max = fmaxf(scale_max, scale[j]);
        low_max = fmaxf(low_max, low[j]);
    }
    float d = lnr_f16_to_f32(lnr_f32_to_f16(scale_max / 63.0f));
    float dmin = lnr_f16_to_f32(lnr_f32_to_f16(low_max / 63.0f));
    for (int j = 0; j < 8; j++) {
        float s = d * (float)(d > 0.0f ? quant_round(scale[j] / d, 0, 63) : 0);
        float m = dmin * (float)(dmin > 0.0f ? quant_round(low[j] / dmin, 0, 63) : 0);
        for (int i = 0; i < 32; i++) {
            int q = s > 0.0f ? quant_round((x[32 * j + i] + m) / s, 0, 15) : 0;
            out[32 * j + i] = s * (float)q - m;
        }
    }
}

static void encoder_beats_plain_rounding(void **state) {
    (void)state;
    /* the errors measured when this was written, and 2 % */
    static const double bound[SAMPLE_SHAPES] = {0.0733, 0.0567, 0.0962, 0.0272, 0.0870};
    enum { N = 64 * 256 };
    static float x[N], y[N], plain[N];
    static uint8_t blocks[64 * 144];
    for (int shape = 0; shape < SAMPLE_SHAPES; shape++) {
        sample_fill(11, shape, x, N);
        q4_k_encode(x, NULL, N, blocks);
        q4_k_decode(blocks, N, y);
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
