/* MXFP4 from the description of its bytes by another route than the code's. */
#include "cm.h"
#include "quant/mxfp4.h"
#include "sample.h"

/* A float of 1 sign bit, 2 of exponent (bias 1) and 1 of fraction. */
static double four_bit_float(int code) {
    int exponent = code / 2 % 4, fraction = code % 2;
    double v = exponent ? ldexp(1.0 + 0.5 * fraction, exponent - 1) : 0.5 * fraction;
    return code / 8 ? -v : v;
}

static float value(const uint8_t *block, int k) {
    /* exponent 0 with bias 127, quants 1-16 */
    int q = k < 16 ? block[1 + k] % 16 : block[1 + k - 16] / 16;
    return (float)ldexp(four_bit_float(q), block[0] - 127);
}

static void random_blocks_decode_as_described(void **state) {
    (void)state;
    uint64_t seed = 37;
    for (int n = 0; n < 200; n++) {
        uint8_t block[17];
        float out[32];
        for (int i = 0; i < 17; i++)
            block[i] = (uint8_t)sample_bits(&seed);
        block[0] = (uint8_t)(block[0] % 253); /* from 253 on a six overflows, 255 is NaN */
        mxfp4_decode(block, 32, out);
        for (int k = 0; k < 32; k++)
            assert_true(out[k] == value(block, k));
    }
}

static void a_block_by_hand(void **state) {
    (void)state;
    uint8_t block[17] = {127}; /* scale 1 */
    float out[32];
    block[1] = 0x17;  /* weight 0: 6, weight 16: 0.5 */
    block[16] = 0xf9; /* weight 15: -0.5, weight 31: -6 */
    mxfp4_decode(block, 32, out);
    assert_true(out[0] == 6.0f && out[16] == 0.5f && out[15] == -0.5f && out[31] == -6.0f);
    block[0] = 0; /* the smallest scale: 2^-127, so its half is denormal */
    mxfp4_decode(block, 32, out);
    assert_true(out[0] == 6.0f * 0x1p-127f && out[16] == 0x1p-128f);
    block[0] = 1;
    mxfp4_decode(block, 32, out);
    assert_true(out[0] == 6.0f * 0x1p-126f && out[16] == 0x1p-127f);
    block[0] = 255;
    mxfp4_decode(block, 32, out);
    assert_true(isnan(out[0]) && isnan(out[1]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks_decode_as_described),
        cmocka_unit_test(a_block_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
