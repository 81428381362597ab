/* Q2_K from the description of its bytes by another route than the code's. */
#include "base/f16.h"
#include "cm.h"
#include "quant/q2_k.h"
#include "sample.h"

static double half_at(const uint8_t *p) {
    return (double)lnr_f16_to_f32((uint16_t)(p[0] + 256 * p[1]));
}

static float value(const uint8_t *block, int k) {
    /* scales 0-15, quants 16-79, d 80-81, dmin 82-83. Quants: per half 32 bytes, whose two-bit
     * fields are weights l, 32 + l, 64 + l, 96 + l. Exact in doubles, the last step apart. */
    static const int place[4] = {1, 4, 16, 64};
    int q = block[16 + k / 128 * 32 + k % 32] / place[k % 128 / 32] % 4, scale = block[k / 16];
    return (float)(half_at(block + 80) * (scale % 16) * q - half_at(block + 82) * (scale / 16));
}

static void random_blocks_decode_as_described(void **state) {
    (void)state;
    uint64_t seed = 41;
    for (int n = 0; n < 200; n++) {
        uint8_t block[84];
        float out[256];
        for (int i = 0; i < 84; i++)
            block[i] = (uint8_t)sample_bits(&seed);
        block[81] = (uint8_t)(block[81] & 0xbf); /* finite scales */
        block[83] = (uint8_t)(block[83] & 0xbf);
        q2_k_decode(block, 256, out);
        for (int k = 0; k < 256; k++)
            assert_true(out[k] == value(block, k));
    }
}

static void a_block_by_hand(void **state) {
    (void)state;
    uint8_t block[84] = {0};
    float out[256];
    block[81] = 0x3c; /* d = 1 */
    block[83] = 0x38; /* dmin = 0.5 */
    block[0] = 0x53;  /* sub-block 0: scale 3, min 5 */
    block[15] = 0x2f; /* sub-block 15: scale 15, min 2 */
    block[16] = 0x03; /* weight 0: 3 */
    block[79] = 0x80; /* weight 255: 2 */
    q2_k_decode(block, 256, out);
    assert_true(out[0] == 9.0f - 2.5f && out[1] == -2.5f && out[16] == 0.0f);
    assert_true(out[255] == 30.0f - 1.0f && out[254] == -1.0f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks_decode_as_described),
        cmocka_unit_test(a_block_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
