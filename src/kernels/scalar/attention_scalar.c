/* Attention to one chunk and the merge of chunks, the specification; design.md section 4, rule 4.
 */
#include "base/f16.h"
#include "base/math.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdbool.h>

/* score = q . k in order of the head dimension, then capped */
static float score(const lnr_attn_chunk_args *a, const float *q, size_t pos) {
    const uint16_t *k = a->k[pos / LNR_ATTN_BLOCK] + pos % LNR_ATTN_BLOCK;
    float s = 0.0f;
    for (size_t d = 0; d < a->head_dim; d++)
        s = fmaf(q[d], lnr_f16_to_f32(k[d * LNR_ATTN_BLOCK]), s);
    return a->softcap != 0.0f ? a->softcap * lnr_tanhf(s / a->softcap) : s;
}

/* The maximum passes over NaN, and a zero is +0, so that it does not depend on the order. */
static float max_score(const float *p, size_t lo, size_t hi) {
    float m = -INFINITY;
    for (size_t i = lo; i < hi; i++)
        m = p[i] > m ? p[i] : m;
    return m + 0.0f;
}

static void attend(const lnr_attn_chunk_args *a, size_t query) {
    float p[LNR_ATTN_CHUNK], partial[16] = {0}, *o = a->o + query * a->head_dim;
    size_t lo = a->lo[query], hi = a->hi[query];
    for (size_t i = lo; i < hi; i++)
        p[i] = score(a, a->q + query * a->head_dim, i);
    float m = max_score(p, lo, hi);
    for (size_t d = 0; d < a->head_dim; d++)
        o[d] = 0.0f;
    for (size_t i = lo; i < hi; i++) {
        const uint16_t *v = a->v[i / LNR_ATTN_BLOCK] + i % LNR_ATTN_BLOCK * a->head_dim;
        p[i] = lnr_expf(p[i] - m);
        partial[i % 16] += p[i];
        for (size_t d = 0; d < a->head_dim; d++)
            o[d] = fmaf(p[i], lnr_f16_to_f32(v[d]), o[d]);
    }
    for (int half = 8; half > 0; half /= 2)
        for (int j = 0; j < half; j++)
            partial[j] += partial[j + half];
    a->m[query] = m;
    a->l[query] = partial[0];
}

void lnr_attn_chunk_f16_f32_1x1_scalar(const lnr_attn_chunk_args *a) {
    for (size_t i = 0; i < a->n_q; i++)
        attend(a, i);
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
