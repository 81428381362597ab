/* What several tests of sampling need: the row operations of a level, and rows of logits. */
#ifndef TESTS_UNIT_SAMPLE_SUPPORT_H
#define TESTS_UNIT_SAMPLE_SUPPORT_H

#include "base/rng.h"
#include "cpu/features.h"
#include "kernels/select.h"
#include "sample/logit_row.h"
#include "sample/order.h"

#include <math.h>
#include <stdlib.h>

/* features 0: the scalar kernels */
static inline logit_ops ops_of(uint32_t features) {
    lnr_kernels k;
    kernels_select(features, &k);
    return (logit_ops){k.block_max_f32_f32, k.block_moments_f32_f32, k.block_exp_f32_f32};
}

/* A sum of four: a hump like a real vocabulary's, with few likely tokens. With ties few values
 * occur; a tenth of the logits are -Inf, never all. Yours, freed with free. */
static inline float *random_logits(uint32_t n, uint64_t seed, bool ties) {
    float *l = malloc(n * sizeof *l);
    if (l == NULL)
        abort();
    for (uint32_t i = 0; i < n; i++) {
        double u = -2;
        for (uint64_t k = 0; k < 4; k++)
            u += lnr_rng_unit(seed, i, k);
        l[i] = ties ? (float)(int)(u * 4) : (float)(u * 10);
        if (lnr_rng_u64(seed, i, 9) % 10 == 0 && n > 1)
            l[i] = -INFINITY;
    }
    l[n / 2] = 1.0f;
    return l;
}

#endif
