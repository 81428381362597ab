/* Attention of a few queries to one chunk, written once for every vector width; the scalar kernel
 * is the specification.
 *
 * Scores: positions are the lanes of a K block, so a score is a chain of fmas in its own lane, and
 * a loaded key serves all queries of a group. Values: the head dimension is in the lanes, positions
 * come in order. Lanes of invisible positions are computed with whatever their cells hold and then
 * dropped by selection; values of invisible positions are never read.
 *
 * The including file brings the vectors (simd_<isa>.h), GROUP (queries of a tile) and the names
 * ATTN_CHUNK and ATTN_MERGE. */
#include "kernels/kernels.h"

#include <math.h>

typedef struct group {
    int lo[GROUP], hi[GROUP];       /* visible positions; both 0 if there is none */
    float p[GROUP][LNR_ATTN_CHUNK]; /* scores, then probabilities */
} group;

/* Scores of n queries from q on with one block's positions, written to p[..][at..]. */
LNR_INLINE void scores(const lnr_attn_chunk_args *a, group *g, size_t query, int n, size_t block) {
    const uint16_t *keys = a->k[block];
    const float *q = a->q + query * a->head_dim;
    for (size_t i = 0; i < LNR_ATTN_BLOCK; i += 2 * LANES) {
        vf sum[GROUP][2];
        LNR_EACH(t, n) {
            sum[t][0] = sum[t][1] = vf_set1(0.0f);
        }
        for (size_t d = 0; d < a->head_dim; d++) {
            vf k0 = vf_load_half(keys + d * LNR_ATTN_BLOCK + i);
            vf k1 = vf_load_half(keys + d * LNR_ATTN_BLOCK + i + LANES);
            LNR_EACH(t, n) {
                vf qd = vf_set1(q[(size_t)t * a->head_dim + d]);
                sum[t][0] = vf_fma(qd, k0, sum[t][0]);
                sum[t][1] = vf_fma(qd, k1, sum[t][1]);
            }
        }
        LNR_EACH(t, n) {
            vf_store(&g->p[t][block * LNR_ATTN_BLOCK + i], sum[t][0]);
            vf_store(&g->p[t][block * LNR_ATTN_BLOCK + i + LANES], sum[t][1]);
        }
    }
}

/* The cap on the scores of positions lo..hi; like softmax it works on whole steps of 16. */
LNR_INLINE void cap_scores(float *p, int lo, int hi, float cap) {
    vf c = vf_set1(cap);
    for (int i = lo / 16 * 16; i < hi; i += LANES)
        vf_store(p + i, vf_mul(c, vf_tanh(vf_div(vf_load(p + i), c))));
}

/* Scores to probabilities exp(score - m), +0 where not visible; m and the sum l. Only the steps of
 * 16 positions that hold a visible one are touched. */
LNR_INLINE void softmax(float *p, int lo, int hi, float *m, float *l) {
    vf top = vf_set1(-INFINITY), partial[16 / LANES];
    for (int i = lo / 16 * 16; i < hi; i += LANES)
        top = vf_select(vmask_range(i, lo, hi), vf_max(vf_load(p + i), top), top);
    *m = vf_max_lanes(top) + 0.0f; /* a zero is +0, see the scalar kernel */
    for (int j = 0; j < 16 / LANES; j++)
        partial[j] = vf_set1(0.0f);
    for (int i = lo / 16 * 16; i < hi; i += 16)
        LNR_EACH(j, 16 / LANES) {
            int at = i + j * LANES;
            vf e = vf_exp(vf_sub(vf_load(p + at), vf_set1(*m)));
            e = vf_select(vmask_range(at, lo, hi), e, vf_set1(0.0f));
            vf_store(p + at, e);
            partial[j] = vf_add(partial[j], e); /* adding +0 leaves a partial, which is >= +0 */
        }
    *l = vf_sum16(partial);
}

