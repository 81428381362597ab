/* Halves: every one of the 65536 against its value from the definition, and the way back against a
 * search for the nearest. Rows and panels of floats. */
#include "base/f16.h"
#include "cm.h"
#include "quant/float.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static double half_value(unsigned h) { /* IEEE 754 3.4: (-1)^s * 2^(e-15) * 1.f or 2^-14 * 0.f */
    int exponent = (int)(h >> 10 & 31u);
    double fraction = (double)(h & 1023u) / 1024.0, sign = h >> 15 ? -1.0 : 1.0;
    if (exponent == 31)
        return h & 1023u ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexp(1.0 + fraction, exponent - 15) : ldexp(fraction, -14));
}

static void every_half_widens_exactly(void **state) {
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        float got = lnr_f16_to_f32((uint16_t)h);
        double want = half_value(h);
        if (isnan(want))
            assert_true(isnan(got));
        else
            assert_true((double)got == want && (signbit(got) != 0) == (signbit(want) != 0));
    }
}

static void every_half_survives_the_way_back(void **state) {
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        uint16_t back = lnr_f32_to_f16(lnr_f16_to_f32((uint16_t)h));
        if (isnan(half_value(h)))
            assert_true(isnan(half_value(back)));
        else
            assert_int_equal(back, h);
    }
}

/* Between each two neighbours: just below, at and just above the middle; ties go to the even one.
 */
static void rounding_is_to_nearest_even(void **state) {
    (void)state;
    for (unsigned h = 0; h < 0x7c00; h++) {
        double low = half_value(h), high = h == 0x7bff ? 65536.0 : half_value(h + 1);
        float middle = (float)((low + high) / 2.0); /* exact: one bit more than a half has */
        assert_int_equal(lnr_f32_to_f16(nextafterf(middle, 0.0f)), h);
        assert_int_equal(lnr_f32_to_f16(middle), h + (h & 1u));
        assert_int_equal(lnr_f32_to_f16(nextafterf(middle, INFINITY)), h + 1);
        assert_int_equal(lnr_f32_to_f16(-middle), 0x8000u + h + (h & 1u));
    }
    assert_int_equal(lnr_f32_to_f16(INFINITY), 0x7c00);
    assert_int_equal(lnr_f32_to_f16(1e30f), 0x7c00);
    assert_int_equal(lnr_f32_to_f16(-1e30f), 0xfc00);
    assert_int_equal(lnr_f32_to_f16(0x1p-140f), 0);
    assert_true(isnan(half_value(lnr_f32_to_f16(NAN))));
    assert_true(isnan(half_value(lnr_f32_to_f16(lnr_f32_from_bits(0x7f800001u)))));
}

static void every_bfloat_is_the_top_of_a_float(void **state) {
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        uint16_t stored = (uint16_t)h;
        float out;
        bf16_decode(&stored, 1, &out);
        assert_int_equal(lnr_f32_bits(out), h << 16);
    }
}

/* As for halves: around the middle of each two neighbours, which a float holds exactly. */
static void bfloats_round_to_nearest_even(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 0x7f80; h++) {
        uint32_t middle = h << 16 | 0x8000u;
        assert_int_equal(lnr_f32_to_bf16(lnr_f32_from_bits(h << 16)), h);
        assert_int_equal(lnr_f32_to_bf16(lnr_f32_from_bits(middle - 1)), h);
        assert_int_equal(lnr_f32_to_bf16(lnr_f32_from_bits(middle)), h + (h & 1u));
        assert_int_equal(lnr_f32_to_bf16(lnr_f32_from_bits(middle + 1)), h + 1);
        assert_int_equal(lnr_f32_to_bf16(lnr_f32_from_bits(middle + 1 + 0x80000000u)),
                         h + 1 + 0x8000u);
    }
    assert_int_equal(lnr_f32_to_bf16(INFINITY), 0x7f80);
    assert_true(isnan(lnr_bf16_to_f32(lnr_f32_to_bf16(lnr_f32_from_bits(0x7f800001u)))));
    assert_true(isnan(lnr_bf16_to_f32(lnr_f32_to_bf16(lnr_f32_from_bits(0xffffffffu)))));
}

static void rows_may_lie_anywhere(void **state) {
    (void)state;
    float x[3] = {1.5f, -2.0f, 0.25f}, out[3];
    char bytes[16];
    f32_encode(x, NULL, 3, bytes + 1);
    f32_decode(bytes + 1, 3, out);
    assert_memory_equal(out, x, sizeof x);
    f16_encode(x, NULL, 3, bytes + 1);
    f16_decode(bytes + 1, 3, out);
    assert_memory_equal(out, x, sizeof x);
    bf16_encode(x, NULL, 3, bytes + 1);
    bf16_decode(bytes + 1, 3, out);
    assert_memory_equal(out, x, sizeof x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_widens_exactly),
        cmocka_unit_test(every_half_survives_the_way_back),
        cmocka_unit_test(rounding_is_to_nearest_even),
        cmocka_unit_test(every_bfloat_is_the_top_of_a_float),
        cmocka_unit_test(bfloats_round_to_nearest_even),
        cmocka_unit_test(rows_may_lie_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
