/* Truncations of a candidate list: each removes candidates and keeps the order of the rest.
 *
 * min_keep: however much a truncation would remove, this many of those that it prefers stay; 0 and
 * 1 are the same, because none ever empties a list. Lists are weighed, at the temperature that is
 * given where one is. */
#ifndef LNR_SAMPLE_TRUNCATE_H
#define LNR_SAMPLE_TRUNCATE_H

#include "sample/candidates.h"
#include "sample/order.h"

/* Space for selecting and sorting; contents of no meaning between calls. */
typedef struct truncate_scratch {
    uint64_t bin[ORDER_BINS];
    uint32_t *order[2]; /* (n_max) each */
} truncate_scratch;

/* The k largest logits; k > 0. Needs no weights. */
void truncate_top_k(candidates *c, uint32_t k, truncate_scratch *scratch);

/* Those not less than floor; the best stays. */
void truncate_below(candidates *c, float floor, uint32_t min_keep, truncate_scratch *scratch);

/* The fewest candidates, largest first, whose weights reach p of the total; 0 < p <= 1. */
void truncate_top_p(candidates *c, float p, uint32_t min_keep, truncate_scratch *scratch);

/* Those whose weight is at least p times the largest; 0 <= p <= 1. */
void truncate_min_p(candidates *c, float p, uint32_t min_keep, truncate_scratch *scratch);

/* The fewest candidates, those first whose surprise -ln p is nearest to its mean, whose weights
 * reach p of the total; 0 < p < 1. Distances are compared as floats. */
void truncate_typical(candidates *c, float p, float temperature, uint32_t min_keep,
                      truncate_scratch *scratch);

/* Cuts, in descending order, where the running sum of |second differences| passes z of all;
 * 0 < z < 1. Exact: weights are integers. */
void truncate_tail_free(candidates *c, float z, uint32_t min_keep, truncate_scratch *scratch);

/* Removes all candidates of at least this probability but the least probable of them; none if fewer
 * than min_keep would be left. */
void truncate_top_choices(candidates *c, float threshold, uint32_t min_keep);

/* The standard deviation of the logits. */
double candidates_deviation(const candidates *c);

/* scratch->order[0] = indices of the list by descending logit, ties by ascending id. */
void candidates_sort(const candidates *c, truncate_scratch *scratch);

#endif
