/* sample/sampler: the whole chain, in any order, against a sorted reference in double written here;
 * the distribution of draws; log probabilities; and that a pick depends on nothing but its
 * arguments. */
#include "sample/sampler.h"

#include "base/alloc.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define N_BIG     152064u
#define N_HISTORY 64u

static int32_t past[N_HISTORY]; /* the tokens before every pick, below n / 2 + 1 */

static lnr_sampler_options off(void) {
    lnr_sampler_options o;
    sampler_options_off(&o);
    o.seed = 7;
    return o;
}

static sampler *new_sampler_of(uint32_t n, uint32_t features) {
    logit_ops ops = ops_of(features);
    sampler *s;
    assert_int_equal(sampler_create(n, N_HISTORY, &ops, &s, NULL), LNR_OK);
    return s;
}

static sampler *new_sampler(uint32_t n) {
    return new_sampler_of(n, lnr_cpu_features());
}

static sampler_config config_of(const lnr_sampler_options *o, uint32_t n) {
    sampler_config c;
    lnr_error err;
    if (sampler_config_init(&c, o, n, &err) != LNR_OK)
        fail_msg("%s", err.text);
    return c;
}

static void fill_past(uint32_t n) {
    for (uint32_t i = 0; i < N_HISTORY; i++)
        past[i] = (int32_t)(lnr_rng_u64(5, 5, i) % 7 % (n / 2 + 1));
}

/* The position is the length of the history. */
static int32_t pick_with(sampler *s, const sampler_config *c, const float *l, uint32_t position) {
    sampler_result out = {.token = -1};
    sampler_state state;
    lnr_error err;
    sampler_state_init(&state, c);
    sampler_input in = {.logits = l, .history = {past, NULL, position, 0}};
    if (sampler_pick(s, c, &in, &state, &out, &err) != LNR_OK)
        fail_msg("%s", err.text);
    return out.token;
}

static int32_t pick(sampler *s, const lnr_sampler_options *o, uint32_t n, const float *l,
                    uint32_t position) {
    sampler_config c = config_of(o, n);
    int32_t token = pick_with(s, &c, l, position);
    sampler_config_deinit(&c);
    return token;
}

/* ---- the reference ----------------------------------------------------------------------------
 */

typedef struct ref {
    int32_t id;
    double x; /* logit, temperature applied */
    double p; /* probability among those left */
} ref;

static int best_first(const void *pa, const void *pb) {
    const ref *a = pa, *b = pb;
    if (a->x != b->x)
        return a->x > b->x ? -1 : 1;
    return a->id < b->id ? -1 : 1;
}

static int by_id(const void *pa, const void *pb) {
    const ref *a = pa, *b = pb;
    return a->id < b->id ? -1 : 1;
}

static double ref_entropy;

static int nearest_first(const void *pa, const void *pb) {
    const ref *a = pa, *b = pb;
    double da = fabs(-log(a->p) - ref_entropy), db = fabs(-log(b->p) - ref_entropy);
    if (fabs(da - db) > 1e-9)
        return da < db ? -1 : 1;
    return a->id < b->id ? -1 : 1;
}

/* Sorts, and gives every one its probability. */
static void ref_softmax(ref *r, uint32_t n) {
    double total = 0;
    qsort(r, n, sizeof *r, best_first);
    for (uint32_t i = 0; i < n; i++)
        total += r[i].p = exp(r[i].x - r[0].x);
    ref_entropy = 0;
    for (uint32_t i = 0; i < n; i++) {
        r[i].p /= total;
        ref_entropy -= r[i].p > 0 ? r[i].p * log(r[i].p) : 0;
    }
}

static uint32_t ref_reach(const ref *r, uint32_t n, double p) {
    uint32_t kept = 0;
    double sum = 0;
    do
        sum += r[kept++].p;
    while (kept < n && sum < p);
    return kept;
}

static uint32_t ref_tail_free(const ref *r, uint32_t n, double z) {
    double total = 0, sum = 0;
    for (uint32_t i = 0; i + 2 < n; i++)
        total += fabs(r[i].p - 2 * r[i + 1].p + r[i + 2].p);
    for (uint32_t i = 0; i + 2 < n; i++) {
        sum += total > 0 ? fabs(r[i].p - 2 * r[i + 1].p + r[i + 2].p) / total : 1.0 / (n - 2);
        if (sum > z)
            return i > 0 ? i : 1;
    }
    return n;
}

