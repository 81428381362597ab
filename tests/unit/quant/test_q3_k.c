/* Q3_K from the description of its bytes by another route than the code's. */
#include "base/f16.h"
#include "cm.h"
#include "quant/q3_k.h"
#include "sample.h"

static double half_at(const uint8_t *p) {
    return (double)lnr_f16_to_f32((uint16_t)(p[0] + 256 * p[1]));
}

static float value(const uint8_t *block, int k) {
    /* third bits 0-31, quants 32-95, scales 96-107, d 108-109. Low four bits of scale j: of byte j
     * for j < 8, else the high ones of byte j - 8; its top two in byte 8 + j % 4. */
    static const int place[4] = {1, 4, 16, 64};
    const uint8_t *s = block + 96;
    int low = block[32 + k / 128 * 32 + k % 32] / place[k % 128 / 32] % 4, j = k / 16;
    int high = block[k % 32] & 1 << k / 32 ? 0 : 4; /* set means: nothing to take away */
    int scale = (j < 8 ? s[j] % 16 : s[j - 8] / 16) + 16 * (s[8 + j % 4] / place[j / 4] % 4);
    return (float)(half_at(block + 108) * (scale - 32) * (low - high));
}

static void random_blocks_decode_as_described(void **state) {
    (void)state;
    uint64_t seed = 43;
    for (int n = 0; n < 200; n++) {
        uint8_t block[110];
        float out[256];
        for (int i = 0; i < 110; i++)
            block[i] = (uint8_t)sample_bits(&seed);
        block[109] = (uint8_t)(block[109] & 0xbf); /* finite scales */
        q3_k_decode(block, 256, out);
        for (int k = 0; k < 256; k++)
            assert_true(out[k] == value(block, k));
    }
}

static void a_block_by_hand(void **state) {
    (void)state;
    uint8_t block[110] = {0};
    float out[256];
    block[109] = 0x3c;     /* d = 1 */
    block[96] = 0x03;      /* scale of sub-block 0: 3 below, */
    block[96 + 8] = 0x02;  /* 32 above: 35 - 32 = 3 */
    block[96 + 7] = 0xf0;  /* scale of sub-block 15: 15 below, */
    block[96 + 11] = 0x40; /* 16 above: 31 - 32 = -1 */
    block[32] = 0x03;      /* weight 0: 3 */
    block[0] = 0x01;       /* and its third bit */
    block[95] = 0x80;      /* weight 255: 2 */
    q3_k_decode(block, 256, out);
    assert_true(out[0] == 9.0f && out[1] == -12.0f && out[16] == -32.0f * -4.0f);
    assert_true(out[255] == 2.0f && out[254] == 4.0f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks_decode_as_described),
        cmocka_unit_test(a_block_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
