/* sample/sampler: options, the whole chain against a sorted reference in double written here, the
 * distribution of draws, and that a pick depends on nothing but its arguments. */
#include "sample/sampler.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "sample/candidates.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_BIG 152064u

static lnr_sampler_options OFF;

static float *random_logits(uint32_t n, uint64_t seed, bool ties) {
    float *l = malloc(n * sizeof *l);
    assert_non_null(l);
    for (uint32_t i = 0; i < n; i++) {
        /* a sum of four: a hump like a real vocabulary's, with few likely tokens */
        double u = -2;
        for (uint64_t k = 0; k < 4; k++)
            u += lnr_rng_unit(seed, i, k);
        l[i] = ties ? (float)(int)(u * 4) : (float)(u * 10);
        if (lnr_rng_u64(seed, i, 9) % 10 == 0 && n > 1)
            l[i] = -INFINITY;
    }
    l[n / 2] = 1.0f; /* never all -Inf */
    return l;
}

static sampler *new_sampler(uint32_t n) {
    sampler *s;
    assert_int_equal(sampler_create(n, &s, NULL), LNR_OK);
    return s;
}

static int32_t pick(sampler *s, const lnr_sampler_options *o, const float *l, uint64_t position) {
    int32_t token = -1;
    assert_int_equal(sampler_pick(s, o, l, position, &token, NULL), LNR_OK);
    return token;
}

/* ---- the reference ----------------------------------------------------------------------------
 */

static const float *ref_logits;

static int best_first(const void *pa, const void *pb) {
    int32_t a = *(const int32_t *)pa, b = *(const int32_t *)pb;
    if (ref_logits[a] != ref_logits[b])
        return ref_logits[a] > ref_logits[b] ? -1 : 1;
    return a < b ? -1 : 1;
}

static int ascending(const void *pa, const void *pb) {
    int32_t a = *(const int32_t *)pa, b = *(const int32_t *)pb;
    return a < b ? -1 : a > b;
}

/* How many of ids (best first, n of them) survive. */
static uint32_t ref_survivors(const lnr_sampler_options *o, const int32_t *ids, uint32_t n) {
    double best = (double)ref_logits[ids[0]], total = 0, sum = 0;
    if (o->top_k && o->top_k < n)
        n = o->top_k;
    for (uint32_t i = 0; i < n; i++)
        total += exp((double)ref_logits[ids[i]] - best);
    uint32_t kept = 0;
    while (kept < n && (kept == 0 || o->top_p == 1.0f || sum < (double)o->top_p * total))
        sum += exp((double)ref_logits[ids[kept++]] - best);
    while (exp((double)ref_logits[ids[kept - 1]] - best) < (double)o->min_p)
        kept--;
    return kept;
}

static int32_t ref_pick(const lnr_sampler_options *o, const float *l, uint32_t n,
                        uint64_t position) {
    int32_t *ids = malloc(n * sizeof *ids);
    assert_non_null(ids);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (l[i] != -INFINITY)
            ids[kept++] = (int32_t)i;
    ref_logits = l;
    qsort(ids, kept, sizeof *ids, best_first);
    double best = (double)l[ids[0]], total = 0, t = (double)o->temperature;
    int32_t token = ids[0];
    if (t > 0) {
        kept = ref_survivors(o, ids, kept);
        qsort(ids, kept, sizeof *ids, ascending);
        for (uint32_t i = 0; i < kept; i++)
            total += exp(((double)l[ids[i]] - best) / t);
        double left = total * ldexp((double)(lnr_rng_u64(o->seed, position, 0) >> 11), -53);
        uint32_t i = 0;
        while (i + 1 < kept && left >= exp(((double)l[ids[i]] - best) / t))
            left -= exp(((double)l[ids[i++]] - best) / t);
        token = ids[i];
    }
    free(ids);
    return token;
}

static void compare_options(uint32_t n, const float *l, uint64_t n_positions) {
    static const float TEMPERATURES[] = {0.0f, 0.3f, 1.0f, 2.5f}, TOP_P[] = {1.0f, 0.9f, 0.3f},
                       MIN_P[] = {0.0f, 0.05f, 1.0f};
    static const uint32_t TOP_K[] = {0, 1, 40, 1000000};
    sampler *s = new_sampler(n);
    for (unsigned c = 0; c < 4 * 3 * 3 * 4; c++) {
        lnr_sampler_options o = OFF;
        o.temperature = TEMPERATURES[c % 4];
        o.top_p = TOP_P[c / 4 % 3];
        o.min_p = MIN_P[c / 12 % 3];
        o.top_k = TOP_K[c / 36];
        for (uint64_t at = 0; at < n_positions; at++)
            if (pick(s, &o, l, at) != ref_pick(&o, l, n, at))
                fail_msg("n %u temperature %g top_p %g min_p %g top_k %u position %u", n,
                         (double)o.temperature, (double)o.top_p, (double)o.min_p, o.top_k,
                         (unsigned)at);
    }
    sampler_destroy(s);
}

