/* Truncations of a candidate list: each removes candidates and keeps the order of the rest. */
#ifndef LNR_SAMPLE_TRUNCATE_H
#define LNR_SAMPLE_TRUNCATE_H

#include "sample/candidates.h"

#define TRUNCATE_BINS 2048u

/* Counting space for a selection; 16 KiB, contents of no meaning between calls. */
typedef struct truncate_scratch {
    uint64_t bin[TRUNCATE_BINS];
} truncate_scratch;

/* The k largest logits; k > 0. */
void truncate_top_k(candidates *c, uint32_t k, truncate_scratch *scratch);

/* The fewest candidates, largest first, whose weights reach p of the total; 0 < p <= 1. Weighed
 * lists. */
void truncate_top_p(candidates *c, float p, truncate_scratch *scratch);

/* Those whose weight is at least p times the largest; 0 <= p <= 1. Weighed lists. */
void truncate_min_p(candidates *c, float p);

#endif
