/* What the tokens so far do to the logits: penalties, DRY, and bans of repeated n-grams.
 *
 * The one idea for repetitions: how far the text before each earlier position agrees with the end
 * of the text is the Z-function (Gusfield 1997) of the text read backwards, computed for all
 * positions in linear time. A token that followed such an agreement is one that would go on with
 * the repetition. */
#ifndef LNR_SAMPLE_HISTORY_H
#define LNR_SAMPLE_HISTORY_H

#include "sample/options.h"

/* The tokens so far, the last one last. */
typedef struct history {
    const int32_t *token;   /* (n), each below the vocabulary's size */
    const uint8_t *breaker; /* (n): 1 where a DRY breaker ends in this token; NULL: nowhere */
    uint32_t n, n_prompt;   /* the first n_prompt are the prompt */
} history;

typedef struct history_scratch {
    uint32_t *seen;  /* (n_vocab), all 0 between calls; owned */
    int32_t *id;     /* (n_vocab): those with seen > 0; owned */
    uint32_t *match; /* (n_tokens_max + 1); owned */
    uint32_t n_tokens_max;
} history_scratch;

lnr_status history_scratch_init(history_scratch *s, uint32_t n_vocab, uint32_t n_tokens_max,
                                lnr_error *err);
void history_scratch_deinit(history_scratch *s);

/* Where an edit goes: NULL for a token that is out already. */
typedef float *history_logit(void *user, int32_t id);

typedef struct history_target {
    history_logit *logit;
    void *user;
} history_target;

/* logit / repeat (* repeat where negative), - count * frequency, - presence; for tokens in the
 * window. */
void history_penalties(const history *h, const lnr_sampler_options *o, history_scratch *s,
                       history_target to);

/* - multiplier * base^(length - allowed length) for tokens that would make a repetition of `length`
 * tokens (from allowed_length on) longer. A breaker ends what counts as repeated, and is never
 * penalised itself. */
void history_dry(const history *h, const lnr_sampler_options *o, history_scratch *s,
                 history_target to);

/* -Inf for tokens that would complete n tokens in a row that occurred before. */
void history_no_repeat(const history *h, uint32_t n_gram, history_scratch *s, history_target to);

/* The nearest float, kept finite unless it is -Inf. */
float history_clamp(double logit);

#endif