static void chain_equals_reference(void **state) {
    (void)state;
    const uint32_t sizes[] = {1, 2, 100};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (uint64_t seed = 0; seed < 6; seed++) {
            float *l = random_logits(sizes[i], seed, seed % 2);
            compare_options(sizes[i], l, 8);
            free(l);
        }
}

/* A real vocabulary: the options that differ most, as a full sort costs 20 ms. */
static void chain_equals_reference_big(void **state) {
    (void)state;
    sampler *s = new_sampler(N_BIG);
    for (unsigned c = 0; c < 8; c++) {
        float *l = random_logits(N_BIG, c, c % 2);
        lnr_sampler_options o = OFF;
        o.temperature = 0.8f;
        o.top_k = c & 1 ? 40 : 0;
        o.top_p = c & 2 ? 0.95f : 1.0f;
        o.min_p = c & 4 ? 0.02f : 0.0f;
        assert_int_equal(pick(s, &o, l, c), ref_pick(&o, l, N_BIG, c));
        o.temperature = 0.0f;
        if (c < 2)
            assert_int_equal(pick(s, &o, l, c), ref_pick(&o, l, N_BIG, c));
        free(l);
    }
    sampler_destroy(s);
}

/* ---- properties ---------------------------------------------------------------------------------
 */

/* 100 degrees of freedom or fewer: chi^2 stays below mean + 4 deviations for fixed seeds. */
static void draws_follow_the_probabilities(void **state) {
    (void)state;
    enum { N = 50, DRAWS = 50000 };
    float l[N];
    double p[N], total = 0;
    sampler *s = new_sampler(N);
    for (uint64_t seed = 0; seed < 4; seed++) {
        unsigned count[N] = {0};
        lnr_sampler_options o = OFF;
        o.seed = seed;
        o.temperature = 1.5f;
        total = 0;
        for (uint32_t i = 0; i < N; i++) {
            l[i] = (float)lnr_rng_unit(seed, i, 77) * 4.0f;
            total += p[i] = exp((double)l[i] / 1.5);
        }
        for (uint64_t at = 0; at < DRAWS; at++)
            count[pick(s, &o, l, at)]++;
        double chi = 0;
        for (int i = 0; i < N; i++) {
            double want = DRAWS * p[i] / total;
            chi += ((double)count[i] - want) * ((double)count[i] - want) / want;
        }
        assert_true(chi > 15 && chi < 49 + 4 * sqrt(98));
    }
    sampler_destroy(s);
}

/* The same (seed, position) after other picks, other options and in another sampler. */
static void pick_is_a_function_of_its_arguments(void **state) {
    (void)state;
    float *a = random_logits(1000, 1, false), *b = random_logits(1000, 2, true);
    sampler *s = new_sampler(1000), *fresh = new_sampler(1000);
    lnr_sampler_options o = OFF, other = OFF;
    o.top_p = 0.9f;
    other.top_k = 3;
    other.seed = 99;
    unsigned differ = 0;
    for (uint64_t at = 0; at < 200; at++) {
        int32_t first = pick(s, &o, a, at);
        differ += pick(s, &o, a, at + 1) != first;
        pick(s, &other, b, at);
        assert_int_equal(pick(s, &o, a, at), first);
        assert_int_equal(pick(fresh, &o, a, at), first);
    }
    assert_true(differ > 100); /* the position does matter */
    sampler_destroy(s);
    sampler_destroy(fresh);
    free(a);
    free(b);
}

/* The value that means off gives the token that a step which removes nothing gives. */
static void off_equals_a_step_without_effect(void **state) {
    (void)state;
    float *l = random_logits(500, 3, true);
    sampler *s = new_sampler(500);
    for (uint64_t at = 0; at < 300; at++) {
        lnr_sampler_options o = OFF;
        int32_t want = pick(s, &o, l, at);
        o.top_k = 500;
        assert_int_equal(pick(s, &o, l, at), want);
        o.top_k = UINT32_MAX;
        o.min_p = 1e-30f;
        assert_int_equal(pick(s, &o, l, at), want);
    }
    sampler_destroy(s);
    free(l);
}

