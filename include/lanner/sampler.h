/* How the next token is chosen from the logits. */
#ifndef LANNER_SAMPLER_H
#define LANNER_SAMPLER_H

#include <lanner/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Applied in this order: top-k, top-p, min-p, temperature, draw. Ties go to the lower id. The draw
 * for a position depends on (seed, position) only, never on what was drawn before. */
typedef struct lnr_sampler_options {
    size_t struct_size; /* sizeof(lnr_sampler_options) */
    float temperature;  /* 0: the most probable token, always; else > 0 */
    uint32_t top_k;     /* keep the k most probable; 0: off */
    float top_p;        /* keep the most probable up to this mass, 0 < p <= 1; 1: off */
    float min_p; /* drop what is less probable than this times the best, 0 <= p <= 1; 0: off */
    uint64_t seed;
} lnr_sampler_options;

/* 0.8, 40, 0.95, 0.05, seed 0. */
LNR_API void lnr_sampler_defaults(lnr_sampler_options *o);

/* LNR_E_ARGUMENT naming the option, its value and the valid range. */
LNR_API LNR_NODISCARD lnr_status lnr_sampler_check(const lnr_sampler_options *o, lnr_error *err);

#ifdef __cplusplus
}
#endif
#endif
