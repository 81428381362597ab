/* See choice.h. */
#include "engine/choice.h"

#include "base/alloc.h"

#include <string.h>

lnr_status choice_engine_init(choice_engine *e, const lnr_model *m, uint32_t n_ctx,
                              lnr_error *err) {
    const lnr_backend *b = m->backend;
    uint32_t n_named = tokenizer_n_tokens(m->tokenizer);
    *e = (choice_engine){.tokenizer = m->tokenizer, .n_vocab = m->shape.n_vocab};
    n_named = n_named < e->n_vocab ? n_named : e->n_vocab;
    for (int pass = 0; pass < 2; pass++) { /* counts, then takes them down */
        e->n_end = 0;
        for (uint32_t i = 0; i < n_named; i++)
            if (tokenizer_is_end(m->tokenizer, (int32_t)i)) {
                if (e->end)
                    e->end[e->n_end] = (int32_t)i;
                e->n_end++;
            }
        if (pass == 0 && (e->end = lnr_alloc_array(e->n_end, sizeof *e->end)) == NULL)
            return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the tokens that end a text");
    }
    e->allowed = lnr_alloc(e->n_vocab);
    if (e->allowed == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a mask of %u tokens",
                        (unsigned)e->n_vocab);
    return sampler_create(e->n_vocab, n_ctx,
                          &(logit_ops){b->block_max, b->block_moments, b->block_exp}, &e->sampler,
                          err);
}

void choice_engine_deinit(choice_engine *e) {
    sampler_destroy(e->sampler);
    lnr_free(e->end);
    lnr_free(e->allowed);
    *e = (choice_engine){0};
}

/* ---- a request
 * ----------------------------------------------------------------------------------- */

static lnr_status check_logprobs(const lnr_request_options *o, lnr_error *err) {
    if (o->n_top_logprobs > LNR_TOP_LOGPROBS_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "n_top_logprobs is %u; allowed is 0 to %d",
                        (unsigned)o->n_top_logprobs, LNR_TOP_LOGPROBS_MAX);
    if (o->n_top_logprobs > 0 && !o->logprobs)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "n_top_logprobs is %u without logprobs; allowed is 0 then",
                        (unsigned)o->n_top_logprobs);
    if (o->prompt_logprobs && !o->logprobs)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "prompt_logprobs without logprobs");
    return LNR_OK;
}

/* Whether a breaker ends in this token of the prompt or the answer. */
static bool ends_breaker(choice_request *c, int32_t token) {
    bool found = false;
    buf_clear(&c->piece);
    tokenizer_decode(c->text.tokenizer, token, false, false, &c->piece);
    for (size_t i = 0; i < c->piece.n; i++)
        found |= stop_matcher_feed(&c->breakers, c->piece.p[i]) >= 0;
    return found;
}

static bool uses_dry(const sampler_config *c) {
    for (uint32_t i = 0; i < c->n_chain; i++)
        if (c->chain[i] == SAMPLE_DRY)
            return true;
    return false;
}

static lnr_status init_breakers(choice_request *c, const lnr_request_options *o,
                                uint32_t n_tokens_max, lnr_error *err) {
    lnr_sampler_options known;
    if (!uses_dry(&c->config))
        return LNR_OK;
    LNR_TRY(sampler_options_take(&o->sampler, &known, err));
    LNR_TRY(stop_matcher_init(&c->breakers, known.dry_breakers, known.n_dry_breakers,
                              "dry_breakers", err));
    c->breaker = lnr_alloc_array(n_tokens_max, sizeof *c->breaker);
    if (c->breaker == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the breakers of %u tokens",
                        (unsigned)n_tokens_max);
    for (size_t i = 0; i < o->n_tokens; i++)
        c->breaker[i] = ends_breaker(c, o->tokens[i]);
    return LNR_OK;
}

