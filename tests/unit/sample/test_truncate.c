/* sample/truncate against a full sort, on logits full of ties, signs and zeros. */
#include "sample/truncate.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_MAX 3000u

static candidate item[N_MAX], sorted[N_MAX], saved[N_MAX];
static uint32_t list_n_saved;
static candidates list = {item, 0, N_MAX};
static uint32_t order[2][N_MAX];
static truncate_scratch scratch = {.order = {order[0], order[1]}};

/* Few distinct values in even rounds (ties at every cut), spread over the exponents in odd ones. */
static void fill_random(uint32_t n, uint64_t round) {
    list.n = n;
    for (uint32_t i = 0; i < n; i++) {
        double u = lnr_rng_unit(round, i, 0) - 0.5;
        float l = round % 2 ? (float)(u * 30) : (float)((int)(u * 12)) * 0.5f;
        if (l == 0.0f && i % 2)
            l = -0.0f;
        /* ids have gaps, as after a logit of -Inf */
        item[i] = (candidate){.logit = l, .id = (int32_t)(3 * i)};
    }
    candidates_weigh(&list, 1.0f);
}

static int best_first(const void *pa, const void *pb) {
    const candidate *a = pa, *b = pb;
    if (a->logit != b->logit)
        return a->logit > b->logit ? -1 : 1;
    return a->id < b->id ? -1 : 1;
}

static int by_id(const void *pa, const void *pb) {
    const candidate *a = pa, *b = pb;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* The list must be the first n of sorted, in order of id. */
static void expect_first(uint32_t n) {
    assert_int_equal(list.n, n);
    qsort(sorted, n, sizeof *sorted, by_id);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(list.item[i].id, sorted[i].id);
        assert_true(list.item[i].weight == sorted[i].weight);
    }
}

static uint32_t take_sorted(void) {
    memcpy(sorted, item, list.n * sizeof *item);
    qsort(sorted, list.n, sizeof *sorted, best_first);
    return list.n;
}

static const uint32_t SIZES[] = {1, 2, 3, 17, 100, N_MAX};
#define N_SIZES (sizeof SIZES / sizeof SIZES[0])

static void top_k_is_the_head_of_a_sort(void **state) {
    (void)state;
    for (uint64_t round = 0; round < 14; round++)
        for (size_t s = 0; s < N_SIZES; s++) {
            const uint32_t ks[] = {1, 2, 40, SIZES[s] / 2 + 1, SIZES[s], UINT32_MAX};
            for (size_t k = 0; k < sizeof ks / sizeof ks[0]; k++) {
                fill_random(SIZES[s], round);
                uint32_t n = take_sorted();
                truncate_top_k(&list, ks[k], &scratch);
                expect_first(ks[k] < n ? ks[k] : n);
            }
        }
}

static const uint32_t MIN_KEEP[] = {0, 1, 5, 2000};

static uint32_t at_least(uint32_t kept, uint32_t min_keep) {
    uint32_t n = kept > min_keep ? kept : min_keep;
    return n < list.n ? n : list.n;
}

/* Runs body for every size, 14 kinds of logits and every min_keep. */
typedef void each_body(uint32_t min_keep);

static void each_list(each_body *body) {
    for (uint64_t round = 0; round < 14; round++)
        for (size_t s = 0; s < N_SIZES; s++)
            for (size_t m = 0; m < sizeof MIN_KEEP / sizeof MIN_KEEP[0]; m++) {
                fill_random(SIZES[s], round);
                body(MIN_KEEP[m]);
            }
}

static void refill(void) {
    memcpy(item, saved, list_n_saved * sizeof *item);
    list.n = list_n_saved;
}

static void save(void) {
    list_n_saved = list.n;
    memcpy(saved, item, list.n * sizeof *item);
}

