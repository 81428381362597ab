/* The sampler: options, scratch, and the chain from logits to a token. */
#include "sample/sampler.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "sample/truncate.h"

#include <float.h>
#include <stdbool.h>

/* The draw index (design rule 4.6) of the choice of a token; other uses of chance take others. */
#define DRAW_TOKEN 0u

struct sampler {
    candidates list; /* items owned; n_max is the vocabulary's size */
    truncate_scratch scratch;
};

lnr_status sampler_create(uint32_t n_vocab, sampler **out, lnr_error *err) {
    *out = NULL;
    if (n_vocab == 0 || n_vocab > CANDIDATES_MAX)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED, "a vocabulary of %u tokens; 1 to %u can be sampled",
                        (unsigned)n_vocab, (unsigned)CANDIDATES_MAX);
    sampler *s = lnr_new(sampler);
    if (!s)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the sampler");
    s->list.n_max = n_vocab;
    s->list.item = lnr_alloc_array(n_vocab, sizeof *s->list.item);
    if (!s->list.item) {
        lnr_free(s);
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %u candidates of the sampler",
                        (unsigned)n_vocab);
    }
    *out = s;
    return LNR_OK;
}

void sampler_destroy(sampler *s) {
    if (!s)
        return;
    lnr_free(s->list.item);
    lnr_free(s);
}

static lnr_status pick_largest(const float *logits, uint32_t n_vocab, int32_t *token,
                               lnr_error *err) {
    float best = -__builtin_inff();
    int32_t best_id = -1;
    for (uint32_t i = 0; i < n_vocab; i++) {
        float l = logits[i];
        if (!(l <= FLT_MAX))
            return LNR_FAIL(err, LNR_E_NUMERIC, "the logit of token %u is %s", (unsigned)i,
                            l != l ? "NaN" : "+Inf");
        if (l > best) {
            best = l;
            best_id = (int32_t)i;
        }
    }
    if (best_id < 0)
        return LNR_FAIL(err, LNR_E_NUMERIC, "the logits of all %u tokens are -Inf",
                        (unsigned)n_vocab);
    *token = best_id;
    return LNR_OK;
}

lnr_status sampler_pick(sampler *s, const lnr_sampler_options *o, const float *logits,
                        uint64_t position, int32_t *token, lnr_error *err) {
    candidates *c = &s->list;
    if (o->temperature == 0.0f)
        return pick_largest(logits, c->n_max, token, err);
    LNR_TRY(candidates_fill(c, logits, err));
    if (o->top_k > 0)
        truncate_top_k(c, o->top_k, &s->scratch);
    if (o->top_p < 1.0f || o->min_p > 0.0f)
        candidates_weigh(c, 1.0f);
    if (o->top_p < 1.0f)
        truncate_top_p(c, o->top_p, &s->scratch);
    if (o->min_p > 0.0f)
        truncate_min_p(c, o->min_p);
    candidates_weigh(c, o->temperature);
    *token = candidates_draw(c, lnr_rng_u64(o->seed, position, DRAW_TOKEN));
    return LNR_OK;
}