static lnr_status init_parts(choice_request *c, const choice_engine *e,
                             const lnr_request_options *o, uint32_t n_tokens_max, lnr_error *err) {
    LNR_TRY(check_logprobs(o, err));
    LNR_TRY(stop_matcher_init(&c->stop, o->stop, o->n_stop, "stop", err));
    LNR_TRY(sampler_config_init(&c->config, &o->sampler, e->n_vocab, err));
    LNR_TRY(init_breakers(c, o, n_tokens_max, err));
    if (c->stop.n > 0 || c->breaker) {
        /* Room for any usual token, so that no step allocates. */
        static const char longest[256];
        buf_add(&c->piece, longest, sizeof longest);
        buf_add(&c->text.pending, longest, sizeof longest);
        c->text.pending.n = 0;
    }
    if (buf_failed(&c->piece) || buf_failed(&c->text.pending))
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a token's text");
    return LNR_OK;
}

lnr_status choice_request_init(choice_request *c, const choice_engine *e,
                               const lnr_request_options *o, uint32_t n_tokens_max, uint32_t n_ring,
                               lnr_error *err) {
    *c = (choice_request){.min_tokens = o->min_tokens,
                          .n_top = o->n_top_logprobs,
                          .logprobs = o->logprobs,
                          .mask = o->mask,
                          .user = o->user};
    buf_init(&c->piece);
    token_stream_init(&c->text, e->tokenizer, false, false);
    lnr_status st = init_parts(c, e, o, n_tokens_max, err);
    if (st == LNR_OK && c->logprobs) {
        c->detail = lnr_alloc_array(n_ring, sizeof *c->detail);
        if (c->detail == NULL)
            st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for logprobs");
    }
    if (st) {
        choice_request_deinit(c);
        return st;
    }
    sampler_state_init(&c->state, &c->config);
    return LNR_OK;
}

void choice_request_deinit(choice_request *c) {
    sampler_config_deinit(&c->config);
    lnr_free(c->breaker);
    stop_matcher_deinit(&c->breakers);
    stop_matcher_deinit(&c->stop);
    token_stream_deinit(&c->text);
    buf_deinit(&c->piece);
    lnr_free(c->detail);
    *c = (choice_request){0};
}

/* ---- a token
 * ------------------------------------------------------------------------------------- */

lnr_status choice_pick(choice_engine *e, choice_request *c, const float *logits, history so_far,
                       sampler_result *out, lnr_error *err) {
    bool early = so_far.n - so_far.n_prompt < c->min_tokens;
    sampler_input in = {.logits = logits,
                        .history = so_far,
                        .banned = e->end,
                        .n_banned = early ? e->n_end : 0,
                        .logprobs = c->logprobs,
                        .n_top = c->n_top};
    in.history.breaker = c->breaker;
    if (c->mask) {
        memset(e->allowed, 1, e->n_vocab);
        c->mask(so_far.token + so_far.n_prompt, so_far.n - so_far.n_prompt, e->allowed, e->n_vocab,
                c->user);
        in.allowed = e->allowed;
    }
    return sampler_pick(e->sampler, &c->config, &in, &c->state, out, err);
}

lnr_status choice_score(choice_engine *e, const choice_request *c, const float *logits,
                        int32_t token, sampler_result *out, lnr_error *err) {
    return sampler_score(e->sampler, logits, token, c->n_top, out, err);
}

void choice_keep(choice_request *c, uint32_t place, const sampler_result *result) {
    if (c->detail)
        c->detail[place] = *result;
}

void choice_tell(const choice_request *c, uint32_t place, lnr_event *event) {
    if (c->detail == NULL)
        return;
    const sampler_result *d = &c->detail[place];
    event->logprob = d->logprob;
    event->n_top = d->n_top;
    memcpy(event->top, d->top, d->n_top * sizeof d->top[0]);
}

lnr_status choice_accept(choice_request *c, int32_t token, uint32_t position, int *stop_idx,
                         lnr_error *err) {
    *stop_idx = -1;
    if (c->breaker)
        c->breaker[position] = ends_breaker(c, token);
    if (c->stop.n > 0) {
        buf_clear(&c->piece);
        token_stream_add(&c->text, token, &c->piece);
        for (size_t i = 0; i < c->piece.n && *stop_idx < 0; i++)
            *stop_idx = stop_matcher_feed(&c->stop, c->piece.p[i]);
    }
    return buf_failed(&c->piece) ? LNR_FAIL(err, LNR_E_NOMEM, "no memory for a token's text")
                                 : LNR_OK;
}
