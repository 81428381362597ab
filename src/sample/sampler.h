/* Choosing the next token: a pure function of (logits, options, position).
 *
 * A sampler is only the scratch for one vocabulary size, made once, so that a pick allocates
 * nothing; it keeps no state between picks and may serve any number of requests in turn. Not
 * thread-safe. */
#ifndef LNR_SAMPLE_SAMPLER_H
#define LNR_SAMPLE_SAMPLER_H

#include "sample/options.h"

typedef struct sampler sampler;

/* LNR_E_UNSUPPORTED for a vocabulary of 0 or more than CANDIDATES_MAX tokens; LNR_E_NOMEM. */
lnr_status sampler_create(uint32_t n_vocab, sampler **out, lnr_error *err);
void sampler_destroy(sampler *s); /* NULL allowed */

/* logits: (n_vocab), unchanged. o has passed sampler_options_check.
 * Temperature 0: the largest logit. Otherwise top-k, top-p, min-p, temperature, draw: the
 * truncations see the probabilities at temperature 1 over what the step before left. A logit of
 * -Inf is never chosen. LNR_E_NUMERIC when a logit is NaN or +Inf, or all are -Inf. */
lnr_status sampler_pick(sampler *s, const lnr_sampler_options *o, const float *logits,
                        uint64_t position, int32_t *token, lnr_error *err);

#endif
