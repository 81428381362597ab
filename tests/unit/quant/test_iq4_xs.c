/* IQ4_XS from the description of its bytes by another route than the code's. */
#include "base/f16.h"
#include "cm.h"
#include "quant/iq4_xs.h"
#include "sample.h"

/* the format's table, as its description lists it */
static const int table[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                              1,    13,   25,  38,  53,  69,  89,  113};

static double half_at(const uint8_t *p) {
    return (double)lnr_f16_to_f32((uint16_t)(p[0] + 256 * p[1]));
}

static float value(const uint8_t *block, int k) {
    /* d 0-1, top bits of the scales 2-3, low bits 4-7, quants 8-135: 16 bytes per sub-block */
    int j = k / 32, l = k % 32, byte = block[8 + 16 * j + l % 16];
    int low = j % 2 ? block[4 + j / 2] / 16 : block[4 + j / 2] % 16;
    int high = (block[2] + 256 * block[3]) / (1 << 2 * j) % 4;
    return (float)(half_at(block) * (16 * high + low - 32) * table[l < 16 ? byte % 16 : byte / 16]);
}

static void random_blocks_decode_as_described(void **state) {
    (void)state;
    uint64_t seed = 53;
    for (int n = 0; n < 200; n++) {
        uint8_t block[136];
        float out[256];
        for (int i = 0; i < 136; i++)
            block[i] = (uint8_t)sample_bits(&seed);
        block[1] = (uint8_t)(block[1] & 0xbf); /* finite scales */
        iq4_xs_decode(block, 256, out);
        for (int k = 0; k < 256; k++)
            assert_true(out[k] == value(block, k));
    }
}

static void a_block_by_hand(void **state) {
    (void)state;
    uint8_t block[136] = {0x00, 0x3c}; /* d = 1 */
    float out[256];
    block[4] = 0x01;   /* scale of sub-block 0: 1 below, */
    block[2] = 0x02;   /* 32 above: 33 - 32 = 1 */
    block[7] = 0x20;   /* scale of sub-block 7: 2 below, */
    block[3] = 0xc0;   /* 48 above: 50 - 32 = 18 */
    block[8] = 0x0f;   /* weight 0: entry 15, weight 16: entry 0 */
    block[135] = 0x98; /* weight 239: entry 8, weight 255: entry 9 */
    iq4_xs_decode(block, 256, out);
    assert_true(out[0] == 113.0f && out[16] == -127.0f && out[32] == -32.0f * -127.0f);
    assert_true(out[239] == 18.0f && out[255] == 18.0f * 13.0f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks_decode_as_described),
        cmocka_unit_test(a_block_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
