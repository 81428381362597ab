/* Q4_0 from the description of its bytes by another route than the code's. */
#include "base/f16.h"
#include "cm.h"
#include "quant/q4_0.h"
#include "sample.h"

static double half_at(const uint8_t *p) {
    return (double)lnr_f16_to_f32((uint16_t)(p[0] + 256 * p[1]));
}

static float value(const uint8_t *block, int k) {
    /* d 0-1, quants 2-17 */
    int q = k < 16 ? block[2 + k] % 16 : block[2 + k - 16] / 16;
    return (float)(half_at(block) * (q - 8));
}

static void random_blocks_decode_as_described(void **state) {
    (void)state;
    uint64_t seed = 17;
    for (int n = 0; n < 200; n++) {
        uint8_t block[18];
        float out[32];
        for (int i = 0; i < 18; i++)
            block[i] = (uint8_t)sample_bits(&seed);
        block[1] = (uint8_t)(block[1] & 0xbf); /* finite scales */
        q4_0_decode(block, 32, out);
        for (int k = 0; k < 32; k++)
            assert_true(out[k] == value(block, k));
    }
}

static void a_block_by_hand(void **state) {
    (void)state;
    uint8_t block[18] = {0x00, 0x38}; /* d = 0.5 */
    float out[32];
    block[2] = 0x0f;  /* weight 0: 15, weight 16: 0 */
    block[17] = 0x98; /* weight 15: 8, weight 31: 9 */
    q4_0_decode(block, 32, out);
    assert_true(out[0] == 3.5f && out[16] == -4.0f && out[15] == 0.0f && out[31] == 0.5f);
    assert_true(out[1] == -4.0f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks_decode_as_described),
        cmocka_unit_test(a_block_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
