/* sample/logit_row: what is read after edits, the searches by block against plain loops, sums
 * against double, and that every level of kernels gives the same bits. */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint32_t SIZES[] = {1, 2, 63, 64, 65, 130, 5000};
#define N_SIZES (sizeof SIZES / sizeof SIZES[0])

static uint64_t bin[ORDER_BINS];

/* A row with n_edits random edits, and the same in plain. */
typedef struct fixture {
    logit_row row;
    float *logits, *plain;
    candidates list;
} fixture;

static void make(fixture *f, uint32_t n, uint64_t seed, uint32_t n_edits, uint32_t features) {
    logit_ops ops = ops_of(features);
    assert_int_equal(logit_row_init(&f->row, n, &ops, NULL), LNR_OK);
    f->logits = random_logits(n, seed, seed % 2);
    f->plain = malloc(n * sizeof *f->plain);
    f->list = (candidates){malloc(n * sizeof(candidate)), 0, n};
    assert_int_equal(logit_row_begin(&f->row, f->logits, f->logits[0] > 0, NULL), LNR_OK);
    memcpy(f->plain, f->logits, n * sizeof *f->plain);
    for (uint32_t e = 0; e < n_edits; e++) {
        uint32_t id = (uint32_t)(lnr_rng_u64(seed, 50, e) % n);
        float value = id == n / 2                         ? 2.0f
                      : lnr_rng_u64(seed, 51, e) % 4 == 0 ? -INFINITY
                                                          : (float)lnr_rng_unit(seed, 52, e) * 9;
        *logit_row_edit(&f->row, id) = f->plain[id] = value;
        if (e % 3 == 0)
            (void)logit_row_best(&f->row, &value); /* settles in between */
    }
}

static void drop(fixture *f) {
    logit_row_deinit(&f->row);
    free(f->logits);
    free(f->plain);
    free(f->list.item);
}

typedef void each_body(fixture *f, uint32_t n);

static void each_row(each_body *body) {
    for (size_t s = 0; s < N_SIZES; s++)
        for (uint64_t seed = 0; seed < 6; seed++)
            for (uint32_t n_edits = 0; n_edits < 40; n_edits += 13) {
                fixture f;
                float *before = random_logits(SIZES[s], seed, seed % 2);
                make(&f, SIZES[s], seed, n_edits, seed % 3 ? lnr_cpu_features() : 0);
                body(&f, SIZES[s]);
                assert_memory_equal(before, f.logits, SIZES[s] * sizeof *before);
                drop(&f);
                free(before);
            }
}

static void check_best(fixture *f, uint32_t n) {
    uint32_t best = 0;
    float logit;
    for (uint32_t i = 1; i < n; i++)
        best = f->plain[i] > f->plain[best] ? i : best;
    assert_int_equal(logit_row_best(&f->row, &logit), best);
    assert_true(logit == f->plain[best]);
    for (uint32_t i = 0; i < n; i++)
        assert_true(logit_row_get(&f->row, i) == f->plain[i]);
}

static void the_best_is_the_first_of_the_largest(void **state) {
    (void)state;
    each_row(check_best);
}

static void check_gather(fixture *f, uint32_t n) {
    const float floors[] = {-INFINITY, NAN, -2.0f, 0.0f, 1.0f, 100.0f};
    for (size_t k = 0; k < sizeof floors / sizeof floors[0]; k++) {
        uint32_t at = 0;
        float floor = isnan(floors[k]) ? -INFINITY : floors[k];
        logit_row_gather(&f->row, floors[k], &f->list);
        for (uint32_t i = 0; i < n; i++)
            if (f->plain[i] >= floor && f->plain[i] > -INFINITY) {
                assert_true(at < f->list.n);
                assert_int_equal(f->list.item[at].id, i);
                assert_true(f->list.item[at++].logit == f->plain[i]);
            }
        assert_int_equal(at, f->list.n);
        if (logit_row_has(&f->row, floor, 3) && floor > -INFINITY)
            assert_true(at >= 3);
    }
}

static void gathering_takes_what_reaches_the_floor(void **state) {
    (void)state;
    each_row(check_gather);
}

static void check_floor(fixture *f, uint32_t n) {
    uint32_t n_possible = 0;
    for (uint32_t i = 0; i < n; i++)
        n_possible += f->plain[i] > -INFINITY;
    for (uint32_t k = 1; k < n + 2; k = k * 2 + 1) {
        logit_row_gather(&f->row, logit_row_floor_of_top(&f->row, k, bin), &f->list);
        assert_true(f->list.n >= (k < n_possible ? k : n_possible));
    }
}

static void the_floor_lets_the_top_through(void **state) {
    (void)state;
    each_row(check_floor);
}

/* It would be of no use if it let everything through. */
static void the_floor_is_high(void **state) {
    (void)state;
    fixture f;
    make(&f, 152064, 4, 40, lnr_cpu_features());
    logit_row_gather(&f.row, logit_row_floor_of_top(&f.row, 40, bin), &f.list);
    assert_true(f.list.n >= 40 && f.list.n < 100);
    drop(&f);
}