static void ties_go_to_the_lower_id(void **state) {
    (void)state;
    const float l[] = {-0.0f, 2.0f, 0.0f, 2.0f, 2.0f};
    sampler *s = new_sampler(5);
    lnr_sampler_options o = OFF;
    o.top_k = 1;
    for (uint64_t at = 0; at < 20; at++)
        assert_int_equal(pick(s, &o, l, at), 1);
    o.temperature = 0.0f;
    assert_int_equal(pick(s, &o, l, 0), 1);
    assert_int_equal(pick(s, &o, (float[]){-0.0f, 0.0f, -1, -1, -1}, 0), 0);
    sampler_destroy(s);
}

static void non_finite_logits_are_an_error(void **state) {
    (void)state;
    sampler *s = new_sampler(3);
    const float bad[][3] = {{0, NAN, 0}, {INFINITY, 0, 0}, {-INFINITY, -INFINITY, -INFINITY}};
    for (int t = 0; t < 2; t++)
        for (size_t i = 0; i < 3; i++) {
            lnr_sampler_options o = OFF;
            o.temperature = (float)t;
            int32_t token = -5;
            lnr_error err;
            assert_int_equal(sampler_pick(s, &o, bad[i], 0, &token, &err), LNR_E_NUMERIC);
            assert_int_equal(token, -5);
            assert_true(strlen(err.text) > 0);
        }
    sampler_destroy(s);
}

static void options_out_of_range_are_refused(void **state) {
    (void)state;
    const float above = nextafterf(1.0f, 2.0f);
    const struct {
        float temperature, top_p, min_p;
        const char *names; /* NULL: valid */
    } cases[] = {
        {0, 1, 0, NULL},           {3e38f, 1e-30f, 1, NULL},   {-0.0f, 1, 0, NULL},
        {-1, 1, 0, "temperature"}, {NAN, 1, 0, "temperature"}, {INFINITY, 1, 0, "temperature"},
        {1, 0, 0, "top_p"},        {1, above, 0, "top_p"},     {1, NAN, 0, "top_p"},
        {1, -0.5f, 0, "top_p"},    {1, 1, -0.1f, "min_p"},     {1, 1, above, "min_p"},
        {1, 1, NAN, "min_p"},      {1, 1, INFINITY, "min_p"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lnr_sampler_options o = OFF;
        o.temperature = cases[i].temperature;
        o.top_p = cases[i].top_p;
        o.min_p = cases[i].min_p;
        lnr_error err;
        lnr_status st = sampler_options_check(&o, &err);
        assert_int_equal(st, cases[i].names ? LNR_E_ARGUMENT : LNR_OK);
        if (cases[i].names)
            assert_int_equal(strncmp(err.text, cases[i].names, strlen(cases[i].names)), 0);
    }
}

static void *count_alloc(size_t bytes, void *user) {
    unsigned *left = user;
    return *left && (*left)-- ? malloc(bytes) : NULL;
}

static void *no_resize(void *p, size_t bytes, void *user) {
    (void)user;
    return realloc(p, bytes);
}

static void count_release(void *p, void *user) {
    (void)user;
    free(p);
}

/* Also proves that a pick allocates nothing: by then the allocator has none left to give. */
static void create_fails_cleanly(void **state) {
    (void)state;
    sampler *s;
    assert_int_equal(sampler_create(0, &s, NULL), LNR_E_UNSUPPORTED);
    assert_int_equal(sampler_create(CANDIDATES_MAX + 1, &s, NULL), LNR_E_UNSUPPORTED);
    assert_null(s);
    sampler_destroy(NULL);
    unsigned left;
    lnr_allocator counting = {count_alloc, no_resize, count_release, &left};
    lnr_allocator_set(&counting);
    for (unsigned n = 0; n <= 2; n++) {
        left = n;
        assert_int_equal(sampler_create(4, &s, NULL), n < 2 ? LNR_E_NOMEM : LNR_OK);
    }
    assert_int_equal(left, 0);
    lnr_sampler_options o = OFF;
    o.top_k = 2;
    o.top_p = 0.5f;
    assert_int_equal(pick(s, &o, (float[]){1, 2, 9, 1}, 0), 2);
    sampler_destroy(s);
    lnr_allocator_set(NULL);
}

int main(void) {
    sampler_options_off(&OFF);
    OFF.seed = 7;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain_equals_reference),
        cmocka_unit_test(chain_equals_reference_big),
        cmocka_unit_test(draws_follow_the_probabilities),
        cmocka_unit_test(pick_is_a_function_of_its_arguments),
        cmocka_unit_test(off_equals_a_step_without_effect),
        cmocka_unit_test(ties_go_to_the_lower_id),
        cmocka_unit_test(non_finite_logits_are_an_error),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(create_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
