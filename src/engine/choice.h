/* What a request needs to choose its tokens: its options in kept form, mirostat's state, where DRY
 * is interrupted, and how far its text has come towards a stop string.
 *
 * All of it but the scratch is a function of the request's tokens and logits so far, and belongs to
 * the request; the engine's part is the scratch and what the vocabulary says about end tokens. */
#ifndef LNR_ENGINE_CHOICE_H
#define LNR_ENGINE_CHOICE_H

#include "model/model.h"
#include "sample/sampler.h"
#include "text/stop.h"
#include "text/tokenizer.h"

typedef struct choice_engine {
    const tokenizer *tokenizer; /* the model's */
    uint32_t n_vocab;
    sampler *sampler; /* owned */
    int32_t *end;     /* (n_end): the tokens that end a text; owned */
    uint32_t n_end;
    uint8_t *allowed; /* (n_vocab): scratch for masks; owned */
} choice_engine;

/* n_ctx: the most tokens of a request. LNR_E_NOMEM, LNR_E_UNSUPPORTED. */
lnr_status choice_engine_init(choice_engine *e, const lnr_model *m, uint32_t n_ctx, lnr_error *err);
void choice_engine_deinit(choice_engine *e);

typedef struct choice_request {
    sampler_config config;
    sampler_state state;
    uint32_t min_tokens, n_top;
    bool logprobs;
    void (*mask)(const int32_t *answer, size_t n_answer, uint8_t *allowed, size_t n_vocab,
                 void *user); /* NULL: none */
    void *user;
    uint8_t *breaker; /* (n_tokens_max): 1 where a DRY breaker ends in that token; NULL without
                         DRY; owned */
    stop_matcher breakers, stop;
    token_stream text;      /* the answer's, for the stop strings */
    lnr_buf piece;          /* scratch: what one token adds */
    sampler_result *detail; /* (n_ring): of the tokens in the request's ring, by place; NULL without
                               logprobs; owned */
} choice_request;

/* Checks the sampler's, stop and logprob options and copies what they point to. n_ring: places of
 * the request's ring. LNR_E_ARGUMENT, LNR_E_NOMEM; *c then needs no deinit. Threads: any. */
lnr_status choice_request_init(choice_request *c, const choice_engine *e,
                               const lnr_request_options *o, uint32_t n_tokens_max, uint32_t n_ring,
                               lnr_error *err);
void choice_request_deinit(choice_request *c); /* also if it is all zero */

/* Chooses the token that follows token[0..n). */
lnr_status choice_pick(choice_engine *e, choice_request *c, const float *logits, history so_far,
                       sampler_result *out, lnr_error *err);

/* What a prompt's token was given by the logits before it. */
lnr_status choice_score(choice_engine *e, const choice_request *c, const float *logits,
                        int32_t token, sampler_result *out, lnr_error *err);

/* Keeps what a TOKEN event tells beyond the token, and puts it into the event. The place is the
 * token's in the ring. */
void choice_keep(choice_request *c, uint32_t place, const sampler_result *result);
void choice_tell(const choice_request *c, uint32_t place, lnr_event *event);

/* Takes note of the answer's next token, to be at `position`. *stop_idx: the stop string that is
 * complete with it, or -1. LNR_E_NOMEM. */
lnr_status choice_accept(choice_request *c, int32_t token, uint32_t position, int *stop_idx,
                         lnr_error *err);

#endif