/* Compared in long double, where the integer sums are exact. */
static void check_top_p(uint32_t min_keep) {
    const float ps[] = {1e-30f, 0.1f, 0.5f, 0.9f, 0.95f, 0x1.fffffep-1f, 1.0f};
    save();
    for (size_t k = 0; k < sizeof ps / sizeof ps[0]; k++) {
        refill();
        uint32_t n = take_sorted(), kept = 0;
        long double share = (long double)ps[k] * (long double)candidates_total(&list);
        long double sum = 0;
        do
            sum += (long double)sorted[kept++].weight;
        while (kept < n && sum < share);
        kept = at_least(kept, min_keep);
        truncate_top_p(&list, ps[k], min_keep, &scratch);
        expect_first(ps[k] < 1.0f ? kept : n);
    }
}

static void top_p_is_the_smallest_nucleus(void **state) {
    (void)state;
    each_list(check_top_p);
}

static void check_min_p(uint32_t min_keep) {
    const float ps[] = {0.0f, 1e-6f, 0.05f, 0.5f, 1.0f};
    save();
    for (size_t k = 0; k < sizeof ps / sizeof ps[0]; k++) {
        refill();
        uint32_t n = take_sorted(), kept = 0;
        long double least = (long double)ps[k] * (long double)CANDIDATE_WEIGHT_ONE;
        while (kept < n && (long double)sorted[kept].weight >= least)
            kept++;
        kept = at_least(kept, min_keep);
        truncate_min_p(&list, ps[k], min_keep, &scratch);
        expect_first(kept);
    }
}

static void min_p_compares_with_the_best(void **state) {
    (void)state;
    each_list(check_min_p);
}

static void check_below(uint32_t min_keep) {
    const float floors[] = {-100.0f, -3.0f, -0.0f, 2.5f, 100.0f};
    save();
    for (size_t k = 0; k < sizeof floors / sizeof floors[0]; k++) {
        refill();
        uint32_t n = take_sorted(), kept = 0;
        while (kept < n && sorted[kept].logit >= floors[k])
            kept++;
        kept = at_least(kept > 0 ? kept : 1, min_keep);
        truncate_below(&list, floors[k], min_keep, &scratch);
        expect_first(kept);
    }
}

static void below_keeps_the_best(void **state) {
    (void)state;
    each_list(check_below);
}

/* Trenn and Phenix's definition, in long double on the sorted weights. */
static void check_tail_free(uint32_t min_keep) {
    const float zs[] = {1e-6f, 0.5f, 0.95f, 0.999f};
    static long double bends[N_MAX];
    save();
    for (size_t k = 0; k < sizeof zs / sizeof zs[0]; k++) {
        refill();
        uint32_t n = take_sorted(), kept = n;
        long double total = 0, sum = 0;
        for (uint32_t i = 0; i + 2 < n; i++) {
            long double a = (long double)sorted[i].weight - (long double)sorted[i + 1].weight;
            long double b = (long double)sorted[i + 1].weight - (long double)sorted[i + 2].weight;
            total += bends[i] = a > b ? a - b : b - a;
        }
        for (uint32_t i = 0; i + 2 < n && kept == n; i++) {
            sum += total > 0 ? bends[i] / total : 1.0L / (n - 2);
            if (sum > (long double)zs[k] + 1e-15L)
                kept = i;
        }
        kept = kept == n ? n : at_least(kept > 0 ? kept : 1, min_keep);
        truncate_tail_free(&list, zs[k], min_keep, &scratch);
        expect_first(kept);
    }
}

static void tail_free_cuts_where_the_curve_is_flat(void **state) {
    (void)state;
    each_list(check_tail_free);
}

static double distance[N_MAX]; /* by id / 3 */

static int nearest_first(const void *pa, const void *pb) {
    const candidate *a = pa, *b = pb;
    float da = (float)distance[a->id / 3], db = (float)distance[b->id / 3];
    if (da != db)
        return da < db ? -1 : 1;
    return a->id < b->id ? -1 : 1;
}

/* Meister et al.'s definition with libm's logarithm of the weights as drawn. Where two distances
 * are equal but for rounding any of them may stand at the cut: only the kept mass must be right. */