static uint32_t ref_xtc(const lnr_sampler_options *o, ref *r, uint32_t n, uint64_t position) {
    uint32_t likely = 0;
    if (ldexp((double)(lnr_rng_u64(o->seed, position, 1) >> 11), -53) >= (double)o->xtc_probability)
        return n;
    while (likely < n && r[likely].p >= (double)o->xtc_threshold)
        likely++;
    if (likely < 2)
        return n;
    memmove(r, r + likely - 1, (n - likely + 1) * sizeof *r);
    return n - likely + 1;
}

static uint32_t ref_top_n_sigma(const lnr_sampler_options *o, const ref *r, uint32_t n) {
    double mean = 0, squares = 0;
    for (uint32_t i = 0; i < n; i++)
        mean += r[i].x / n;
    for (uint32_t i = 0; i < n; i++)
        squares += (r[i].x - mean) * (r[i].x - mean) / n;
    double least = r[0].x - (double)o->top_n_sigma * sqrt(squares) - 1e-9;
    uint32_t kept = 1;
    while (kept < n && r[kept].x >= least)
        kept++;
    return kept;
}

static void ref_penalties(const lnr_sampler_options *o, ref *r, uint32_t n, uint32_t position) {
    uint32_t window = (uint32_t)o->penalty_last_n;
    for (uint32_t k = 0; k < n; k++) {
        unsigned count = 0;
        for (uint32_t i = position > window ? position - window : 0; i < position; i++)
            count += past[i] == r[k].id;
        if (count == 0)
            continue;
        r[k].x =
            r[k].x > 0 ? r[k].x / (double)o->repeat_penalty : r[k].x * (double)o->repeat_penalty;
        /* as float, because ties may come of it */
        r[k].x = (double)(float)(r[k].x - count * (double)o->frequency_penalty -
                                 (double)o->presence_penalty);
    }
}

static void ref_temperature(const lnr_sampler_options *o, ref *r, uint32_t n) {
    double t = (double)o->temperature;
    if (o->dynatemp_range > 0 && n > 1) {
        double low = fmax(0, t - (double)o->dynatemp_range), high = t + (double)o->dynatemp_range;
        t = low + (high - low) * pow(fmin(1, ref_entropy / log(n)), (double)o->dynatemp_exponent);
    }
    for (uint32_t i = 0; i < n; i++)
        r[i].x /= t;
}

static uint32_t ref_step(const lnr_sampler_options *o, sample_step step, ref *r, uint32_t n,
                         uint32_t position) {
    uint32_t kept = n;
    ref_softmax(r, n);
    switch (step) {
    case SAMPLE_PENALTIES:
        ref_penalties(o, r, n, position);
        break;
    case SAMPLE_TOP_N_SIGMA:
        kept = ref_top_n_sigma(o, r, n);
        break;
    case SAMPLE_TOP_K:
        kept = o->top_k < n ? o->top_k : n;
        break;
    case SAMPLE_TFS:
        kept = ref_tail_free(r, n, (double)o->tfs_z);
        break;
    case SAMPLE_TYPICAL:
        qsort(r, n, sizeof *r, nearest_first);
        kept = ref_reach(r, n, (double)o->typical_p);
        break;
    case SAMPLE_TOP_P:
        kept = ref_reach(r, n, (double)o->top_p);
        break;
    case SAMPLE_MIN_P:
        while (kept > 1 && r[kept - 1].p < (double)o->min_p * r[0].p)
            kept--;
        break;
    case SAMPLE_XTC:
        kept = ref_xtc(o, r, n, position);
        break;
    case SAMPLE_TEMPERATURE:
        ref_temperature(o, r, n);
        break;
    default:
        fail_msg("not in the reference");
    }
    return kept;
}

static int32_t ref_pick(const sampler_config *c, const float *l, uint32_t n, uint32_t position) {
    ref *r = malloc(n * sizeof *r);
    assert_non_null(r);
    uint32_t kept = 0, i = 0;
    for (uint32_t k = 0; k < n; k++)
        if (l[k] != -INFINITY)
            r[kept++] = (ref){(int32_t)k, (double)l[k], 0};
    for (uint32_t k = 0; k < c->n_chain; k++)
        kept = ref_step(&c->o, c->chain[k], r, kept, position);
    ref_softmax(r, kept);
    int32_t token = r[0].id;
    if (c->o.temperature > 0) {
        qsort(r, kept, sizeof *r, by_id);
        double left = ldexp((double)(lnr_rng_u64(c->o.seed, position, 0) >> 11), -53);
        while (i + 1 < kept && left >= r[i].p)
            left -= r[i++].p;
        token = r[i].id;
    }
    free(r);
    return token;
}

