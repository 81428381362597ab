/* The tokens that may still be drawn: what truncation and the draw work on.
 *
 * The one idea: probabilities are integers (weight / total), so sums do not depend on their order
 * and need no sorting, and every cut is exact. The list is always in ascending order of id, which
 * makes "ties go to the lower id" the order of walking and the draw independent of how the
 * survivors were selected. */
#ifndef LNR_SAMPLE_CANDIDATES_H
#define LNR_SAMPLE_CANDIDATES_H

#include "base/fail.h"

#include <stdint.h>

/* The most probable candidate's weight. With at most CANDIDATES_MAX of them a total is below 2^64,
 * and a token less probable than 2^-43 of the best is never drawn. */
#define CANDIDATE_WEIGHT_ONE ((uint64_t)1 << 42)
#define CANDIDATES_MAX       ((uint32_t)1 << 21)

typedef struct candidate {
    float logit; /* finite */
    int32_t id;
    uint64_t weight; /* 0..CANDIDATE_WEIGHT_ONE; set by candidates_weigh */
} candidate;

typedef struct candidates {
    candidate *item; /* (n_max), n in use, ascending id */
    uint32_t n, n_max;
} candidates;

float candidates_best(const candidates *c); /* the largest logit; n > 0 */

/* weight = exp((logit - best) / temperature), in units of 1 / CANDIDATE_WEIGHT_ONE. temperature >
 * 0. */
void candidates_weigh(candidates *c, float temperature);

uint64_t candidates_total(const candidates *c); /* at least CANDIDATE_WEIGHT_ONE once weighed */

/* The id at which the running sum of weights passes random / 2^64 of the total. */
int32_t candidates_draw(const candidates *c, uint64_t random);

/* Entropy in nats of the list as weighed at temperature. */
double candidates_entropy(const candidates *c, float temperature);

/* The candidate of that id; NULL if it is not in the list. */
candidate *candidates_find(const candidates *c, int32_t id);

#endif