static void check_typical(uint32_t min_keep) {
    const float ps[] = {0.05f, 0.5f, 0.9f, 0.99f};
    save();
    for (size_t k = 0; k < sizeof ps / sizeof ps[0]; k++) {
        refill();
        uint32_t n = list.n, kept = 0;
        double total = 0, best = (double)candidates_best(&list), entropy = 0;
        for (uint32_t i = 0; i < n; i++)
            total += exp((double)item[i].logit - best);
        for (uint32_t i = 0; i < n; i++) {
            double ln_p = (double)item[i].logit - best - log(total);
            entropy -= exp(ln_p) * ln_p;
        }
        for (uint32_t i = 0; i < n; i++)
            distance[item[i].id / 3] = fabs(entropy + ((double)item[i].logit - best - log(total)));
        memcpy(sorted, item, n * sizeof *item);
        qsort(sorted, n, sizeof *sorted, nearest_first);
        long double share = (long double)ps[k] * (long double)candidates_total(&list), sum = 0;
        do
            sum += (long double)sorted[kept++].weight;
        while (kept < n && sum < share);
        kept = at_least(kept, min_keep);
        double worst = kept < n ? distance[sorted[kept - 1].id / 3] : 1e9;
        truncate_typical(&list, ps[k], 1.0f, min_keep, &scratch);
        assert_true(list.n >= (min_keep < n ? min_keep : n));
        for (uint32_t i = 0; i < list.n; i++)
            assert_true(distance[item[i].id / 3] <= worst * (1 + 1e-6) + 1e-6);
        uint32_t n_sure = 0, n_found = 0;
        for (uint32_t i = 0; i < kept; i++)
            n_sure += distance[sorted[i].id / 3] < worst * (1 - 1e-6) - 1e-6;
        for (uint32_t i = 0; i < list.n; i++)
            n_found += distance[item[i].id / 3] < worst * (1 - 1e-6) - 1e-6;
        assert_int_equal(n_sure, n_found);
        sum = (long double)candidates_total(&list);
        assert_true(sum >= share || list.n == n);
    }
}

static void typical_keeps_what_surprises_as_expected(void **state) {
    (void)state;
    each_list(check_typical);
}

static void check_top_choices(uint32_t min_keep) {
    const float ts[] = {0.0f, 0.001f, 0.05f, 0.2f, 0.5f};
    save();
    for (size_t k = 0; k < sizeof ts / sizeof ts[0]; k++) {
        refill();
        uint32_t n = take_sorted(), n_likely = 0;
        long double least = (long double)ts[k] * (long double)candidates_total(&list);
        while (n_likely < n && (long double)sorted[n_likely].weight >= least)
            n_likely++;
        uint32_t n_gone = n_likely > 1 ? n_likely - 1 : 0;
        if (n - n_gone < min_keep)
            n_gone = 0;
        truncate_top_choices(&list, ts[k], min_keep);
        memmove(sorted, sorted + n_gone, (n - n_gone) * sizeof *sorted);
        expect_first(n - n_gone);
    }
}

static void top_choices_leave_the_last_of_them(void **state) {
    (void)state;
    each_list(check_top_choices);
}

static void sorting_is_by_logit_then_id(void **state) {
    (void)state;
    for (uint64_t round = 0; round < 14; round++) {
        fill_random(N_MAX, round);
        uint32_t n = take_sorted();
        candidates_sort(&list, &scratch);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(item[order[0][i]].id, sorted[i].id);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(top_k_is_the_head_of_a_sort),
        cmocka_unit_test(top_p_is_the_smallest_nucleus),
        cmocka_unit_test(min_p_compares_with_the_best),
        cmocka_unit_test(below_keeps_the_best),
        cmocka_unit_test(tail_free_cuts_where_the_curve_is_flat),
        cmocka_unit_test(typical_keeps_what_surprises_as_expected),
        cmocka_unit_test(top_choices_leave_the_last_of_them),
        cmocka_unit_test(sorting_is_by_logit_then_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
