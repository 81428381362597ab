/* The engine's logits against the reference's, at every position of prompts of several lengths, and
 * against a reference that makes mistakes, which the bounds must notice. */
#include "loaded.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define N_MISTAKEN       150 /* tokens that a mistake must show in */
#define N_MISTAKEN_QUANT 60  /* where only gross ones are made */
#define N_ALONE          60  /* one-token prompts */
#define N_SHORT          80  /* tokens in prompts of four */

/* Bounds on a row's error: max |engine - reference| / max |reference|. README.md beside this file
 * tells what they were measured to be. */
#define BOUND_ALONE 2e-6 /* median over prompts that few flips are in */

typedef struct bounds {
    double median, worst;
} bounds;

static const struct {
    bounds rounded;     /* flips of a half's or an int8's rounding, and what they cause */
    bounds plain;       /* int8 rounding itself */
    bounds exact;       /* nothing rounded but floats */
    double worst_share; /* of the rows are within `worst` */
    bool is_alone;      /* BOUND_ALONE holds for prompts of one token */
    bool is_short;      /* and of four */
} kinds[] = {
    [FLOATS] = {{2e-4, 2e-3}, {INFINITY, INFINITY}, {2e-6, 1e-5}, 1, true, false},
    [DEEP] = {{1e-3, 5e-3}, {INFINITY, INFINITY}, {1e-5, 5e-5}, 1, false, false},
    [QUANTISED] = {{0.05, 0.1}, {0.05, 0.15}, {INFINITY, INFINITY}, 1, true, true},
    [MIXING] = {{0.05, 0.1}, {0.08, 0.2}, {INFINITY, INFINITY}, 0.9, true, true},
};

#define MISTAKE_MARGIN 4 /* times a bound that a mistake must exceed */

/* ---- errors
 * -------------------------------------------------------------------------------------- */

static double row_error(const float *a, const double *b, size_t n) {
    double error = 0, top = 0;
    for (size_t i = 0; i < n; i++) {
        double e = fabs((double)a[i] - b[i]);
        if (!(e <= error)) /* NaN must not pass */
            error = e;
        top = fmax(top, fabs(b[i]));
    }
    return error / top;
}

typedef struct errors {
    double row[N_TOKENS_MAX];
    size_t n;
} errors;

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

/* The error that this share of rows does not exceed. */
static double quantile(errors *e, double share) {
    qsort(e->row, e->n, sizeof e->row[0], ascending);
    return e->row[(size_t)(share * (double)(e->n - 1))];
}

static void add_errors(errors *e, const loaded *l, const double *expected, size_t n_rows) {
    for (size_t i = 0; i < n_rows; i++)
        e->row[e->n++] =
            row_error(l->logits + i * l->n_vocab, expected + i * l->n_vocab, l->n_vocab);
}

static bool holds(const loaded *l, const char *what, double error, double bound) {
    if (!(error <= bound))
        fprintf(stderr, "FAILED %s, %s: error %.3g, at most %.3g allowed\n", l->c->name, what,
                error, bound);
    return error <= bound;
}

static bool within(const loaded *l, errors *e, bounds b, const char *what) {
    bool ok = holds(l, what, quantile(e, kinds[l->c->kind].worst_share), b.worst);
    return holds(l, what, quantile(e, 0.5), b.median) && ok;
}

/* ---- against the reference
 * ----------------------------------------------------------------------- */

/* A prompt's rows are the first rows of the long prompt's, so one run of the reference serves all.
 */
static bool compare_prompts(loaded *l) {
    const uint32_t n_tokens[] = {1, 5, l->c->n_tokens / 2, l->c->n_tokens};
    static const uint32_t ubatches[] = {1, 7, 64, 128};
    bool ok = true;
    for (size_t i = 0; i < sizeof n_tokens / sizeof n_tokens[0]; i++) {
        engine_setup setup = {.n_ubatch = ubatches[i], .n_threads = 2, .n_seqs = 1};
        errors rounded = {.n = 0}, plain = {.n = 0};
        if (!run_engine(l, setup, l->token, n_tokens[i]))
            return false;
        add_errors(&rounded, l, l->rounded, n_tokens[i]);
        add_errors(&plain, l, l->plain, n_tokens[i]);
        ok = within(l, &rounded, kinds[l->c->kind].rounded, "rounded alike") && ok;
        ok = within(l, &plain, kinds[l->c->kind].plain, "unrounded") && ok;
    }
    return ok;
}

/* With K and V in floats nothing of a model in floats is rounded by intent: each row is as good as
 * floats are. Those in Q8_0 are rounded like an activation. */
static bool compare_kv(loaded *l) {
    bool is_float = l->c->kind == FLOATS || l->c->kind == DEEP, ok = true;
    engine_setup setup = {.n_ubatch = 64, .n_threads = 2, .n_seqs = 1};
    uint32_t n = l->c->n_tokens;
    errors exact = {.n = 0}, rounded = {.n = 0};
    l->kv_type = LNR_TYPE_F32;
    if (is_float) {
        ok = run_engine(l, setup, l->token, n);
        add_errors(&exact, l, l->plain, n);
        ok = ok && within(l, &exact, kinds[l->c->kind].exact, "K and V in floats");
    }
    l->kv_type = LNR_TYPE_Q8_0;
    if (has_kv_q8_0(l)) {
        ok = run_engine(l, setup, l->token, n) && ok;
        add_errors(&rounded, l, l->plain, n);
        ok = within(l, &rounded, kinds[MIXING].plain, "K and V in Q8_0") && ok;
    }
    l->kv_type = LNR_TYPE_F16;
    return ok;
}

