/* The sampler's options: defaults, ranges, and the form in which a request keeps them. */
#ifndef LNR_SAMPLE_OPTIONS_H
#define LNR_SAMPLE_OPTIONS_H

#include "base/fail.h"

#include <lanner/sampler.h>

/* The steps of a chain in the default order, with their public names. */
#define SAMPLE_STEP_LIST(X)                                                                        \
    X(PENALTIES, "penalties")                                                                      \
    X(DRY, "dry")                                                                                  \
    X(TOP_N_SIGMA, "top_n_sigma")                                                                  \
    X(TOP_K, "top_k")                                                                              \
    X(TFS, "tfs_z")                                                                                \
    X(TYPICAL, "typical_p")                                                                        \
    X(TOP_P, "top_p")                                                                              \
    X(MIN_P, "min_p")                                                                              \
    X(XTC, "xtc")                                                                                  \
    X(TEMPERATURE, "temperature")

typedef enum sample_step {
#define X(name, text) SAMPLE_##name,
    SAMPLE_STEP_LIST(X)
#undef X
        SAMPLE_STEPS
} sample_step;

/* Ended by NULL. */
const char *const *sample_step_names(void);

/* Every option at its off value, temperature 1; parameters at their usual values. */
void sampler_options_off(lnr_sampler_options *o);
void sampler_options_defaults(lnr_sampler_options *o);

/* *known = *given; members that a shorter, older struct does not have are off. LNR_E_ARGUMENT if it
 * is longer than ours and sets more. */
lnr_status sampler_options_take(const lnr_sampler_options *given, lnr_sampler_options *known,
                                lnr_error *err);

/* LNR_E_ARGUMENT naming the option, its value and the valid range. */
lnr_status sampler_options_check(const lnr_sampler_options *o, lnr_error *err);

/* Checked options with what they point to copied. */
typedef struct sampler_config {
    lnr_sampler_options o;       /* its pointers are NULL, its counts those of the copies */
    lnr_logit_bias *bias;        /* (o.n_logit_bias), owned */
    uint8_t chain[SAMPLE_STEPS]; /* (n_chain): the steps that are on, in order */
    uint32_t n_chain;
} sampler_config;

/* LNR_E_ARGUMENT as above, or for a token id of logit_bias that the vocabulary lacks; LNR_E_NOMEM.
 */
lnr_status sampler_config_init(sampler_config *c, const lnr_sampler_options *given,
                               uint32_t n_vocab, lnr_error *err);
void sampler_config_deinit(sampler_config *c);

#endif
