/* See history.h. */
#include "sample/history.h"

#include "base/alloc.h"
#include "base/math.h"

#include <float.h>

lnr_status history_scratch_init(history_scratch *s, uint32_t n_vocab, uint32_t n_tokens_max,
                                lnr_error *err) {
    *s = (history_scratch){.n_tokens_max = n_tokens_max};
    s->seen = lnr_alloc_array(n_vocab, sizeof *s->seen);
    s->id = lnr_alloc_array(n_vocab, sizeof *s->id);
    s->match = lnr_alloc_array((size_t)n_tokens_max + 1, sizeof *s->match);
    if (!s->seen || !s->id || !s->match) {
        history_scratch_deinit(s);
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the sampler's history of %u tokens",
                        (unsigned)n_tokens_max);
    }
    return LNR_OK;
}

void history_scratch_deinit(history_scratch *s) {
    lnr_free(s->seen);
    lnr_free(s->id);
    lnr_free(s->match);
    *s = (history_scratch){0};
}

float history_clamp(double logit) {
    if (logit > (double)FLT_MAX)
        return FLT_MAX;
    if (logit < -(double)FLT_MAX)
        return logit == -__builtin_inf() ? -__builtin_inff() : -FLT_MAX;
    return (float)logit;
}

/* The last n tokens; -1: all. */
static history window(const history *h, int32_t n) {
    history w = *h;
    if (n >= 0 && (uint32_t)n < h->n) {
        uint32_t skip = h->n - (uint32_t)n;
        w.token += skip;
        w.breaker = h->breaker ? h->breaker + skip : NULL;
        w.n -= skip;
    }
    return w;
}

/* ---- penalties
 * ----------------------------------------------------------------------------------- */

static float penalised(float logit, uint32_t count, const lnr_sampler_options *o) {
    double l = (double)logit;
    l = l > 0.0 ? l / (double)o->repeat_penalty : l * (double)o->repeat_penalty;
    l -= (double)count * (double)o->frequency_penalty + (double)o->presence_penalty;
    return history_clamp(l);
}

void history_penalties(const history *h, const lnr_sampler_options *o, history_scratch *s,
                       history_target to) {
    history answer = *h;
    if (o->penalty_skip_prompt) {
        answer.token += h->n_prompt;
        answer.n -= h->n_prompt;
        answer.breaker = NULL;
    }
    history w = window(&answer, o->penalty_last_n);
    uint32_t n_ids = 0;
    for (uint32_t i = 0; i < w.n; i++)
        if (s->seen[w.token[i]]++ == 0)
            s->id[n_ids++] = w.token[i];
    for (uint32_t i = 0; i < n_ids; i++) {
        float *logit = to.logit(to.user, s->id[i]);
        if (logit)
            *logit = penalised(*logit, s->seen[s->id[i]], o);
        s->seen[s->id[i]] = 0;
    }
}

/* ---- repetitions
 * --------------------------------------------------------------------------------- */

/* match[j], 1 <= j < n: how many tokens before the last j agree with the last ones, at most cap.
 * match[n] = 0. With token i from the end as r[i]: the longest common beginning of r[j...] and
 * r[0...]. r[left..right) is the agreement found so far that reaches farthest. */
static void find_matches(const int32_t *token, uint32_t n, uint32_t cap, uint32_t *match) {
    const int32_t *last = token + n - 1; /* r[i] = last[-i] */
    uint32_t left = 0, right = 0;
    for (uint32_t j = 1; j < n; j++) {
        uint32_t k = 0;
        if (j < right) {
            k = match[j - left];
            k = k < right - j ? k : right - j;
        }
        while (k < cap && j + k < n && last[-(ptrdiff_t)k] == last[-(ptrdiff_t)(j + k)])
            k++;
        match[j] = k;
        if (j + k > right) {
            left = j;
            right = j + k;
        }
    }
    match[n] = 0;
}

/* How many tokens at the end have no breaker among them. */
static uint32_t unbroken(const history *w) {
    uint32_t n = 0;
    while (n < w->n && !(w->breaker && w->breaker[w->n - 1 - n]))
        n++;
    return n;
}

void history_dry(const history *h, const lnr_sampler_options *o, history_scratch *s,
                 history_target to) {
    history w = window(h, o->dry_penalty_last_n);
    uint32_t cap = unbroken(&w), n_ids = 0;
    if (cap < o->dry_allowed_length)
        return;
    find_matches(w.token, w.n, cap, s->match);
    for (uint32_t j = 1; j < w.n; j++) {
        uint32_t next = w.n - j;
        int32_t id = w.token[next];
        if (s->match[j] < o->dry_allowed_length || (w.breaker && w.breaker[next]))
            continue;
        if (s->seen[id] == 0)
            s->id[n_ids++] = id;
        if (s->match[j] > s->seen[id])
            s->seen[id] = s->match[j];
    }
    for (uint32_t i = 0; i < n_ids; i++) {
        uint32_t beyond = s->seen[s->id[i]] - o->dry_allowed_length;
        float *logit = to.logit(to.user, s->id[i]);
        if (logit && *logit >= -FLT_MAX) {
            double penalty =
                (double)o->dry_multiplier * lnr_pow((double)o->dry_base, (double)beyond);
            double l = (double)*logit - penalty;
            *logit = l < -(double)FLT_MAX ? -FLT_MAX : history_clamp(l);
        }
        s->seen[s->id[i]] = 0;
    }
}

void history_no_repeat(const history *h, uint32_t n_gram, history_scratch *s, history_target to) {
    uint32_t before = n_gram - 1; /* tokens that have to agree */
    if (h->n < n_gram)
        return;
    find_matches(h->token, h->n, before, s->match);
    for (uint32_t j = 1; j <= h->n; j++)
        if (s->match[j] >= before) {
            float *logit = to.logit(to.user, h->token[h->n - j]);
            if (logit)
                *logit = -__builtin_inff();
        }
}
