/* The chain from logits to a token; see sampler.h and the table in lanner/sampler.h.
 *
 * Steps run on the whole vocabulary as long as they can: edits touch single tokens, and a cut that
 * is a threshold on logits is only remembered. The first step that needs a list of candidates gets
 * one that holds no more than the cuts so far let through. */
#include "sample/sampler.h"

#include "base/alloc.h"
#include "base/math.h"
#include "base/rng.h"
#include "sample/mirostat.h"
#include "sample/truncate.h"

#include <float.h>

/* Draw indices (design rule 4.6): each use of chance has its own. */
#define DRAW_TOKEN 0u
#define DRAW_XTC   1u

struct sampler {
    logit_row row;
    history_scratch history;
    candidates list; /* items owned; n_max is the vocabulary's size */
    truncate_scratch scratch;

    /* of the pick that is going on */
    bool listed;       /* the list counts, else the vocabulary from floor on */
    bool weighed;      /* the list's weights are right */
    float floor;       /* -Inf: everything */
    float temperature; /* logits count as divided by it */
};

lnr_status sampler_create(uint32_t n_vocab, uint32_t n_tokens_max, const logit_ops *ops,
                          sampler **out, lnr_error *err) {
    *out = NULL;
    if (n_vocab == 0 || n_vocab > CANDIDATES_MAX)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED, "a vocabulary of %u tokens; 1 to %u can be sampled",
                        (unsigned)n_vocab, (unsigned)CANDIDATES_MAX);
    sampler *s = lnr_new(sampler);
    if (!s)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the sampler");
    lnr_status st = logit_row_init(&s->row, n_vocab, ops, err);
    if (st == LNR_OK)
        st = history_scratch_init(&s->history, n_vocab, n_tokens_max, err);
    s->list.n_max = n_vocab;
    s->list.item = lnr_alloc_array(n_vocab, sizeof *s->list.item);
    s->scratch.order[0] = lnr_alloc_array(n_vocab, sizeof *s->scratch.order[0]);
    s->scratch.order[1] = lnr_alloc_array(n_vocab, sizeof *s->scratch.order[1]);
    if (st == LNR_OK && (!s->list.item || !s->scratch.order[0] || !s->scratch.order[1]))
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for %u candidates of the sampler",
                      (unsigned)n_vocab);
    if (st) {
        sampler_destroy(s);
        return st;
    }
    *out = s;
    return LNR_OK;
}

void sampler_destroy(sampler *s) {
    if (!s)
        return;
    logit_row_deinit(&s->row);
    history_scratch_deinit(&s->history);
    lnr_free(s->list.item);
    lnr_free(s->scratch.order[0]);
    lnr_free(s->scratch.order[1]);
    lnr_free(s);
}

void sampler_state_init(sampler_state *state, const sampler_config *c) {
    *state = (sampler_state){.mu = mirostat_start(&c->o)};
}

/* ---- between vocabulary and list
 * ----------------------------------------------------------------- */

static void need_list(sampler *s) {
    if (s->listed)
        return;
    logit_row_gather(&s->row, s->floor, &s->list);
    s->listed = true;
}

static void need_weights(sampler *s) {
    need_list(s);
    if (!s->weighed)
        candidates_weigh(&s->list, s->temperature);
    s->weighed = true;
}

/* Where penalties write; see history_logit. */
static float *logit_of(void *user, int32_t id) {
    sampler *s = user;
    if (!s->listed)
        return logit_row_edit(&s->row, (uint32_t)id);
    candidate *t = candidates_find(&s->list, id);
    return t ? &t->logit : NULL;
}

/* After a cut or a temperature, penalties change what these left. */
static void need_plain_logits(sampler *s) {
    if (s->floor > -FLT_MAX || s->temperature != 1.0f)
        need_list(s);
    if (s->temperature != 1.0f)
        for (uint32_t i = 0; i < s->list.n; i++) {
            double l = (double)s->list.item[i].logit / (double)s->temperature;
            s->list.item[i].logit = history_clamp(l);
        }
    s->temperature = 1.0f;
    s->weighed = false;
}

/* ---- steps
 * --------------------------------------------------------------------------------------- */

