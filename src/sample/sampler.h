/* Choosing the next token: a pure function of (logits, tokens so far, options, mirostat's mu).
 *
 * A sampler is only the scratch for one vocabulary size, made once, so that a pick allocates
 * nothing; it keeps no state between picks and may serve any number of requests in turn. Not
 * thread-safe. */
#ifndef LNR_SAMPLE_SAMPLER_H
#define LNR_SAMPLE_SAMPLER_H

#include "sample/history.h"
#include "sample/logit_row.h"

#include <lanner/engine.h>

typedef struct sampler sampler;

/* What a request carries from one of its tokens to the next. Plain values: to go back to an earlier
 * token, restore what it was there. */
typedef struct sampler_state {
    double mu; /* mirostat's */
} sampler_state;

typedef struct sampler_input {
    const float *logits;   /* (n_vocab), unchanged */
    history history;       /* the position is history.n */
    const int32_t *banned; /* (n_banned): not to be chosen */
    uint32_t n_banned;
    const uint8_t *allowed; /* (n_vocab): 0 where a token may not be chosen; NULL: all may */
    bool logprobs;
    uint32_t n_top; /* 0 to LNR_TOP_LOGPROBS_MAX; above 0 only with logprobs */
} sampler_input;

typedef struct sampler_result {
    int32_t token;
    float logprob; /* if asked for, as the rest; see lnr_event */
    uint32_t n_top;
    lnr_logprob top[LNR_TOP_LOGPROBS_MAX];
} sampler_result;

/* n_tokens_max: of a history. LNR_E_UNSUPPORTED for a vocabulary of 0 or more than CANDIDATES_MAX
 * tokens; LNR_E_NOMEM. */
lnr_status sampler_create(uint32_t n_vocab, uint32_t n_tokens_max, const logit_ops *ops,
                          sampler **out, lnr_error *err);
void sampler_destroy(sampler *s); /* NULL allowed */

void sampler_state_init(sampler_state *state, const sampler_config *c);

/* On LNR_OK *state is the next one. LNR_E_NUMERIC when a logit is NaN or +Inf, or no token is left
 * that may be chosen. */
lnr_status sampler_pick(sampler *s, const sampler_config *c, const sampler_input *in,
                        sampler_state *state, sampler_result *out, lnr_error *err);

/* The logprob of a given token and the n_top most probable ones, as sampler_pick tells them of the
 * token it chooses. LNR_E_NUMERIC. */
lnr_status sampler_score(sampler *s, const float *logits, int32_t token, uint32_t n_top,
                         sampler_result *out, lnr_error *err);

#endif