/* ---- chains against it --------------------------------------------------------------------------
 */

static lnr_sampler_options random_options(uint64_t round) {
#define ONE_OF(draw, ...)                                                                          \
    (const float[]){__VA_ARGS__}[lnr_rng_u64(round, 90, draw) %                                    \
                                 (sizeof((const float[]){__VA_ARGS__}) / sizeof(float))]
    lnr_sampler_options o = off();
    o.temperature = ONE_OF(0, 0, 0.3f, 1, 1, 2.5f);
    o.top_k = (uint32_t)ONE_OF(1, 0, 0, 1, 5, 40, 1000);
    o.top_p = ONE_OF(2, 1, 1, 0.9f, 0.3f);
    o.min_p = ONE_OF(3, 0, 0, 0.05f, 1);
    o.top_n_sigma = ONE_OF(4, 0, 0, 0.5f, 2, 4);
    o.tfs_z = ONE_OF(5, 1, 1, 0.9f, 0.99f);
    o.typical_p = ONE_OF(6, 1, 1, 0.9f, 0.5f);
    o.xtc_probability = ONE_OF(7, 0, 0, 0.5f, 1);
    o.xtc_threshold = ONE_OF(8, 0.02f, 0.1f, 0.4f);
    o.dynatemp_range = o.temperature > 0 ? ONE_OF(9, 0, 0, 0.2f) : 0;
    o.dynatemp_exponent = ONE_OF(10, 1, 2);
    o.repeat_penalty = ONE_OF(11, 1, 1.2f, 0.8f);
    o.frequency_penalty = ONE_OF(12, 0, 0.25f);
    o.presence_penalty = ONE_OF(13, 0, -0.5f);
    o.penalty_last_n = (int32_t)ONE_OF(14, 3, 16, 64);
    return o;
}

/* The steps of the reference in a random order. */
static void random_order(uint64_t round, const char **names, size_t *n) {
    *n = 0;
    for (const char *const *name = sample_step_names(); *name; name++)
        if (strcmp(*name, "dry") != 0)
            names[(*n)++] = *name;
    for (size_t i = *n - 1; i > 0; i--) {
        size_t j = lnr_rng_u64(round, 91, i) % (i + 1);
        const char *name = names[i];
        names[i] = names[j];
        names[j] = name;
    }
}

static void compare(sampler *s, uint32_t n, uint64_t n_rounds, bool orders, unsigned *n_differ) {
    fill_past(n);
    for (uint64_t round = 0; round < n_rounds; round++) {
        const char *names[SAMPLE_STEPS];
        lnr_sampler_options o = random_options(round);
        float *l = random_logits(n, round % 16, round % 2);
        if (orders) {
            random_order(round, names, &o.n_samplers);
            o.samplers = names;
        }
        sampler_config c = config_of(&o, n);
        for (uint32_t at = 0; at < 6; at++)
            if (pick_with(s, &c, l, at * 11) != ref_pick(&c, l, n, at * 11))
                (*n_differ)++;
        sampler_config_deinit(&c);
        free(l);
    }
}

/* The reference rounds otherwise: where a sum hits a limit within rounding (rows of few values make
 * that likely), or two typical distances are the same, a cut may differ by one token. */
static void chain_equals_reference(void **state) {
    (void)state;
    const uint32_t sizes[] = {1, 2, 100, 300};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        sampler *s = new_sampler(sizes[i]);
        unsigned differ = 0;
        compare(s, sizes[i], 200, false, &differ);
        compare(s, sizes[i], 200, true, &differ);
        if (differ > 1)
            fail_msg("%u of 2400 picks from %u tokens differ", differ, sizes[i]);
        sampler_destroy(s);
    }
}