static void step_top_n_sigma(sampler *s, const lnr_sampler_options *o) {
    float best;
    if (s->listed)
        best = candidates_best(&s->list);
    else
        (void)logit_row_best(&s->row, &best);
    double deviation = s->listed ? candidates_deviation(&s->list) : logit_row_deviation(&s->row);
    double floor = (double)best - (double)o->top_n_sigma * deviation;
    float least = floor < -(double)FLT_MAX ? -FLT_MAX : order_float_above(floor);
    if (!s->listed && logit_row_has(&s->row, least, o->min_keep)) {
        s->floor = least;
        return;
    }
    if (!s->listed && o->min_keep > 0) /* few reach `least`: a short list has them all */
        s->floor = logit_row_floor_of_top(&s->row, o->min_keep, s->scratch.bin);
    need_list(s);
    truncate_below(&s->list, least, o->min_keep, &s->scratch);
}

static void step_top_k(sampler *s, const lnr_sampler_options *o) {
    uint32_t k = o->top_k > o->min_keep ? o->top_k : o->min_keep;
    if (!s->listed) {
        float top = logit_row_floor_of_top(&s->row, k, s->scratch.bin);
        if (top > s->floor) /* false for a NaN */
            s->floor = top;
        need_list(s);
    }
    truncate_top_k(&s->list, k, &s->scratch);
}

static void step_xtc(sampler *s, const lnr_sampler_options *o, uint64_t position) {
    if (lnr_rng_unit(o->seed, position, DRAW_XTC) >= (double)o->xtc_probability)
        return;
    need_weights(s);
    truncate_top_choices(&s->list, o->xtc_threshold, o->min_keep);
    s->weighed = false;
}

/* The temperature by how undecided the candidates are: 0 at certainty, 1 where all are alike. */
static float dynamic_temperature(sampler *s, const lnr_sampler_options *o) {
    double low = (double)o->temperature - (double)o->dynatemp_range;
    double high = (double)o->temperature + (double)o->dynatemp_range;
    low = low > 0.0 ? low : 0.0;
    need_weights(s);
    if (s->list.n < 2)
        return o->temperature;
    double most = lnr_log((double)s->list.n);
    double share = candidates_entropy(&s->list, s->temperature) / most;
    share = share < 1.0 ? share : 1.0;
    return (float)(low + (high - low) * lnr_pow(share, (double)o->dynatemp_exponent));
}

static void step_temperature(sampler *s, const lnr_sampler_options *o) {
    float t = o->dynatemp_range > 0.0f ? dynamic_temperature(s, o) : o->temperature;
    float product = s->temperature * t;
    if (product > 0.0f) {
        s->temperature = product < FLT_MAX ? product : FLT_MAX;
    } else {
        need_list(s);
        truncate_top_k(&s->list, 1, &s->scratch);
    }
    s->weighed = false;
}

static void run_step(sampler *s, const lnr_sampler_options *o, sample_step step,
                     const sampler_input *in) {
    history_target to = {logit_of, s};
    switch (step) {
    case SAMPLE_PENALTIES:
        need_plain_logits(s);
        history_penalties(&in->history, o, &s->history, to);
        break;
    case SAMPLE_DRY:
        need_plain_logits(s);
        history_dry(&in->history, o, &s->history, to);
        break;
    case SAMPLE_TOP_N_SIGMA:
        step_top_n_sigma(s, o);
        break;
    case SAMPLE_TOP_K:
        step_top_k(s, o);
        break;
    case SAMPLE_TFS:
        need_weights(s);
        truncate_tail_free(&s->list, o->tfs_z, o->min_keep, &s->scratch);
        break;
    case SAMPLE_TYPICAL:
        need_weights(s);
        truncate_typical(&s->list, o->typical_p, s->temperature, o->min_keep, &s->scratch);
        s->weighed = false; /* the best may be gone */
        break;
    case SAMPLE_TOP_P:
        need_weights(s);
        truncate_top_p(&s->list, o->top_p, o->min_keep, &s->scratch);
        break;
    case SAMPLE_MIN_P:
        need_weights(s);
        truncate_min_p(&s->list, o->min_p, o->min_keep, &s->scratch);
        break;
    case SAMPLE_XTC:
        step_xtc(s, o, in->history.n);
        break;
    case SAMPLE_TEMPERATURE:
        step_temperature(s, o);
        break;
    case SAMPLE_STEPS:
        break;
    }
}

/* ---- log probabilities
 * --------------------------------------------------------------------------- */

/* Of the row as it came: before any edit. */
typedef struct logprob_base {
    double best, ln_total;
} logprob_base;

static float logprob(const logprob_base *b, float logit) {
    return history_clamp((double)logit - b->best - b->ln_total);
}

