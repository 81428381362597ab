/* Operations on a row of logits, written once for every vector width. A last short block is padded
 * with what changes nothing: -Inf for the maximum and the exponentials, +0 for the sums (a partial
 * is never -0, because it begins at +0).
 *
 * The including file brings the vectors (simd_<isa>.h) and the kernels' names: BLOCK_MAX,
 * BLOCK_MOMENTS, BLOCK_EXP. */
#include "kernels/kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { PARTS = 16 / LANES, BLOCK = LNR_LOGIT_BLOCK };

LNR_INLINE void pad(const float *x, size_t n, float value, float to[BLOCK]) {
    memcpy(to, x, n * sizeof *x);
    for (size_t i = n; i < BLOCK; i++)
        to[i] = value;
}

/* *bad becomes NaN at a NaN or +Inf: -Inf is raised to -FLT_MAX first, which vf_max does without
 * touching a NaN, and 0 times anything finite leaves *bad as it is. */
LNR_INLINE float block_max(const float *x, vf *bad) {
    vf m = vf_set1(-INFINITY);
    LNR_UNROLL for (size_t i = 0; i < BLOCK; i += LANES) {
        vf v = vf_load(x + i);
        m = vf_max(v, m);
        *bad = vf_fma(vf_max(vf_set1(-FLT_MAX), v), vf_set1(0.0f), *bad);
    }
    return vf_max_lanes(m) + 0.0f;
}

bool BLOCK_MAX(const float *x, size_t n, float *max) {
    vf bad = vf_set1(0.0f);
    for (; n >= BLOCK; x += BLOCK, n -= BLOCK)
        *max++ = block_max(x, &bad);
    if (n > 0) {
        float last[BLOCK];
        pad(x, n, -INFINITY, last);
        *max = block_max(last, &bad);
    }
    float lane[LANES];
    vf_store(lane, bad);
    for (size_t i = 1; i < LANES; i++)
        lane[0] += lane[i];
    return lane[0] == 0.0f;
}

LNR_INLINE void block_moments(const float *x, float *sum, float *squares) {
    vf p[PARTS], q[PARTS];
    LNR_UNROLL for (size_t j = 0; j < PARTS; j++) p[j] = q[j] = vf_set1(0.0f);
    LNR_UNROLL for (size_t i = 0; i < BLOCK / LANES; i++) {
        vf v = vf_load(x + i * LANES);
        p[i % PARTS] = vf_add(p[i % PARTS], v);
        q[i % PARTS] = vf_fma(v, v, q[i % PARTS]);
    }
    *sum = vf_sum16(p);
    *squares = vf_sum16(q);
}

void BLOCK_MOMENTS(const float *x, size_t n, float *sum, float *squares) {
    for (; n >= BLOCK; x += BLOCK, n -= BLOCK)
        block_moments(x, sum++, squares++);
    if (n > 0) {
        float last[BLOCK];
        pad(x, n, 0.0f, last);
        block_moments(last, sum, squares);
    }
}

LNR_INLINE float block_exp(const float *x, vf shift, vf scale) {
    vf p[PARTS];
    LNR_UNROLL for (size_t j = 0; j < PARTS; j++) p[j] = vf_set1(0.0f);
    LNR_UNROLL for (size_t i = 0; i < BLOCK / LANES; i++) {
        vf v = vf_mul(vf_sub(vf_load(x + i * LANES), shift), scale);
        p[i % PARTS] = vf_add(p[i % PARTS], vf_exp(v));
    }
    return vf_sum16(p);
}

void BLOCK_EXP(const float *x, size_t n, float shift, float scale, float *sum) {
    vf from = vf_set1(shift), by = vf_set1(scale);
    for (; n >= BLOCK; x += BLOCK, n -= BLOCK)
        *sum++ = block_exp(x, from, by);
    if (n > 0) {
        float last[BLOCK];
        pad(x, n, -INFINITY, last);
        *sum = block_exp(last, from, by);
    }
}