/* A real vocabulary: fewer, as a full sort costs 20 ms. */
static void chain_equals_reference_big(void **state) {
    (void)state;
    sampler *s = new_sampler(N_BIG);
    fill_past(N_BIG);
    for (unsigned k = 0; k < 8; k += 1 + k % 2) {
        float *l = random_logits(N_BIG, k, k % 2);
        lnr_sampler_options o = off();
        o.temperature = 0.8f;
        o.repeat_penalty = 1.3f;
        o.top_n_sigma = k & 4 ? 3.0f : 0.0f;
        o.top_k = k & 1 ? 40 : 0;
        o.top_p = k & 2 ? 0.95f : 1.0f;
        o.min_p = k & 4 ? 0.02f : 0.0f;
        sampler_config c = config_of(&o, N_BIG);
        assert_int_equal(pick_with(s, &c, l, k), ref_pick(&c, l, N_BIG, k));
        sampler_config_deinit(&c);
        free(l);
    }
    sampler_destroy(s);
}

static void every_level_picks_the_same(void **state) {
    (void)state;
    sampler *a = new_sampler_of(1000, 0), *b = new_sampler(1000);
    fill_past(1000);
    for (uint64_t round = 0; round < 200; round++) {
        lnr_sampler_options o = random_options(round);
        o.mirostat = (uint32_t)(round % 4 == 0 ? round % 3 : 0);
        float *l = random_logits(1000, round, round % 2);
        assert_int_equal(pick(a, &o, 1000, l, 20), pick(b, &o, 1000, l, 20));
        free(l);
    }
    sampler_destroy(a);
    sampler_destroy(b);
}

/* ---- properties ---------------------------------------------------------------------------------
 */

