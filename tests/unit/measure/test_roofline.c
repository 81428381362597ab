/* Per cents of limits: by hand, and honest where something was measured wrongly. */
#include "measure/roofline.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define expect_near(got, want, within) assert_true(fabs((got) - (want)) <= (within))

static const lnr_limits limits = {
    .bytes_per_s = 50e9, .int8_macs_per_s = 1000e9, .f32_macs_per_s = 250e9};

static lnr_roofline of(uint64_t bytes, uint64_t int8, uint64_t f32, double seconds) {
    lnr_work w = {bytes, int8, f32, seconds};
    lnr_roofline r;
    roofline_of(&w, &limits, &r);
    return r;
}

static void per_cents_are_of_the_limits(void **state) {
    (void)state;
    lnr_roofline r = of(40000000000, 300000000000, 50000000000, 2.0);
    expect_near(r.bytes_per_s, 20e9, 1);
    expect_near(r.roofline_pct, 40, 1e-9);
    expect_near(r.peak_pct, 25, 1e-9); /* 0.3 s of int8 and 0.2 s of f32 in 2 s */
}

static void nothing_is_clamped(void **state) {
    (void)state;
    lnr_roofline once = of(45000000000, 900000000000, 0, 1.0);
    lnr_roofline twice = of(2 * 45000000000, 2 * 900000000000, 0, 1.0);
    expect_near(once.roofline_pct, 90, 1e-9);
    expect_near(twice.roofline_pct, 180, 1e-9);
    expect_near(twice.peak_pct, 180, 1e-9);
}

static void what_is_unknown_is_zero(void **state) {
    (void)state;
    static const lnr_limits none = {0, 0, 0};
    lnr_work w = {1000, 1000, 1000, 1.0};
    lnr_roofline r;
    roofline_of(&w, &none, &r);
    expect_near(r.bytes_per_s, 1000, 1e-9);
    expect_near(r.roofline_pct + r.peak_pct, 0, 0);
    r = of(1000, 1000, 1000, 0.0);
    expect_near(r.bytes_per_s + r.roofline_pct + r.peak_pct, 0, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(per_cents_are_of_the_limits),
        cmocka_unit_test(nothing_is_clamped),
        cmocka_unit_test(what_is_unknown_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
