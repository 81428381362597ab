/* Q5_K from the description of its bytes by another route than the code's. */
#include "base/f16.h"
#include "cm.h"
#include "quant/q5_k.h"
#include "sample.h"

static double half_at(const uint8_t *p) {
    return (double)lnr_f16_to_f32((uint16_t)(p[0] + 256 * p[1]));
}

/* The scale or min of sub-block j, read from the 12 bytes as the format's table says. */
static int six_bits(const uint8_t *s, int j, int is_min) {
    int low, high;
    if (j < 4)
        return s[is_min ? j + 4 : j] % 64;
    low = is_min ? s[j + 4] / 16 : s[j + 4] % 16;
    high = s[is_min ? j : j - 4] / 64;
    return high * 16 + low;
}

static float value(const uint8_t *block, int k) {
    /* d 0-1, dmin 2-3, scales 4-15, fifth bits 16-47, quants 48-175 */
    int j = k / 32, byte = block[48 + j / 2 * 32 + k % 32];
    int q = (j % 2 ? byte / 16 : byte % 16) + (block[16 + k % 32] & 1 << j ? 16 : 0);
    return (float)(half_at(block) * six_bits(block + 4, j, 0) * q -
                   half_at(block + 2) * six_bits(block + 4, j, 1));
}

static void random_blocks_decode_as_described(void **state) {
    (void)state;
    uint64_t seed = 47;
    for (int n = 0; n < 200; n++) {
        uint8_t block[176];
        float out[256];
        for (int i = 0; i < 176; i++)
            block[i] = (uint8_t)sample_bits(&seed);
        block[1] = (uint8_t)(block[1] & 0xbf); /* finite scales */
        block[3] = (uint8_t)(block[3] & 0xbf);
        q5_k_decode(block, 256, out);
        for (int k = 0; k < 256; k++)
            assert_true(out[k] == value(block, k));
    }
}

static void a_block_by_hand(void **state) {
    (void)state;
    uint8_t block[176] = {0x00, 0x3c, 0x00, 0x38}; /* d = 1, dmin = 0.5 */
    float out[256];
    block[4 + 0] = 3;               /* scale of sub-block 0 */
    block[4 + 4] = 5;               /* min of sub-block 0 */
    block[4 + 3] = 0xc0;            /* top bits of the scale of sub-block 7 */
    block[4 + 7] = 0x40;            /* top bits of the min of sub-block 7 */
    block[4 + 11] = 0x21;           /* low bits: scale 1, min 2 */
    block[48] = 0x0f;               /* weight 0: 15 below, */
    block[16] = 0x01;               /* 16 above: 31 */
    block[48 + 3 * 32 + 31] = 0x90; /* weight 255: 9 below, */
    block[16 + 31] = 0x80;          /* 16 above: 25 */
    q5_k_decode(block, 256, out);
    assert_true(out[0] == 3 * 31 - 2.5f && out[1] == -2.5f && out[32] == 0.0f);
    assert_true(out[255] == 49 * 25 - 9.0f && out[254] == -9.0f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks_decode_as_described),
        cmocka_unit_test(a_block_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
