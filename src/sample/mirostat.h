/* Mirostat (Basu et al. 2020): truncation whose strength is steered so that the tokens' mean
 * surprise, -log2 p in the model's distribution at the chosen temperature before truncation, stays
 * near tau.
 *
 * The state is one number, mu, the most surprise that is let through. A choice takes it by value
 * and gives the next one back: whoever steps back to an earlier token restores the mu it had. */
#ifndef LNR_SAMPLE_MIROSTAT_H
#define LNR_SAMPLE_MIROSTAT_H

#include "sample/logit_row.h"
#include "sample/options.h"
#include "sample/truncate.h"

double mirostat_start(const lnr_sampler_options *o);

/* Leaves in the list, unweighed, what may be drawn. Version 1 estimates how steep the distribution
 * is (Zipf's exponent) from its 100 most probable tokens and cuts by rank; version 2 cuts by
 * surprise. *ln_total: logarithm of the sum over the vocabulary of exp((logit - best) / t). */
void mirostat_truncate(const lnr_sampler_options *o, double mu, logit_row *v, candidates *c,
                       truncate_scratch *scratch, double *ln_total);

/* mu after a token of this logit; best: the vocabulary's largest. */
double mirostat_next(const lnr_sampler_options *o, double mu, float logit, float best,
                     double ln_total);

#endif
