/* sample/truncate against a full sort, on logits full of ties, signs and zeros. */
#include "sample/truncate.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_MAX 3000u

static candidate item[N_MAX], sorted[N_MAX];
static candidates list = {item, 0, N_MAX};
static truncate_scratch scratch;

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

/* Compared in long double, where the integer sums are exact. */
static void top_p_is_the_smallest_nucleus(void **state) {
    (void)state;
    const float ps[] = {1e-30f, 0.1f, 0.5f, 0.9f, 0.95f, 0x1.fffffep-1f, 1.0f};
    for (uint64_t round = 0; round < 14; round++)
        for (size_t s = 0; s < N_SIZES; s++)
            for (size_t k = 0; k < sizeof ps / sizeof ps[0]; k++) {
                fill_random(SIZES[s], round);
                uint32_t n = take_sorted(), kept = 0;
                long double share = (long double)ps[k] * (long double)candidates_total(&list);
                long double sum = 0;
                do
                    sum += (long double)sorted[kept++].weight;
                while (kept < n && sum < share);
                truncate_top_p(&list, ps[k], &scratch);
                expect_first(ps[k] < 1.0f ? kept : n);
            }
}

static void min_p_compares_with_the_best(void **state) {
    (void)state;
    const float ps[] = {0.0f, 1e-6f, 0.05f, 0.5f, 1.0f};
    for (uint64_t round = 0; round < 14; round++)
        for (size_t s = 0; s < N_SIZES; s++)
            for (size_t k = 0; k < sizeof ps / sizeof ps[0]; k++) {
                fill_random(SIZES[s], round);
                uint32_t n = take_sorted(), kept = 0;
                long double least = (long double)ps[k] * (long double)CANDIDATE_WEIGHT_ONE;
                while (kept < n && (long double)sorted[kept].weight >= least)
                    kept++;
                truncate_min_p(&list, ps[k]);
                expect_first(kept);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(top_k_is_the_head_of_a_sort),
        cmocka_unit_test(top_p_is_the_smallest_nucleus),
        cmocka_unit_test(min_p_compares_with_the_best),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
