/* Attention to one chunk and the merge of chunks, the specification; design.md section 4, rule 4.
 */
#include "base/f16.h"
#include "base/math.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdbool.h>

/* Cell i of a block of n; for q8_0 its scale is number `scale` of those behind the cells. */
typedef float cell_fn(const void *block, size_t i, size_t n, size_t scale);

static float cell_f32(const void *block, size_t i, size_t n, size_t scale) {
    (void)n, (void)scale;
    return ((const float *)block)[i];
}

static float cell_f16(const void *block, size_t i, size_t n, size_t scale) {
    (void)n, (void)scale;
    return lnr_f16_to_f32(((const uint16_t *)block)[i]);
}

static float cell_q8_0(const void *block, size_t i, size_t n, size_t scale) {
    const int8_t *q = block;
    const uint16_t *d = (const void *)(q + n);
    return (float)q[i] * lnr_f16_to_f32(d[scale]);
}

/* The positions of the block that a query sees: *pos to the value. */
static size_t seen(const lnr_attn_block_args *a, size_t query, size_t *pos) {
    size_t lo = a->lo[query], hi = a->hi[query], end = a->first + LNR_ATTN_BLOCK;
    lo = lo > a->first ? lo : a->first;
    hi = hi < end ? hi : end;
    *pos = lo - a->first;
    return lo < hi ? hi - a->first : *pos;
}

static void scores(const lnr_attn_block_args *a, cell_fn *cell) {
    size_t n = LNR_ATTN_BLOCK, pos;
    for (size_t i = 0; i < a->n_q; i++)
        for (size_t to = seen(a, i, &pos); pos < to; pos++) {
            const float *q = a->q + i * a->head_dim;
            float s = 0.0f;
            for (size_t d = 0; d < a->head_dim; d++)
                s = fmaf(q[d], cell(a->block, d * n + pos, a->head_dim * n, d / 32 * n + pos), s);
            a->p[i * LNR_ATTN_CHUNK + a->first + pos] = s;
        }
}

static void values(const lnr_attn_block_args *a, cell_fn *cell) {
    size_t n = LNR_ATTN_BLOCK, dim = a->head_dim, pos;
    for (size_t i = 0; i < a->n_q; i++)
        for (size_t to = seen(a, i, &pos); pos < to; pos++) {
            float p = a->p[i * LNR_ATTN_CHUNK + a->first + pos], *o = a->o + i * dim;
            for (size_t d = 0; d < dim; d++) {
                size_t panel = d / 32, width = dim - 32 * panel < 32 ? dim - 32 * panel : 32;
                size_t at = 32 * panel * n + pos * width + d % 32;
                o[d] = fmaf(p, cell(a->block, at, dim * n, panel * n + pos), o[d]);
            }
        }
}

void lnr_attn_scores_f32_f32_1x1_scalar(const lnr_attn_block_args *a) {
    scores(a, cell_f32);
}

void lnr_attn_scores_f16_f32_1x1_scalar(const lnr_attn_block_args *a) {
    scores(a, cell_f16);
}

void lnr_attn_scores_q8_0_f32_1x1_scalar(const lnr_attn_block_args *a) {
    scores(a, cell_q8_0);
}

void lnr_attn_values_f32_f32_1x1_scalar(const lnr_attn_block_args *a) {
    values(a, cell_f32);
}

void lnr_attn_values_f16_f32_1x1_scalar(const lnr_attn_block_args *a) {
    values(a, cell_f16);
}

void lnr_attn_values_q8_0_f32_1x1_scalar(const lnr_attn_block_args *a) {
    values(a, cell_q8_0);
}

/* The maximum passes over NaN, and a zero is +0, so that it does not depend on the order. */
static float max_score(const float *p, size_t lo, size_t hi) {
    float m = -INFINITY;
    for (size_t i = lo; i < hi; i++)
        m = p[i] > m ? p[i] : m;
    return m + 0.0f;
}

void lnr_attn_softmax_f32_f32_1x1_scalar(const lnr_attn_softmax_args *a) {
    for (size_t query = 0; query < a->n_q; query++) {
        float *p = a->p + query * LNR_ATTN_CHUNK, partial[16] = {0};
        size_t lo = a->lo[query], hi = a->hi[query];
        for (size_t i = lo; a->softcap != 0.0f && i < hi; i++)
            p[i] = a->softcap * lnr_tanhf(p[i] / a->softcap);
        float m = max_score(p, lo, hi);
        for (size_t i = lo; i < hi; i++) {
            p[i] = lnr_expf(p[i] - m);
            partial[i % 16] += p[i];
        }
        for (int half = 8; half > 0; half /= 2)
            for (int j = 0; j < half; j++)
                partial[j] += partial[j + half];
        a->m[query] = m;
        a->l[query] = partial[0];
    }
}

void lnr_attn_merge_f32_f32_1x1_scalar(const lnr_attn_merge_args *a) {
    for (size_t i = 0; i < a->n_q; i++) {
        float *o = a->o + i * a->head_dim;
        const float *o_chunk = a->o_chunk + i * a->head_dim;
        if (a->l_chunk[i] == 0.0f)
            continue;
        bool first = a->l[i] == 0.0f;
        float m = a->m[i] > a->m_chunk[i] ? a->m[i] : a->m_chunk[i];
        if (first)
            m = a->m_chunk[i];
        float keep = first ? 0.0f : lnr_expf(a->m[i] - m);
        float take = first ? 1.0f : lnr_expf(a->m_chunk[i] - m);
        a->m[i] = m;
        a->l[i] = first ? a->l_chunk[i] : fmaf(a->l_chunk[i], take, a->l[i] * keep);
        for (size_t d = 0; d < a->head_dim; d++)
            o[d] = first ? o_chunk[d] : fmaf(o_chunk[d], take, o[d] * keep);
    }
}