static void check_sums(fixture *f, uint32_t n) {
    double sum = 0, squares = 0, exps = 0, count = 0;
    float best;
    (void)logit_row_best(&f->row, &best);
    for (uint32_t i = 0; i < n; i++)
        if (f->plain[i] > -INFINITY) {
            sum += (double)f->plain[i];
            squares += (double)f->plain[i] * (double)f->plain[i];
            exps += exp(((double)f->plain[i] - (double)best) / 0.7);
            count++;
        }
    double mean = sum / count, variance = squares / count - mean * mean;
    assert_true(fabs(logit_row_deviation(&f->row) - sqrt(variance > 0 ? variance : 0)) < 2e-3);
    assert_true(fabs(logit_row_exp_sum(&f->row, best, 0.7f) - exps) < 2e-6 * exps);
}

static void sums_agree_with_double(void **state) {
    (void)state;
    each_row(check_sums);
}

static void every_level_gives_the_same_bits(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        fixture a, b;
        float best_a, best_b;
        make(&a, 5003, seed, 30, 0);
        make(&b, 5003, seed, 30, lnr_cpu_features());
        assert_int_equal(logit_row_best(&a.row, &best_a), logit_row_best(&b.row, &best_b));
        assert_true(logit_row_deviation(&a.row) == logit_row_deviation(&b.row));
        assert_true(logit_row_exp_sum(&a.row, best_a, 0.3f) ==
                    logit_row_exp_sum(&b.row, best_b, 0.3f));
        assert_memory_equal(a.row.max, b.row.max, a.row.n_blocks * sizeof(float));
        drop(&a);
        drop(&b);
    }
}

/* Edits of one row are gone in the next, and order does not matter. */
static void a_new_row_begins_unedited(void **state) {
    (void)state;
    fixture f;
    float best;
    make(&f, 300, 2, 100, 0);
    assert_int_equal(logit_row_begin(&f.row, f.logits, true, NULL), LNR_OK);
    memcpy(f.plain, f.logits, 300 * sizeof(float));
    check_best(&f, 300);
    *logit_row_edit(&f.row, 299) = 50.0f;
    *logit_row_edit(&f.row, 0) = 50.0f;
    assert_int_equal(logit_row_best(&f.row, &best), 0);
    for (uint32_t i = 0; i < 300; i++)
        *logit_row_edit(&f.row, i) = -INFINITY;
    assert_int_equal(logit_row_best(&f.row, &best), -1);
    drop(&f);
}

static void what_is_no_number_is_refused(void **state) {
    (void)state;
    logit_row v;
    logit_ops ops = ops_of(lnr_cpu_features());
    lnr_error err;
    float l[100] = {0};
    assert_int_equal(logit_row_init(&v, 100, &ops, NULL), LNR_OK);
    l[77] = NAN;
    assert_int_equal(logit_row_begin(&v, l, false, &err), LNR_E_NUMERIC);
    assert_non_null(strstr(err.text, "token 77 is NaN"));
    l[77] = 0;
    l[99] = INFINITY;
    assert_int_equal(logit_row_begin(&v, l, false, &err), LNR_E_NUMERIC);
    assert_non_null(strstr(err.text, "token 99 is +Inf"));
    for (int i = 0; i < 100; i++)
        l[i] = -INFINITY;
    assert_int_equal(logit_row_begin(&v, l, false, &err), LNR_E_NUMERIC);
    assert_non_null(strstr(err.text, "all 100 tokens"));
    logit_row_deinit(&v);
}

static void order_keys_are_in_order(void **state) {
    (void)state;
    const float x[] = {-INFINITY, -3e38f, -1.5f, -1e-45f, 0.0f, 1e-45f, 1.5f, 3e38f, INFINITY};
    for (size_t i = 1; i < sizeof x / sizeof x[0]; i++) {
        assert_true(order_key(x[i - 1]) < order_key(x[i]));
        assert_true(order_value(order_key(x[i])) == x[i]);
    }
    assert_true(order_key(-0.0f) == order_key(0.0f));
    assert_true(order_float_above(0.1) >= 0.1f && (double)order_float_above(0.1) >= 0.1);
    assert_true((double)nextafterf(order_float_above(0.1), 0) < 0.1);
    assert_true((double)order_float_above(-0.1) >= -0.1);
    assert_true((double)nextafterf(order_float_above(-0.1), -1) < -0.1);
    assert_true(order_float_above(-2.0) == -2.0f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_is_the_first_of_the_largest),
        cmocka_unit_test(gathering_takes_what_reaches_the_floor),
        cmocka_unit_test(the_floor_lets_the_top_through),
        cmocka_unit_test(the_floor_is_high),
        cmocka_unit_test(sums_agree_with_double),
        cmocka_unit_test(every_level_gives_the_same_bits),
        cmocka_unit_test(a_new_row_begins_unedited),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(order_keys_are_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