/* o += p * v in order of position from..to-1, for n queries, t-th of group g. */
LNR_INLINE void values(const lnr_attn_chunk_args *a, const group *g, size_t query, int first, int n,
                       int from, int to) {
    for (size_t d = 0; d < a->head_dim; d += 2 * LANES) {
        size_t left = a->head_dim - d;
        size_t n0 = left < LANES ? left : LANES, n1 = left - n0 < LANES ? left - n0 : LANES;
        vf sum[GROUP][2];
        float *o = a->o + (query + (size_t)first) * a->head_dim + d;
        LNR_EACH(t, n) {
            float *row = o + (size_t)t * a->head_dim;
            sum[t][0] = n0 == LANES ? vf_load(row) : vf_load_first(row, n0);
            sum[t][1] = n1 == LANES ? vf_load(row + LANES) : vf_load_first(row + n0, n1);
        }
        for (int i = from; i < to; i++) {
            const uint16_t *v =
                a->v[i / LNR_ATTN_BLOCK] + (size_t)(i % LNR_ATTN_BLOCK) * a->head_dim + d;
            vf v0 = n0 == LANES ? vf_load_half(v) : vf_load_half_first(v, n0);
            vf v1 = n1 == LANES ? vf_load_half(v + LANES) : vf_load_half_first(v + n0, n1);
            LNR_EACH(t, n) {
                vf p = vf_set1(g->p[first + t][i]);
                sum[t][0] = vf_fma(p, v0, sum[t][0]);
                sum[t][1] = vf_fma(p, v1, sum[t][1]);
            }
        }
        LNR_EACH(t, n) {
            float *row = o + (size_t)t * a->head_dim;
            vf_store_first(row, n0, sum[t][0]);
            vf_store_first(row + n0, n1, sum[t][1]);
        }
    }
}

/* n queries from `query` on. The positions that all of them see pass once for the whole group; each
 * query's own ones before and after it pass alone, so that each keeps its order. */
LNR_INLINE void attend(const lnr_attn_chunk_args *a, size_t query, int n) {
    group g;
    int lo_max = 0, hi_min = LNR_ATTN_CHUNK, lo_min = LNR_ATTN_CHUNK, hi_max = 0;
    for (int t = 0; t < n; t++) {
        g.lo[t] = a->lo[query + (size_t)t];
        g.hi[t] = a->hi[query + (size_t)t];
        if (g.lo[t] >= g.hi[t])
            g.lo[t] = g.hi[t] = 0;
        else {
            lo_min = g.lo[t] < lo_min ? g.lo[t] : lo_min;
            hi_max = g.hi[t] > hi_max ? g.hi[t] : hi_max;
        }
        lo_max = g.lo[t] > lo_max ? g.lo[t] : lo_max;
        hi_min = g.hi[t] < hi_min ? g.hi[t] : hi_min;
    }
    hi_min = hi_min > lo_max ? hi_min : lo_max; /* lo_max..hi_min: common to all, may be empty */
    for (int block = lo_min / LNR_ATTN_BLOCK; block * LNR_ATTN_BLOCK < hi_max; block++)
        scores(a, &g, query, n, (size_t)block);
    memset(a->o + query * a->head_dim, 0, (size_t)n * a->head_dim * sizeof *a->o);
    for (int t = 0; t < n; t++) {
        int own_end = g.hi[t] < lo_max ? g.hi[t] : lo_max;
        if (a->softcap != 0.0f)
            cap_scores(g.p[t], g.lo[t], g.hi[t], a->softcap);
        softmax(g.p[t], g.lo[t], g.hi[t], &a->m[query + (size_t)t], &a->l[query + (size_t)t]);
        values(a, &g, query, t, 1, g.lo[t], own_end);
    }
    values(a, &g, query, 0, n, lo_max, hi_min);
    for (int t = 0; t < n; t++)
        values(a, &g, query, t, 1, hi_min > g.lo[t] ? hi_min : g.lo[t], g.hi[t]);
}

void ATTN_CHUNK(const lnr_attn_chunk_args *a) {
    size_t i = 0;
    for (; i + GROUP <= a->n_q; i += GROUP)
        attend(a, i, GROUP);
    for (; i < a->n_q; i++)
        attend(a, i, 1);
}

void ATTN_MERGE(const lnr_attn_merge_args *a) {
    for (size_t i = 0; i < a->n_q; i++) {
        float *o = a->o + i * a->head_dim;
        const float *o_chunk = a->o_chunk + i * a->head_dim;
        if (a->l_chunk[i] == 0.0f)
            continue;
        if (a->l[i] == 0.0f) {
            a->m[i] = a->m_chunk[i];
            a->l[i] = a->l_chunk[i];
            memcpy(o, o_chunk, a->head_dim * sizeof *o);
            continue;
        }
        float m = a->m[i] > a->m_chunk[i] ? a->m[i] : a->m_chunk[i];
        float keep = lnr_expf(a->m[i] - m), take = lnr_expf(a->m_chunk[i] - m);
        a->m[i] = m;
        a->l[i] = fmaf(a->l_chunk[i], take, a->l[i] * keep);
        size_t d = 0;
        for (; d + LANES <= a->head_dim; d += LANES)
            vf_store(o + d, vf_fma(vf_load(o_chunk + d), vf_set1(take),
                                   vf_mul(vf_load(o + d), vf_set1(keep))));
        for (; d < a->head_dim; d++)
            o[d] = fmaf(o_chunk[d], take, o[d] * keep);
    }
}