static void measure_logprobs(sampler *s, const sampler_input *in, logprob_base *b,
                             sampler_result *out) {
    float best;
    (void)logit_row_best(&s->row, &best);
    b->best = (double)best;
    b->ln_total = lnr_log(logit_row_exp_sum(&s->row, best, 1.0f));
    if (in->n_top == 0)
        return;
    logit_row_gather(&s->row, logit_row_floor_of_top(&s->row, in->n_top, s->scratch.bin), &s->list);
    truncate_top_k(&s->list, in->n_top, &s->scratch);
    candidates_sort(&s->list, &s->scratch);
    out->n_top = s->list.n;
    for (uint32_t i = 0; i < out->n_top; i++) {
        const candidate *t = &s->list.item[s->scratch.order[0][i]];
        out->top[i] = (lnr_logprob){t->id, logprob(b, t->logit)};
    }
}

/* ---- a pick
 * -------------------------------------------------------------------------------------- */

/* Bias and bans. */
static lnr_status edit_first(sampler *s, const sampler_config *c, const sampler_input *in,
                             lnr_error *err) {
    float best;
    for (size_t i = 0; i < c->o.n_logit_bias; i++) {
        float *logit = logit_row_edit(&s->row, (uint32_t)c->bias[i].token);
        *logit = history_clamp((double)*logit + (double)c->bias[i].bias);
    }
    for (uint32_t i = 0; i < in->n_banned; i++)
        *logit_row_edit(&s->row, (uint32_t)in->banned[i]) = -__builtin_inff();
    for (uint32_t i = 0; in->allowed && i < s->row.n_vocab; i++)
        if (!in->allowed[i])
            *logit_row_edit(&s->row, i) = -__builtin_inff();
    if (c->o.no_repeat_ngram > 0)
        history_no_repeat(&in->history, c->o.no_repeat_ngram, &s->history,
                          (history_target){logit_of, s});
    if (logit_row_best(&s->row, &best) < 0)
        return LNR_FAIL(
            err, LNR_E_NUMERIC,
            "no token may be chosen: logit_bias, min_tokens, no_repeat_ngram or mask ban all "
            "that the model allows");
    return LNR_OK;
}

static int32_t draw(sampler *s, const lnr_sampler_options *o, uint64_t position) {
    need_weights(s);
    return candidates_draw(&s->list, lnr_rng_u64(o->seed, position, DRAW_TOKEN));
}

static int32_t draw_mirostat(sampler *s, const lnr_sampler_options *o, uint64_t position,
                             sampler_state *state) {
    float best;
    double ln_total;
    (void)logit_row_best(&s->row, &best);
    mirostat_truncate(o, state->mu, &s->row, &s->list, &s->scratch, &ln_total);
    s->listed = true;
    s->temperature = o->temperature;
    s->weighed = false;
    int32_t token = draw(s, o, position);
    state->mu =
        mirostat_next(o, state->mu, logit_row_get(&s->row, (uint32_t)token), best, ln_total);
    return token;
}

lnr_status sampler_pick(sampler *s, const sampler_config *c, const sampler_input *in,
                        sampler_state *state, sampler_result *out, lnr_error *err) {
    const lnr_sampler_options *o = &c->o;
    logprob_base base = {0};
    float best;
    out->n_top = 0;
    out->logprob = 0.0f;
    bool moments = o->top_n_sigma > 0.0f && o->temperature > 0.0f;
    LNR_TRY(logit_row_begin(&s->row, in->logits, moments, err));
    if (in->logprobs)
        measure_logprobs(s, in, &base, out);
    s->listed = s->weighed = false;
    s->floor = -__builtin_inff();
    s->temperature = 1.0f;
    LNR_TRY(edit_first(s, c, in, err));
    for (uint32_t i = 0; i < c->n_chain; i++)
        run_step(s, o, c->chain[i], in);
    if (o->temperature == 0.0f)
        out->token = logit_row_best(&s->row, &best);
    else if (o->mirostat)
        out->token = draw_mirostat(s, o, in->history.n, state);
    else
        out->token = draw(s, o, in->history.n);
    if (in->logprobs)
        out->logprob = logprob(&base, in->logits[out->token]);
    return LNR_OK;
}

lnr_status sampler_score(sampler *s, const float *logits, int32_t token, uint32_t n_top,
                         sampler_result *out, lnr_error *err) {
    sampler_input in = {.logits = logits, .n_top = n_top};
    logprob_base base;
    out->n_top = 0;
    out->token = token;
    LNR_TRY(logit_row_begin(&s->row, logits, false, err));
    measure_logprobs(s, &in, &base, out);
    out->logprob = logprob(&base, logits[token]);
    return LNR_OK;
}
