/* Q8_0 from the description of its bytes, and its rounding error. */
#include "cm.h"
#include "quant/q8_0.h"
#include "sample.h"

static void a_block_by_hand(void **state) {
    (void)state;
    uint8_t block[34] = {0x00, 0x38}; /* d = 0.5 */
    float out[32];
    block[2] = 127;
    block[3] = 0x80;  /* -128 */
    block[33] = 0xff; /* -1 */
    q8_0_decode(block, 32, out);
    assert_true(out[0] == 63.5f && out[1] == -64.0f && out[2] == 0.0f && out[31] == -0.5f);
}

static void error_is_within_the_step(void **state) {
    (void)state;
    float x[1024], y[1024];
    uint8_t blocks[32 * 34];
    for (int shape = 0; shape < SAMPLE_SHAPES; shape++) {
        sample_fill(7, shape, x, 1024);
        q8_0_encode(x, NULL, 1024, blocks);
        q8_0_decode(blocks, 1024, y);
        assert_true(relative_error(x, y, 1024) < 0.012); /* 0.0047 to 0.0096 when written */
        for (int b = 0; b < 32; b++) {
            float amax = 0.0f;
            for (int i = 0; i < 32; i++)
                amax = fmaxf(amax, fabsf(x[32 * b + i]));
            for (int i = 0; i < 32; i++) /* half a step, and the rounding of d to a half */
                assert_true(fabsf(x[32 * b + i] - y[32 * b + i]) <=
                            amax * (0.51f / 127 + 0x1p-11f));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_by_hand),
        cmocka_unit_test(error_is_within_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
