/* How the next token is chosen from the logits.
 *
 * First what changes logits: logit_bias, bans (no_repeat_ngram, min_tokens), then the chain of
 * steps in the order of `samplers`, then the draw. Every random number is a function of (seed,
 * position, which draw), never of what was drawn before. Ties go to the lower id. An option at its
 * off value gives the same bits as a chain without that step.
 *
 * Temperature 0 takes the largest logit after bias, bans, penalties and dry; truncations, xtc,
 * dynamic temperature and mirostat have no effect then. With mirostat on the chain is penalties,
 * dry, temperature, mirostat, whatever `samplers` says.
 *
 *   step         options                  range          off   meaning
 *   penalties    repeat_penalty           > 0            1     seen tokens: logit / or * by it
 *                frequency_penalty        -100 to 100    0     subtracted per time seen
 *                presence_penalty         -100 to 100    0     subtracted once if seen
 *                penalty_last_n           -1, 0 ...      0     tokens looked back at; -1: all
 *   dry          dry_multiplier           0 to 1e6       0     penalty on repeating further
 *                dry_base                 1 to 100             grows by this per token of it
 *                dry_allowed_length       1 ...                repetitions below it are free
 *                dry_penalty_last_n       -1, 0 ...      0     tokens looked back at; -1: all
 *                dry_breakers                                  texts that end a repetition
 *   top_n_sigma  top_n_sigma              >= 0           0     keep logits >= best - n * deviation
 *   top_k        top_k                    0 ...          0     keep the k most probable
 *   tfs_z        tfs_z                    0 < z <= 1     1     cut the tail where the curve is flat
 *   typical_p    typical_p                0 < p <= 1     1     keep the least surprising surprises
 *   top_p        top_p                    0 < p <= 1     1     keep the most probable up to mass p
 *   min_p        min_p                    0 to 1         0     drop below p times the best
 *   xtc          xtc_probability          0 to 1         0     chance to drop all likely ones but
 *                xtc_threshold            0 to 1         >.5   the last that reaches this
 *   temperature  temperature              >= 0           1     0: always the best
 *                dynatemp_range           >= 0           0     by entropy, within T +- range
 *                dynatemp_exponent        > 0                  curve from entropy to temperature
 *   (mirostat)   mirostat                 0, 1, 2        0     keeps the surprise near a target
 *                mirostat_tau             > 0                  the target, bits per token
 *                mirostat_eta             > 0 to 1             how fast it is corrected
 *   (always)     no_repeat_ngram          0 ...          0     no n tokens in a row occur twice
 *                logit_bias               finite, -inf   none  added to a logit; -inf: never
 *                min_keep                 0 ...          0     truncations leave at least so many
 *
 * Sources: repeat penalty: Keskar et al. 2019 (CTRL); frequency and presence: OpenAI's API; top-k:
 * Fan et al. 2018; top-p: Holtzman et al. 2019; typical: Meister et al. 2022; tail free: Trenn and
 * Phenix 2019; min-p: Nguyen et al. 2024; top-n-sigma: Tang et al. 2024; mirostat: Basu et al.
 * 2020; DRY and XTC: p-e-w 2024; dynamic temperature: kalomaze 2023; no repeated n-gram: Paulus et
 * al. 2017. */
#ifndef LANNER_SAMPLER_H
#define LANNER_SAMPLER_H

#include <lanner/status.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LNR_LOGIT_BIAS_MAX        65536 /* entries of logit_bias */
#define LNR_DRY_BREAKERS_MAX      64
#define LNR_DRY_BREAKER_BYTES_MAX 256

typedef struct lnr_logit_bias {
    int32_t token;
    float bias; /* finite, or -inf: the token is never chosen. Entries for one token add up. */
} lnr_logit_bias;

/* See the table above. Begin with lnr_sampler_defaults. Pointers are borrowed: by
 * lnr_engine_submit until it returns. */
typedef struct lnr_sampler_options {
    size_t struct_size; /* sizeof(lnr_sampler_options) */
    float temperature;
    uint32_t top_k;
    float top_p;
    float min_p;
    uint64_t seed;
    float dynatemp_range, dynatemp_exponent;
    float top_n_sigma;
    float tfs_z;
    float typical_p;
    float xtc_probability, xtc_threshold;
    float repeat_penalty, frequency_penalty, presence_penalty;
    int32_t penalty_last_n;
    bool penalty_skip_prompt; /* penalties look at the answer only */
    float dry_multiplier, dry_base;
    uint32_t dry_allowed_length;
    int32_t dry_penalty_last_n;
    const char *const *dry_breakers; /* (n_dry_breakers), UTF-8, not empty; compared with the text
                                        of the tokens, also across their borders */
    size_t n_dry_breakers;
    uint32_t no_repeat_ngram; /* looks at prompt and answer */
    uint32_t mirostat;
    float mirostat_tau, mirostat_eta;
    uint32_t min_keep;
    const lnr_logit_bias *logit_bias; /* (n_logit_bias) */
    size_t n_logit_bias;
    const char *const *samplers; /* (n_samplers): the chain by the names of the table, each at most
                                    once; a step left out is not applied. NULL: all, in the order
                                    of the table */
    size_t n_samplers;
} lnr_sampler_options;

/* Temperature 0.8, top_k 40, top_p 0.95, min_p 0.05, seed 0; all else off, its parameters at usual
 * values: penalty_last_n 64, dry 1.75 / 2 / -1 with breakers newline ':' '"' '*', xtc_threshold
 * 0.1, tau 5, eta 0.1, exponent 1. */
LNR_API void lnr_sampler_defaults(lnr_sampler_options *o);

/* LNR_E_ARGUMENT naming the option, its value and the valid range. What needs the model (a token id
 * of logit_bias) is checked by lnr_engine_submit. */
LNR_API LNR_NODISCARD lnr_status lnr_sampler_check(const lnr_sampler_options *o, lnr_error *err);

/* The names for `samplers`, in the default order, ended by NULL. */
LNR_API const char *const *lnr_sampler_names(void);

#ifdef __cplusplus
}
#endif
#endif