/* Errors of many prompts of n tokens, short enough that most meet no rounding tie. */
static bool short_prompts(loaded *l, uint32_t n, uint32_t n_all, errors *e) {
    engine_setup setup = {.n_ubatch = n, .n_threads = 1, .n_seqs = 1};
    for (uint32_t first = 0; first + n <= n_all; first += n) {
        const int *tokens = l->token + first;
        if (!run_engine(l, setup, tokens, n) ||
            !run_reference(l, tokens, n, REFERENCE_ROUNDED, l->rounded))
            return false;
        add_errors(e, l, l->rounded, n);
    }
    return true;
}

/* Most prompts this short meet no tie at all, so their rows show an error of method at once. */
static bool compare_short(loaded *l) {
    errors one = {.n = 0}, four = {.n = 0};
    bool ok = true;
    if (kinds[l->c->kind].is_alone)
        ok = short_prompts(l, 1, N_ALONE, &one) &&
             holds(l, "median of one-token prompts", quantile(&one, 0.5), BOUND_ALONE);
    if (kinds[l->c->kind].is_short)
        ok = short_prompts(l, 4, N_SHORT, &four) &&
             holds(l, "median of four-token prompts", quantile(&four, 0.5), BOUND_ALONE) && ok;
    return ok;
}

/* The bounds must be such that mistakes exceed them. */
static bool notices(loaded *l, unsigned mistake, uint32_t n) {
    errors e = {.n = 0};
    if (!run_reference(l, l->token, n, REFERENCE_ROUNDED | mistake, l->rounded))
        return false;
    add_errors(&e, l, l->rounded, n);
    bounds b = kinds[l->c->kind].rounded;
    double worst = quantile(&e, 1), median = quantile(&e, 0.5);
    bool seen = worst > MISTAKE_MARGIN * b.worst || median > MISTAKE_MARGIN * b.median;
    if (!seen)
        fprintf(stderr,
                "FAILED %s: a reference with the mistake \"%s\" has an error of only %.3g, "
                "median %.3g\n",
                l->c->name, reference_mistake(l->reference, mistake), worst, median);
    return seen;
}

static bool notices_mistakes(loaded *l) {
    if (l->c->kind == QUANTISED || l->c->kind == MIXING)
        return notices(l, REFERENCE_WRONG_ROPE, N_MISTAKEN_QUANT);
    uint32_t n = l->c->n_tokens < N_MISTAKEN ? l->c->n_tokens : N_MISTAKEN;
    bool ok = true;
    for (unsigned flag = REFERENCE_ROUNDED << 1; flag < REFERENCE_MISTAKES_END; flag <<= 1)
        if (reference_mistake(l->reference, flag))
            ok = notices(l, flag, n) && ok;
    return ok;
}

static bool run_references(loaded *l) {
    return load_reference(l) &&
           run_reference(l, l->token, l->c->n_tokens, REFERENCE_PLAIN, l->plain) &&
           run_reference(l, l->token, l->c->n_tokens, REFERENCE_ROUNDED, l->rounded);
}

bool compare_case(loaded *l) {
    if (!run_references(l))
        return false;
    bool ok = compare_prompts(l);
    ok = notices_mistakes(l) && ok; /* compare_prompts ended with the longest prompt */
    ok = compare_kv(l) && ok;
    return compare_short(l) && ok;
}

bool measure_case(loaded *l) {
    errors exact = {.n = 0}, q8 = {.n = 0}, plain = {.n = 0}, rounded = {.n = 0}, one = {.n = 0},
           four = {.n = 0};
    engine_setup setup = {.n_ubatch = 128, .n_threads = 2, .n_seqs = 1};
    if (!run_references(l) || !run_engine(l, setup, l->token, l->c->n_tokens))
        return false;
    add_errors(&plain, l, l->plain, l->c->n_tokens);
    add_errors(&rounded, l, l->rounded, l->c->n_tokens);
    if (!short_prompts(l, 1, N_ALONE, &one) || !short_prompts(l, 4, N_SHORT, &four))
        return false;
    l->kv_type = LNR_TYPE_F32;
    if (!run_engine(l, setup, l->token, l->c->n_tokens))
        return false;
    add_errors(&exact, l, l->plain, l->c->n_tokens);
    printf("%-20s exact %.1e %.1e  ", l->c->name, quantile(&exact, 0.5), quantile(&exact, 1));
    l->kv_type = LNR_TYPE_Q8_0;
    if (has_kv_q8_0(l)) {
        if (!run_engine(l, setup, l->token, l->c->n_tokens))
            return false;
        add_errors(&q8, l, l->plain, l->c->n_tokens);
        printf("kv q8_0 %.1e %.1e  ", quantile(&q8, 0.5), quantile(&q8, 1));
    }
    printf("plain %.1e %.1e %.1e  rounded %.1e %.1e %.1e  one %.1e %.1e  four %.1e %.1e\n",
           quantile(&plain, 0.5), quantile(&plain, 0.9), quantile(&plain, 1),
           quantile(&rounded, 0.5), quantile(&rounded, 0.9), quantile(&rounded, 1),
           quantile(&one, 0.5), quantile(&one, 1), quantile(&four, 0.5), quantile(&four, 1));
    return true;
}
