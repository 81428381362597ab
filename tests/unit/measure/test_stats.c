/* Medians and intervals against values counted by hand: coins for the median, ranks of two small
 * groups for the ratio. */
#include "measure/stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define expect_near(got, want, within) assert_true(fabs((got) - (want)) <= (within))

#define NEAR 1e-12

static lnr_estimate median(const double *sample, size_t n) {
    lnr_estimate e;
    assert_int_equal(stats_median(sample, n, &e, NULL), LNR_OK);
    return e;
}

static lnr_estimate ratio(const double *a, size_t n_a, const double *b, size_t n_b) {
    lnr_estimate e;
    assert_int_equal(stats_ratio(a, n_a, b, n_b, &e, NULL), LNR_OK);
    return e;
}

static void expect(lnr_estimate e, double value, double low, double high, double coverage) {
    expect_near(e.value, value, NEAR);
    expect_near(e.low, low, NEAR);
    expect_near(e.high, high, NEAR);
    expect_near(e.coverage, coverage, NEAR);
}

static void a_median_lies_between_order_statistics(void **state) {
    (void)state;
    static const double s[9] = {5, 1, 9, 3, 7, 2, 8, 4, 6};
    expect(median(s, 1), 5, 5, 5, 0);
    expect(median(s, 2), 3, 1, 5, 0.5);                /* both on one side: 2 of 4 cases */
    expect(median(s, 3), 5, 1, 9, 0.75);               /* 2 of 8 */
    expect(median(s, 5), 5, 1, 9, 1 - 2.0 / 32);       /* not yet 95 per cent */
    expect(median(s, 6), 4, 1, 9, 1 - 2.0 / 64);       /* from here on it is */
    expect(median(s, 8), 4.5, 1, 9, 1 - 2.0 / 256);    /* (1 + 8) / 256 a side would be too much */
    expect(median(s, 9), 5, 2, 8, 1 - 2.0 * 10 / 512); /* (1 + 9) / 512 a side is not */
}

static void a_ratio_lies_between_ranked_quotients(void **state) {
    (void)state;
    static const double a4[] = {10, 11, 12, 13}, b4[] = {20, 22, 24, 26};
    static const double a5[] = {104, 100, 102, 103, 101},
                        b5[] = {103.3, 107.3, 105.3, 104.3, 106.3};
    /* 4 and 4 samples fall in 70 orders, one of them extreme on either side; two are too many */
    expect(ratio(a4, 4, b4, 4), 2.0, 20.0 / 13, 2.6, 1 - 2.0 / 70);
    /* 5 and 5: 252 orders, of them 1 + 1 + 2 with U = 0, 1, 2; a fifth of U = 3 is too many */
    lnr_estimate e = ratio(a5, 5, b5, 5);
    expect_near(e.coverage, 1 - 2.0 * 4 / 252, NEAR);
    double q[25];
    size_t below = 0, above = 0;
    for (int i = 0; i < 25; i++) {
        q[i] = b5[i % 5] / a5[i / 5];
        below += q[i] < e.low;
        above += q[i] > e.high;
    }
    assert_int_equal(below, 2);
    assert_int_equal(above, 2);
    /* fewer: the widest interval, and it says that it is no 95 per cent */
    expect(ratio(a4, 2, b4, 2), (20.0 / 10 + 22.0 / 11) / 2, 20.0 / 11, 2.2, 1 - 2.0 / 6);
    expect(ratio(a4, 1, b4, 1), 2, 2, 2, 0);
}

static void a_ratio_of_swapped_samples_is_the_inverse(void **state) {
    (void)state;
    static const double a[] = {7, 8, 9, 10, 12, 15}, b[] = {9, 9.5, 11, 14, 16, 17, 18};
    lnr_estimate f = ratio(a, 6, b, 7), g = ratio(b, 7, a, 6);
    expect_near(f.low, 1 / g.high, NEAR);
    expect_near(f.high, 1 / g.low, NEAR);
    expect_near(f.coverage, g.coverage, NEAR);
    assert_true(f.coverage >= 0.95);
}

static void the_largest_number_of_samples_works(void **state) {
    (void)state;
    double a[LNR_SAMPLES_MAX], b[LNR_SAMPLES_MAX];
    for (int i = 0; i < LNR_SAMPLES_MAX; i++) {
        a[i] = 100 + i % 10;
        b[i] = 2 * a[i];
    }
    lnr_estimate e = ratio(a, LNR_SAMPLES_MAX, b, LNR_SAMPLES_MAX);
    assert_true(e.low <= 2 && 2 <= e.high && e.high - e.low < 0.1);
    assert_true(e.coverage >= 0.95 && e.coverage < 0.96);
}

static void what_is_no_sample_is_refused(void **state) {
    (void)state;
    static const double zero[] = {1, 0}, nan[] = {1, 0.0 / 0.0}, fine[] = {1, 2};
    double many[LNR_SAMPLES_MAX + 1] = {0};
    lnr_estimate e;
    assert_int_equal(stats_median(fine, 0, &e, NULL), LNR_E_ARGUMENT);
    assert_int_equal(stats_median(nan, 2, &e, NULL), LNR_E_ARGUMENT);
    assert_int_equal(stats_median(many, LNR_SAMPLES_MAX + 1, &e, NULL), LNR_E_ARGUMENT);
    assert_int_equal(stats_ratio(zero, 2, fine, 2, &e, NULL), LNR_E_ARGUMENT);
    assert_int_equal(stats_ratio(fine, 2, zero, 2, &e, NULL), LNR_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_median_lies_between_order_statistics),
        cmocka_unit_test(a_ratio_lies_between_ranked_quotients),
        cmocka_unit_test(a_ratio_of_swapped_samples_is_the_inverse),
        cmocka_unit_test(the_largest_number_of_samples_works),
        cmocka_unit_test(what_is_no_sample_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
