/* Q5_1 from the description of its bytes by another route than the code's. */
#include "base/f16.h"
#include "cm.h"
#include "quant/q5_1.h"
#include "sample.h"

static double half_at(const uint8_t *p) {
    return (double)lnr_f16_to_f32((uint16_t)(p[0] + 256 * p[1]));
}

static float value(const uint8_t *block, int k) {
    /* d 0-1, m 2-3, fifth bits 4-7, quants 8-23 */
    uint32_t high = block[4] + 256u * block[5] + 65536u * block[6] + 16777216u * block[7];
    int q = k < 16 ? block[8 + k] % 16 : block[8 + k - 16] / 16;
    return (float)(half_at(block) * (q + (high & 1u << k ? 16 : 0)) + half_at(block + 2));
}

static void random_blocks_decode_as_described(void **state) {
    (void)state;
    uint64_t seed = 29;
    for (int n = 0; n < 200; n++) {
        uint8_t block[24];
        float out[32];
        for (int i = 0; i < 24; i++)
            block[i] = (uint8_t)sample_bits(&seed);
        block[1] = (uint8_t)(block[1] & 0xbf); /* finite scales */
        block[3] = (uint8_t)(block[3] & 0xbf);
        q5_1_decode(block, 32, out);
        for (int k = 0; k < 32; k++)
            assert_true(out[k] == value(block, k));
    }
}

static void a_block_by_hand(void **state) {
    (void)state;
    uint8_t block[24] = {0x00, 0x38, 0x00, 0xc0}; /* d = 0.5, m = -2 */
    float out[32];
    block[8] = 0x0f;  /* weight 0: 15, weight 16: 0 */
    block[23] = 0x98; /* weight 15: 8, weight 31: 9 */
    block[4] = 0x01;  /* weight 0: 31 */
    block[7] = 0x80;  /* weight 31: 25 */
    q5_1_decode(block, 32, out);
    assert_true(out[0] == 13.5f && out[16] == -2.0f && out[15] == 2.0f && out[31] == 10.5f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks_decode_as_described),
        cmocka_unit_test(a_block_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
