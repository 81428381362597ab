/* base/math against libm over dense sweeps, its special cases, and a golden hash of its bits, which
 * another compiler, instruction set or constant turns red. */
#include "base/hash.h"
#include "base/math.h"
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Of the expected value, in units of the last place of a float (24) or double (53). */
static double ulps(long double got, long double want, int digits, int exponent_min) {
    int e;
    frexpl(want, &e);
    if (e < exponent_min)
        e = exponent_min;
    return (double)(fabsl(got - want) / ldexpl(1.0L, e - digits));
}

/* Pseudo-random double in [lo, hi). */
static double between(double lo, double hi, uint64_t i) {
    return lo + (hi - lo) * lnr_rng_unit(1, i, 0);
}

static void same_f64(double got, double want) {
    if (want != want)
        assert_true(got != got);
    else
        assert_int_equal(lnr_f64_bits(got), lnr_f64_bits(want));
}

static void expf_is_accurate(void **state) {
    (void)state;
    for (int sign = 0; sign < 2; sign++)
        for (uint32_t u = lnr_f32_bits(0x1p-26f); u <= lnr_f32_bits(88.0f); u += 331) {
            float x = lnr_f32_from_bits(u | (uint32_t)sign << 31);
            if (x < LNR_EXPF_MIN)
                break;
            if (!(ulps(lnr_expf(x), exp((double)x), 24, -125) <= 0.90))
                fail_msg("exp(%a) = %a", (double)x, (double)lnr_expf(x));
        }
}

static void expf_special_cases(void **state) {
    (void)state;
    assert_int_equal(lnr_f32_bits(lnr_expf(0.0f)), lnr_f32_bits(1.0f));
    assert_int_equal(lnr_f32_bits(lnr_expf(-0.0f)), lnr_f32_bits(1.0f));
    assert_int_equal(lnr_f32_bits(lnr_expf(nextafterf(-87.0f, -100.0f))), 0);
    assert_int_equal(lnr_f32_bits(lnr_expf(-INFINITY)), 0);
    assert_int_equal(lnr_f32_bits(lnr_expf(-3e38f)), 0);
    assert_true(lnr_expf(-87.0f) > 0.0f);
    assert_true(isfinite(lnr_expf(88.0f)));
    assert_true(isinf(lnr_expf(nextafterf(88.0f, 100.0f))));
    assert_true(isinf(lnr_expf(INFINITY)));
    assert_true(isinf(lnr_expf(3e38f)));
    assert_true(isnan(lnr_expf(NAN)));
    assert_true(isnan(lnr_expf(-NAN)));
}

static void tanhf_is_accurate(void **state) {
    (void)state;
    for (uint32_t u = lnr_f32_bits(0x1p-30f); u <= lnr_f32_bits(12.0f); u += 331) {
        float x = lnr_f32_from_bits(u), y = lnr_tanhf(x);
        if (!(ulps(y, tanh((double)x), 24, -125) <= 2.95))
            fail_msg("tanh(%a) = %a", (double)x, (double)y);
        assert_int_equal(lnr_f32_bits(lnr_tanhf(-x)), lnr_f32_bits(-y));
    }
}

static void tanhf_special_cases(void **state) {
    (void)state;
    static const float same[] = {0.0f, -0.0f, 0x1p-149f, -0x1p-149f, 0x1p-126f, 0x1p-40f};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_int_equal(lnr_f32_bits(lnr_tanhf(same[i])), lnr_f32_bits(same[i]));
    static const float large[] = {20.0f, 43.6f, 3e38f, INFINITY};
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        assert_true(lnr_tanhf(large[i]) == 1.0f);
        assert_true(lnr_tanhf(-large[i]) == -1.0f);
    }
    assert_true(isnan(lnr_tanhf(NAN)));
}

static void doubles_are_accurate(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 200000; i++) {
        double x = between(i % 2 ? -1 : -708, i % 2 ? 1 : 709, i);
        if (!(ulps(lnr_exp(x), expl(x), 53, -1021) <= 1.0))
            fail_msg("exp(%a)", x);
        double v = i % 2 ? between(0.5, 1.5, i)
                         : ldexp(between(1, 2, i), (int)between(-1074, 1023, i + 7));
        if (!(ulps(lnr_log(v), logl(v), 53, -1021) <= 1.0))
            fail_msg("log(%a)", v);
        double y = between(-500, 500, i + 3);
        double b = i % 4 < 2 ? between(0.5, 2, i) : ldexp(between(1, 2, i), (int)(i % 60) - 30);
        long double p = powl(b, y);
        if (p < 1e308L && p > 2.3e-308L && !(ulps(lnr_pow(b, y), p, 53, -1021) <= 1.0))
            fail_msg("pow(%a, %a)", b, y);
    }
}