/* 49 degrees of freedom: chi^2 stays below mean + 4 deviations for fixed seeds. */
static void draws_follow_the_probabilities(void **state) {
    (void)state;
    enum { N = 50, DRAWS = 20000 };
    float l[N];
    double p[N], total = 0;
    sampler *s = new_sampler(N);
    for (uint64_t seed = 0; seed < 4; seed++) {
        unsigned count[N] = {0};
        lnr_sampler_options o = off();
        total = 0;
        for (uint32_t i = 0; i < N; i++) {
            l[i] = (float)lnr_rng_unit(seed, i, 77) * 4.0f;
            total += p[i] = exp((double)l[i] / 1.5);
        }
        o.temperature = 1.5f;
        sampler_config c = config_of(&o, N);
        for (uint32_t at = 0; at < DRAWS; at++) {
            c.o.seed = seed * DRAWS + at;
            count[pick_with(s, &c, l, 3)]++;
        }
        sampler_config_deinit(&c);
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
    lnr_sampler_options o = off(), other = off();
    fill_past(1000);
    o.top_p = 0.9f;
    o.repeat_penalty = 1.5f;
    other.top_k = 3;
    other.seed = 99;
    other.presence_penalty = 3;
    unsigned differ = 0;
    for (uint32_t at = 0; at < N_HISTORY; at++) {
        int32_t first = pick(s, &o, 1000, a, at);
        differ += pick(s, &o, 1000, a, (at + 1) % N_HISTORY) != first;
        pick(s, &other, 1000, b, at);
        assert_int_equal(pick(s, &o, 1000, a, at), first);
        assert_int_equal(pick(fresh, &o, 1000, a, at), first);
    }
    assert_true(differ > 30); /* the position does matter */
    sampler_destroy(s);
    sampler_destroy(fresh);
    free(a);
    free(b);
}

/* A step at the value that means off, and one that is so weak that it removes nothing. */
static void off_equals_a_step_without_effect(void **state) {
    (void)state;
    float *l = random_logits(500, 3, true);
    sampler *s = new_sampler(500);
    fill_past(500);
    for (uint32_t at = 0; at < N_HISTORY; at++) {
        lnr_sampler_options o = off();
        int32_t want = pick(s, &o, 500, l, at);
        o.top_k = 500;
        assert_int_equal(pick(s, &o, 500, l, at), want);
        o.top_k = UINT32_MAX;
        o.min_p = 1e-30f;
        o.top_n_sigma = 1e9f;
        o.xtc_probability = 1e-30f;
        o.frequency_penalty = 1e-30f;
        assert_int_equal(pick(s, &o, 500, l, at), want);
        o.min_keep = 500;
        o.top_p = o.tfs_z = o.typical_p = 0.01f;
        assert_int_equal(pick(s, &o, 500, l, at), want);
        const char *const none[] = {"temperature"};
        o = off();
        o.top_k = 1; /* not in the chain */
        o.samplers = none;
        o.n_samplers = 1;
        assert_int_equal(pick(s, &o, 500, l, at), want);
    }
    sampler_destroy(s);
    free(l);
}

static void ties_go_to_the_lower_id(void **state) {
    (void)state;
    const float l[] = {-0.0f, 2.0f, 0.0f, 2.0f, 2.0f};
    sampler *s = new_sampler(5);
    lnr_sampler_options o = off();
    o.top_k = 1;
    for (uint32_t at = 0; at < 20; at++)
        assert_int_equal(pick(s, &o, 5, l, at), 1);
    o.temperature = 0.0f;
    assert_int_equal(pick(s, &o, 5, l, 0), 1);
    assert_int_equal(pick(s, &o, 5, (float[]){-0.0f, 0.0f, -1, -1, -1}, 0), 0);
    sampler_destroy(s);
}

/* Bias, bans and penalties count for the greedy choice too; a ban counts in every chain. */
static void bias_and_bans(void **state) {
    (void)state;
    const float l[] = {1.0f, 5.0f, 4.0f, 3.0f};
    const lnr_logit_bias ban = {1, -INFINITY}, up[] = {{3, 1.5f}, {3, 1.5f}};
    const int32_t banned[] = {1, 2};
    sampler *s = new_sampler(4);
    lnr_sampler_options o = off();
    lnr_error err;
    o.temperature = 0;
    assert_int_equal(pick(s, &o, 4, l, 0), 1);
    o.logit_bias = &ban;
    o.n_logit_bias = 1;
    assert_int_equal(pick(s, &o, 4, l, 0), 2);
    o.logit_bias = up;
    o.n_logit_bias = 2; /* they add up */
    assert_int_equal(pick(s, &o, 4, l, 0), 3);
    for (int t = 0; t < 2; t++) {
        o = off();
        o.temperature = (float)t;
        o.top_k = 1;
        sampler_config c = config_of(&o, 4);
        sampler_state st = {0};
        sampler_result out;
        sampler_input in = {.logits = l, .history = {past, NULL, 0, 0}, .banned = banned};
        in.n_banned = 2;
        assert_int_equal(sampler_pick(s, &c, &in, &st, &out, &err), LNR_OK);
        assert_int_equal(out.token, 3);
        sampler_config_deinit(&c);
    }
    past[0] = 1;
    past[1] = 2;
    o = off();
    o.temperature = 0;
    o.presence_penalty = 3;
    assert_int_equal(pick(s, &o, 4, l, 2), 3);
    o.presence_penalty = 0;
    o.no_repeat_ngram = 1;
    assert_int_equal(pick(s, &o, 4, l, 2), 3);
    const lnr_logit_bias all[] = {{0, -INFINITY}, {1, -INFINITY}, {2, -INFINITY}, {3, -INFINITY}};
    o = off();
    o.logit_bias = all;
    o.n_logit_bias = 4;
    sampler_config c = config_of(&o, 4);
    sampler_state st = {0};
    sampler_result out;
    assert_int_equal(sampler_pick(s, &c, &(sampler_input){.logits = l}, &st, &out, &err),
                     LNR_E_NUMERIC);
    assert_non_null(strstr(err.text, "no token may be chosen"));
    sampler_config_deinit(&c);
    sampler_destroy(s);
}

/* Of the row as it came: bias, temperature and truncation do not show. */
static void logprobs_are_the_models(void **state) {
    (void)state;
    const uint32_t sizes[] = {1, 3, 700, 20000};
    for (size_t i = 0; i < 4; i++) {
        uint32_t n = sizes[i];
        sampler *s = new_sampler(n);
        for (uint64_t seed = 0; seed < 4; seed++) {
            float *l = random_logits(n, seed, seed % 2);
            ref *r = malloc(n * sizeof *r);
            lnr_sampler_options o = random_options(seed);
            const lnr_logit_bias bias = {0, 3.0f};
            o.logit_bias = &bias;
            o.n_logit_bias = 1;
            fill_past(n);
            sampler_config c = config_of(&o, n);
            sampler_state st = {0};
            sampler_result out;
            sampler_input in = {.logits = l,
                                .history = {past, NULL, 9, 0},
                                .logprobs = true,
                                .n_top = (uint32_t)(seed * 20 / 3)};
            assert_non_null(r);
            assert_int_equal(sampler_pick(s, &c, &in, &st, &out, NULL), LNR_OK);
            double total = 0;
            uint32_t n_possible = 0;
            for (uint32_t k = 0; k < n; k++)
                if (l[k] > -INFINITY) {
                    r[n_possible++] = (ref){(int32_t)k, (double)l[k], 0};
                    total += exp((double)l[k]);
                }
            qsort(r, n_possible, sizeof *r, best_first);
            assert_true(fabs((double)out.logprob - ((double)l[out.token] - log(total))) < 3e-6);
            assert_int_equal(out.n_top, in.n_top < n_possible ? in.n_top : n_possible);
            for (uint32_t k = 0; k < out.n_top; k++) {
                assert_int_equal(out.top[k].token, r[k].id);
                assert_true(fabs((double)out.top[k].logprob - (r[k].x - log(total))) < 3e-6);
            }
            in.logprobs = false;
            in.n_top = 0;
            int32_t token = out.token;
            assert_int_equal(sampler_pick(s, &c, &in, &st, &out, NULL), LNR_OK);
            assert_int_equal(out.token, token); /* asking changes nothing */
            assert_int_equal(out.n_top, 0);
            sampler_config_deinit(&c);
            free(l);
            free(r);
        }
        sampler_destroy(s);
    }
}

static void non_finite_logits_are_an_error(void **state) {
    (void)state;
    sampler *s = new_sampler(3);
    const float bad[][3] = {{0, NAN, 0}, {INFINITY, 0, 0}, {-INFINITY, -INFINITY, -INFINITY}};
    for (int t = 0; t < 2; t++)
        for (size_t i = 0; i < 3; i++) {
            lnr_sampler_options o = off();
            o.temperature = (float)t;
            sampler_config c = config_of(&o, 3);
            sampler_result out;
            sampler_state st = {0};
            lnr_error err;
            assert_int_equal(
                sampler_pick(s, &c, &(sampler_input){.logits = bad[i]}, &st, &out, &err),
                LNR_E_NUMERIC);
            assert_true(strlen(err.text) > 0);
            sampler_config_deinit(&c);
        }
    sampler_destroy(s);
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
    logit_ops ops = ops_of(0);
    assert_int_equal(sampler_create(0, 8, &ops, &s, NULL), LNR_E_UNSUPPORTED);
    assert_int_equal(sampler_create(CANDIDATES_MAX + 1, 8, &ops, &s, NULL), LNR_E_UNSUPPORTED);
    assert_null(s);
    sampler_destroy(NULL);
    unsigned left;
    lnr_allocator counting = {count_alloc, no_resize, count_release, &left};
    lnr_sampler_options o = off();
    o.top_k = 2;
    o.top_p = o.typical_p = o.tfs_z = 0.5f;
    o.repeat_penalty = 2;
    o.dry_multiplier = 1;
    sampler_config c = config_of(&o, 4);
    lnr_allocator_set(&counting);
    lnr_status st = LNR_E_NOMEM;
    unsigned n = 0;
    for (; st == LNR_E_NOMEM; n++) {
        left = n;
        st = sampler_create(4, 8, &ops, &s, NULL);
        assert_true(st == LNR_OK || (st == LNR_E_NOMEM && s == NULL));
    }
    assert_int_equal(st, LNR_OK);
    assert_int_equal(left, 0);
    assert_true(n > 10);
    assert_int_equal(pick_with(s, &c, (float[]){1, 2, 9, 1}, 0), 2);
    sampler_destroy(s);
    lnr_allocator_set(NULL);
    sampler_config_deinit(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain_equals_reference),
        cmocka_unit_test(chain_equals_reference_big),
        cmocka_unit_test(every_level_picks_the_same),
        cmocka_unit_test(draws_follow_the_probabilities),
        cmocka_unit_test(pick_is_a_function_of_its_arguments),
        cmocka_unit_test(off_equals_a_step_without_effect),
        cmocka_unit_test(ties_go_to_the_lower_id),
        cmocka_unit_test(bias_and_bans),
        cmocka_unit_test(logprobs_are_the_models),
        cmocka_unit_test(non_finite_logits_are_an_error),
        cmocka_unit_test(create_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