/* Around the multiples of pi/2, where the reduction cancels, and up to the documented bound. */
static void circle_is_accurate(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 200000; i++) {
        double x = between(-20, 20, i);
        if (i % 4 == 1)
            x = between(-1e7, 1e7, i);
        if (i % 4 == 2)
            x = between(-LNR_SIN_MAX, LNR_SIN_MAX, i);
        if (i % 4 == 3)
            x = floor(between(0, 1e6, i)) * 1.57079632679489661923;
        if (!(fabsl(lnr_sin(x) - sinl(x)) <= 2e-16L))
            fail_msg("sin(%a) = %a", x, lnr_sin(x));
        if (!(fabsl(lnr_cos(x) - cosl(x)) <= 2e-16L))
            fail_msg("cos(%a) = %a", x, lnr_cos(x));
    }
    assert_true(fabsl(lnr_sin(LNR_SIN_MAX) - sinl(LNR_SIN_MAX)) <= 2e-16L);
}

/* Numerators of pi/2's continued fraction: no other integers below 2^40 come as near to a multiple
 * of it, so sin or cos is as small as 1e-12 there and shows every part of the reduction. */
static void circle_is_accurate_near_zeros(void **state) {
    (void)state;
    static const double near[] = {11,         344,         355,         51819,        52174,
                                  260515,     573204,      4846147,     5419351,      37362253,
                                  42781604,   122925461,   411557987,   534483448,    2549491779,
                                  3083975227, 17969367914, 21053343141, 881156436695, 902209779836};
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
        assert_true(ulps(lnr_sin(near[i]), sinl(near[i]), 53, -1021) <= 1.0);
        assert_true(ulps(lnr_cos(near[i]), cosl(near[i]), 53, -1021) <= 1.0);
    }
}

static void doubles_special_cases(void **state) {
    (void)state;
    const double odd[] = {0.0,     -0.0,       INFINITY,   -INFINITY, NAN,    1.0,      -1.0,
                          0.5,     -0.5,       2.0,        -2.0,      3.0,    -3.0,     0x1p53,
                          -0x1p53, 0x1p53 - 1, 1 - 0x1p53, 1e300,     -1e300, 0x1p-1074};
    const size_t n = sizeof odd / sizeof odd[0];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double want = pow(odd[i], odd[j]);
            if (want == 0 || want != want || isinf(want) || fabs(want) == 1)
                same_f64(lnr_pow(odd[i], odd[j]), want);
        }
        if (!(fabs(odd[i]) < 1000) || odd[i] == 0)
            same_f64(lnr_exp(odd[i]), exp(odd[i]));
        if (!(odd[i] > 0) || odd[i] == 1 || isinf(odd[i]))
            same_f64(lnr_log(odd[i]), log(odd[i]));
    }
    same_f64(lnr_sin(-0.0), -0.0);
    same_f64(lnr_cos(-0.0), 1.0);
    same_f64(lnr_sin(INFINITY), NAN);
    same_f64(lnr_cos(NAN), NAN);
    same_f64(lnr_cos(nextafter(LNR_SIN_MAX, INFINITY)), NAN);
    same_f64(lnr_exp(-746), 0.0);
    same_f64(lnr_exp(710), INFINITY);
    same_f64(lnr_exp(-745), 0x1p-1074);
    assert_true(isfinite(lnr_exp(709.78)));
}

static uint64_t hash_f64(uint64_t h, double x) {
    uint64_t u = lnr_f64_bits(x);
    return lnr_fnv1a64(h, &u, sizeof u);
}

/* The bits are the contract: a change here is a change of LNR_ARITH_VERSION. */
#define GOLDEN_SINGLE 0x436ab683bda4cf28u
#define GOLDEN_REAL   0xe65ff791df61f8a8u
#define GOLDEN_CIRCLE 0x640583c378250d55u

static void bits_are_golden(void **state) {
    (void)state;
    uint64_t single = LNR_FNV1A64_INIT, real = LNR_FNV1A64_INIT, circle = LNR_FNV1A64_INIT;
    /* Many, because the last bit of the smallest coefficient shows in one result of 2^19. */
    for (uint64_t i = 0; i < 3000000; i++) {
        uint32_t u = lnr_f32_bits(lnr_expf((float)between(-87, 87, i)));
        single = (single ^ u) * 0x100000001b3u;
    }
    for (uint64_t i = 0; i < 100000; i++) {
        double x = between(1e-3, 1e3, i);
        real = hash_f64(hash_f64(hash_f64(real, lnr_exp(between(-740, 705, i))), lnr_log(x)),
                        lnr_pow(x, between(-50, 50, i + 1)));
        x = between(-1e7, 1e7, i);
        circle = hash_f64(hash_f64(circle, lnr_sin(x)), lnr_cos(x));
    }
    assert_int_equal(single, GOLDEN_SINGLE);
    assert_int_equal(real, GOLDEN_REAL);
    assert_int_equal(circle, GOLDEN_CIRCLE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expf_is_accurate),
        cmocka_unit_test(expf_special_cases),
        cmocka_unit_test(tanhf_is_accurate),
        cmocka_unit_test(tanhf_special_cases),
        cmocka_unit_test(doubles_are_accurate),
        cmocka_unit_test(circle_is_accurate),
        cmocka_unit_test(circle_is_accurate_near_zeros),
        cmocka_unit_test(doubles_special_cases),
        cmocka_unit_test(bits_are_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
