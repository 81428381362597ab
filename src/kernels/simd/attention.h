/* Attention of a few queries to one chunk, written once for every vector width; the scalar kernels
 * are the specification.
 *
 * Scores have positions in the lanes, values have dimensions, so a sum is a chain of fmas in a lane
 * of its own; what runs beside it are other lanes and queries: a tile is up to GROUP queries x 2
 * vectors, or 4 where so few queries would not hide an fma's latency. Up to GROUP queries take the
 * cells as they are stored, widened on the way; for more a block is widened once, to `wide`. Lanes
 * of positions that a query does not see are computed with whatever their cells hold and never
 * read again.
 *
 * The including file brings the vectors (simd_<isa>.h), GROUP, FEW (the most queries with tiles of
 * 4 vectors) and the names of the kernels. */
#include "kernels/kernels.h"

#include <math.h>
#include <stdbool.h>

enum { BLOCK = LNR_ATTN_BLOCK, CHUNK = LNR_ATTN_CHUNK };

/* ---- cells ---- */

/* How cells are stored; a constant wherever it is used, after inlining. */
typedef enum storage { F32, F16, Q8_0 } storage;

/* A block as tiles read it. */
typedef struct cells {
    const void *cell;
    const void *next; /* a block to be fetched from memory meanwhile */
    size_t next_cell_bytes;
    const float *scale; /* of q8_0, widened: (head_dim / 32, 64) */
    bool whole;         /* every query sees all of it */
} cells;

/* LANES cells from number `at` on, times scale for q8_0. */
LNR_INLINE vf load_cells(cells c, storage s, size_t at, vf scale) {
    switch (s) {
    case F16:
        return vf_load_half((const uint16_t *)c.cell + at);
    case Q8_0:
        return vf_mul(vf_load_byte((const int8_t *)c.cell + at), scale);
    case F32:
        break;
    }
    return vf_load((const float *)c.cell + at);
}

LNR_INLINE size_t cell_bytes(storage s) {
    return s == F32 ? 4 : s == F16 ? 2 : 1;
}

/* At vector j of a tile, whose first cell is number `at`: fetches the line of the next block at
 * that place, unless a vector before it has. */
LNR_INLINE void fetch_next(cells c, storage s, size_t at, int j) {
    if ((size_t)j * LANES * cell_bytes(s) % 64 == 0)
        vf_prefetch((const char *)c.next + at * c.next_cell_bytes);
}

/* The first n < LANES of them; q8_0 has no such part. */
LNR_INLINE vf load_first_cells(cells c, storage s, size_t at, size_t n) {
    return s == F16 ? vf_load_half_first((const uint16_t *)c.cell + at, n)
                    : vf_load_first((const float *)c.cell + at, n);
}

/* Positions from <= pos < to of a block; none: both 0. */
typedef struct range {
    size_t from, to;
} range;

LNR_INLINE range seen_by(const lnr_attn_block_args *a, size_t query) {
    size_t lo = a->lo[query], hi = a->hi[query], end = a->first + BLOCK;
    lo = lo > a->first ? lo : a->first;
    hi = hi < end ? hi : end;
    return lo < hi ? (range){lo - a->first, hi - a->first} : (range){0, 0};
}

/* Whether every query sees the whole block, as is usual: then no query needs a look of its own. */
static bool all_see_all(const lnr_attn_block_args *a) {
    uint16_t lo_max = 0, hi_min = CHUNK;
    for (size_t i = 0; i < a->n_q; i++) {
        lo_max = a->lo[i] > lo_max ? a->lo[i] : lo_max;
        hi_min = a->hi[i] < hi_min ? a->hi[i] : hi_min;
    }
    return lo_max <= a->first && hi_min >= a->first + BLOCK;
}

LNR_INLINE range seen_by_any(const lnr_attn_block_args *a, size_t query, size_t n) {
    range all = {0, 0};
    for (size_t i = query; i < query + n; i++) {
        range r = seen_by(a, i);
        if (r.to && (all.to == 0 || r.from < all.from))
            all.from = r.from;
        all.to = r.to > all.to ? r.to : all.to;
    }
    return all;
}

/* The scales of a q8_0 block to `wide`. */
LNR_INLINE cells with_scales(const lnr_attn_block_args *a, storage s) {
    size_t n = a->head_dim * BLOCK;
    if (s == Q8_0)
        for (size_t i = 0; i < n / 32; i += LANES) {
            const uint16_t *d = (const void *)((const int8_t *)a->block + n);
            vf_store(a->wide + i, vf_load_half(d + i));
        }
    return (cells){.cell = a->block, .scale = a->wide};
}

/* ---- scores ---- */

/* The keys of the positions of r, and of some beside them, as floats; q8_0's scales come in place
 * as they are needed, since `wide` is for the result. */
LNR_INLINE cells wide_keys(const lnr_attn_block_args *a, storage s, range r) {
    const uint16_t *scale = (const void *)((const int8_t *)a->block + a->head_dim * BLOCK);
    cells c = {.cell = a->block};
    for (size_t d = 0; d < a->head_dim; d++)
        for (size_t i = r.from / LANES * LANES; i < r.to; i += LANES) {
            vf factor = vf_set1(0.0f);
            if (s == Q8_0)
                factor = vf_load_half(scale + d / 32 * BLOCK + i);
            vf_store(a->wide + d * BLOCK + i, load_cells(c, s, d * BLOCK + i, factor));
        }
    return (cells){.cell = a->wide};
}

/* Scores of n queries with the positions at.. of n_vectors vectors. */
LNR_INLINE void scores_tile(const lnr_attn_block_args *a, cells c, storage s, size_t query, int n,
                            int n_vectors, size_t at) {
    size_t dim = a->head_dim;
    const float *q = a->q + query * dim;
    vf sum[GROUP][4];
    LNR_EACH(t, n) {
        LNR_EACH(j, n_vectors) {
            sum[t][j] = vf_set1(0.0f);
        }
    }
    for (size_t part = 0; part < dim; part += 32) {
        size_t end = part + 32 < dim ? part + 32 : dim;
        vf scale[4];
        LNR_EACH(j, n_vectors) {
            scale[j] = s == Q8_0 ? vf_load(c.scale + part / 32 * BLOCK + at + (size_t)j * LANES)
                                 : vf_set1(0.0f);
        }
        for (size_t d = part; d < end; d++) {
            vf k[4];
            LNR_EACH(j, n_vectors) {
                fetch_next(c, s, d * BLOCK + at + (size_t)j * LANES, j);
                k[j] = load_cells(c, s, d * BLOCK + at + (size_t)j * LANES, scale[j]);
            }
            LNR_EACH(t, n) {
                vf qd = vf_set1(q[(size_t)t * dim + d]);
                LNR_EACH(j, n_vectors) {
                    sum[t][j] = vf_fma(qd, k[j], sum[t][j]);
                }
            }
        }
    }
    LNR_EACH(t, n) {
        float *p = a->p + (query + (size_t)t) * CHUNK + a->first + at;
        LNR_EACH(j, n_vectors) {
            vf_store(p + j * LANES, sum[t][j]);
        }
    }
}

/* n queries and the positions that one of them sees. */
LNR_INLINE void scores_group(const lnr_attn_block_args *a, cells c, storage s, size_t query,
                             int n) {
    range r = c.whole ? (range){0, BLOCK} : seen_by_any(a, query, (size_t)n);
    size_t at = r.from / (2 * LANES) * (2 * LANES);
    if (n <= FEW)
        for (; at + 2 * LANES < r.to && at + 4 * LANES <= BLOCK; at += 4 * LANES)
            scores_tile(a, c, s, query, n, 4, at);
    for (; at < r.to; at += 2 * LANES)
        scores_tile(a, c, s, query, n, 2, at);
}

/* ---- values ---- */

/* The number of the panel's first cell that dimension d of position 0 is in, and of cells from one
 * position to the next. */
LNR_INLINE size_t value_at(size_t dim, size_t d, size_t *width) {
    size_t panel = d / 32 * 32;
    *width = dim - panel < 32 ? dim - panel : 32;
    return panel * BLOCK + d % 32;
}

/* The values of the positions of r as floats. */
LNR_INLINE cells wide_values(const lnr_attn_block_args *a, storage s, range r) {
    const uint16_t *scale = (const void *)((const int8_t *)a->block + a->head_dim * BLOCK);
    cells c = {.cell = a->block};
    for (size_t d = 0, width; d < a->head_dim; d += 32) {
        size_t first = value_at(a->head_dim, d, &width), end = first + r.to * width;
        size_t at = first + r.from * width;
        for (; at + LANES <= end; at += LANES) {
            vf factor = vf_set1(0.0f);
            if (s == Q8_0)
                factor = vf_set1(vf_half(scale[d / 32 * BLOCK + (at - first) / 32]));
            vf_store(a->wide + at, load_cells(c, s, at, factor));
        }
        if (s != Q8_0 && at < end)
            vf_store_first(a->wide + at, end - at, load_first_cells(c, s, at, end - at));
    }
    return (cells){.cell = a->wide};
}

/* o += p * v in order of position for n queries and the dimensions from d on: n_vectors vectors, or
 * one of n_last < LANES. */
LNR_INLINE void values_tile(const lnr_attn_block_args *a, cells c, storage s, size_t query, int n,
                            int n_vectors, range r, size_t d, size_t n_last) {
    size_t dim = a->head_dim, width = 0, first[4];
    const float *p = a->p + query * CHUNK + a->first;
    float *o = a->o + query * dim + d;
    vf sum[GROUP][4];
    LNR_EACH(j, n_vectors) {
        first[j] = value_at(dim, d + (size_t)j * LANES, &width);
    }
    LNR_EACH(t, n) {
        LNR_EACH(j, n_vectors) {
            const float *row = o + (size_t)t * dim + j * LANES;
            sum[t][j] = n_last == LANES ? vf_load(row) : vf_load_first(row, n_last);
        }
    }
    for (size_t i = r.from; i < r.to; i++) {
        vf v[4];
        LNR_EACH(j, n_vectors) {
            size_t at = first[j] + i * width, panel = (d + (size_t)j * LANES) / 32;
            fetch_next(c, s, at, j);
            vf scale = vf_set1(s == Q8_0 ? c.scale[panel * BLOCK + i] : 0.0f);
            v[j] =
                n_last == LANES ? load_cells(c, s, at, scale) : load_first_cells(c, s, at, n_last);
        }
        LNR_EACH(t, n) {
            vf pi = vf_set1(p[(size_t)t * CHUNK + i]);
            LNR_EACH(j, n_vectors) {
                sum[t][j] = vf_fma(pi, v[j], sum[t][j]);
            }
        }
    }
    LNR_EACH(t, n) {
        LNR_EACH(j, n_vectors) {
            float *row = o + (size_t)t * dim + j * LANES;
            if (n_last == LANES)
                vf_store(row, sum[t][j]);
            else
                vf_store_first(row, n_last, sum[t][j]);
        }
    }
}

LNR_INLINE void values_rows(const lnr_attn_block_args *a, cells c, storage s, size_t query, int n,
                            range r) {
    size_t d = 0, dim = a->head_dim;
    if (r.from >= r.to)
        return;
    if (n <= FEW)
        for (; d + 4 * LANES <= dim; d += 4 * LANES)
            values_tile(a, c, s, query, n, 4, r, d, LANES);
    for (; d + 2 * LANES <= dim; d += 2 * LANES)
        values_tile(a, c, s, query, n, 2, r, d, LANES);
    for (; s != Q8_0 && d < dim; d += LANES)
        values_tile(a, c, s, query, n, 1, r, d, dim - d < LANES ? dim - d : LANES);
}

/* One query, in a function of its own for all groups. */
static void values_alone(const lnr_attn_block_args *a, cells c, storage s, size_t query, range r) {
    if (s == F32)
        values_rows(a, c, F32, query, 1, r);
    else if (s == F16)
        values_rows(a, c, F16, query, 1, r);
    else
        values_rows(a, c, Q8_0, query, 1, r);
}

/* n queries. The positions that all of them see pass once for all; what a query sees before and
 * after them passes alone, so that each keeps its order. */
LNR_INLINE void values_group(const lnr_attn_block_args *a, cells c, storage s, size_t query,
                             int n) {
    range all = {0, BLOCK};
    if (c.whole) {
        values_rows(a, c, s, query, n, all);
        return;
    }
    for (int t = 0; t < n; t++) {
        range r = seen_by(a, query + (size_t)t);
        all.from = r.from > all.from ? r.from : all.from;
        all.to = r.to < all.to ? r.to : all.to;
    }
    for (int t = 0; t < n; t++) {
        range r = seen_by(a, query + (size_t)t);
        r.to = r.to < all.from ? r.to : all.from;
        if (r.from < r.to)
            values_alone(a, c, s, query + (size_t)t, r);
    }
    values_rows(a, c, s, query, n, all);
    for (int t = 0; t < n; t++) {
        range r = seen_by(a, query + (size_t)t);
        size_t done = all.to > all.from ? all.to : all.from;
        r.from = r.from > done ? r.from : done;
        if (r.from < r.to)
            values_alone(a, c, s, query + (size_t)t, r);
    }
}

/* ---- queries in groups ---- */

/* Scores or values of all queries. Each number of queries up to 8 that share a kv head has tiles of
 * its own. */
LNR_INLINE void in_groups(const lnr_attn_block_args *a, cells c, storage s, bool keys) {
#define LNR_GROUP(n)                                                                               \
    if (n <= GROUP)                                                                                \
        for (; a->n_q - i >= n; i += n) {                                                          \
            if (keys)                                                                              \
                scores_group(a, c, s, i, n <= GROUP ? n : 1);                                      \
            else                                                                                   \
                values_group(a, c, s, i, n <= GROUP ? n : 1);                                      \
        }
    size_t i = 0;
    LNR_GROUP(12)
    LNR_GROUP(8)
    LNR_GROUP(7)
    LNR_GROUP(6)
    LNR_GROUP(5)
    LNR_GROUP(4)
    LNR_GROUP(3)
    LNR_GROUP(2)
    LNR_GROUP(1)
#undef LNR_GROUP
}

LNR_INLINE void attend(const lnr_attn_block_args *a, storage s, bool keys) {
    bool whole = all_see_all(a);
    range r = whole ? (range){0, BLOCK} : seen_by_any(a, 0, a->n_q);
    if (a->n_q == 0 || r.to == 0)
        return;
    bool stored = s == F32 || a->n_q <= GROUP;
    cells c = stored ? with_scales(a, s) : keys ? wide_keys(a, s, r) : wide_values(a, s, r);
    c.whole = whole;
    c.next = a->next;
    c.next_cell_bytes = cell_bytes(s);
    if (stored)
        in_groups(a, c, s, keys);
    else
        in_groups(a, c, F32, keys);
}

void SCORES_F32(const lnr_attn_block_args *a) {
    attend(a, F32, true);
}

void SCORES_F16(const lnr_attn_block_args *a) {
    attend(a, F16, true);
}

void SCORES_Q8_0(const lnr_attn_block_args *a) {
    attend(a, Q8_0, true);
}

void VALUES_F32(const lnr_attn_block_args *a) {
    attend(a, F32, false);
}

void VALUES_F16(const lnr_attn_block_args *a) {
    attend(a, F16, false);
}

void VALUES_Q8_0(const lnr_attn_block_args *a) {
    attend(a, Q8_0, false);
}

/* ---- softmax and merge ---- */

/* The cap on the scores of positions lo..hi-1; like softmax it works on whole steps of 16. */
LNR_INLINE void cap_scores(float *p, int lo, int hi, float cap) {
    vf c = vf_set1(cap);
    for (int i = lo / 16 * 16; lo < hi && i < hi; i += LANES)
        vf_store(p + i, vf_mul(c, vf_tanh(vf_div(vf_load(p + i), c))));
}

/* m of the scores at p. Only the steps of 16 positions that hold a visible one are touched. whole:
 * lo and hi are 0 and CHUNK. */
LNR_INLINE float max_score(const float *p, int lo, int hi, bool whole) {
    vf top[16 / LANES];
    LNR_EACH(j, 16 / LANES) {
        top[j] = vf_set1(-INFINITY);
    }
    for (int i = lo / 16 * 16; i < hi; i += 16)
        LNR_EACH(j, 16 / LANES) {
            int at = i + j * LANES;
            vf higher = vf_max(vf_load(p + at), top[j]);
            top[j] = whole ? higher : vf_select(vmask_range(at, lo, hi), higher, top[j]);
        }
    LNR_EACH(j, 16 / LANES) {
        top[0] = vf_max(top[j], top[0]);
    }
    return vf_max_lanes(top[0]) + 0.0f; /* a zero is +0, see the scalar kernel */
}

/* Scores to probabilities exp(score - m), +0 where not visible, and their sum. */
LNR_INLINE float exponentials(float *p, int lo, int hi, bool whole, float m) {
    vf partial[16 / LANES], zero = vf_set1(0.0f);
    LNR_EACH(j, 16 / LANES) {
        partial[j] = zero;
    }
    for (int i = lo / 16 * 16; i < hi; i += 16)
        LNR_EACH(j, 16 / LANES) {
            int at = i + j * LANES;
            vf e = vf_exp_small(vf_sub(vf_load(p + at), vf_set1(m))); /* at most exp(0), or NaN */
            if (!whole)
                e = vf_select(vmask_range(at, lo, hi), e, zero);
            vf_store(p + at, e);
            partial[j] = vf_add(partial[j], e); /* adding +0 leaves a partial, which is >= +0 */
        }
    return vf_sum16(partial);
}

/* First all maxima, then all sums: a query's reductions wait for each other, the next query's do
 * not. */
void SOFTMAX(const lnr_attn_softmax_args *a) {
    for (size_t i = 0; i < a->n_q; i++) {
        float *p = a->p + i * CHUNK;
        int lo = a->lo[i], hi = a->hi[i];
        if (a->softcap != 0.0f)
            cap_scores(p, lo, hi, a->softcap);
        a->m[i] = lo == 0 && hi == CHUNK ? max_score(p, 0, CHUNK, true)
                                         : max_score(p, lo, lo < hi ? hi : 0, false);
    }
    for (size_t i = 0; i < a->n_q; i++) {
        float *p = a->p + i * CHUNK;
        int lo = a->lo[i], hi = a->hi[i];
        a->l[i] = lo == 0 && hi == CHUNK ? exponentials(p, 0, CHUNK, true, a->m[i])
                                         : exponentials(p, lo, lo < hi ? hi : 0, false, a->m[i]);
    }
}

/* One query; keep and take are the factors of what there is and what comes. */
LNR_INLINE void merge_query(const lnr_attn_merge_args *a, size_t i, float keep, float take) {
    float *o = a->o + i * a->head_dim;
    const float *o_chunk = a->o_chunk + i * a->head_dim;
    if (a->l_chunk[i] == 0.0f)
        return;
    if (a->l[i] == 0.0f) {
        a->m[i] = a->m_chunk[i];
        a->l[i] = a->l_chunk[i];
        memcpy(o, o_chunk, a->head_dim * sizeof *o);
        return;
    }
    a->m[i] = a->m[i] > a->m_chunk[i] ? a->m[i] : a->m_chunk[i];
    a->l[i] = fmaf(a->l_chunk[i], take, a->l[i] * keep);
    size_t d = 0;
    for (; d + LANES <= a->head_dim; d += LANES)
        vf_store(o + d, vf_fma(vf_load(o_chunk + d), vf_set1(take),
                               vf_mul(vf_load(o + d), vf_set1(keep))));
    for (; d < a->head_dim; d++)
        o[d] = fmaf(o_chunk[d], take, o[d] * keep);
}

void MERGE(const lnr_attn_merge_args *a) {
    for (size_t i = 0; i < a->n_q; i += LANES) {
        size_t n = a->n_q - i < LANES ? a->n_q - i : LANES;
        /* Aligned, because gcc 12 otherwise loses them on AddressSanitizer's fake stack. */
        _Alignas(64) float keep[LANES], take[LANES];
        vf m = n < LANES ? vf_load_first(a->m + i, n) : vf_load(a->m + i);
        vf m_chunk = n < LANES ? vf_load_first(a->m_chunk + i, n) : vf_load(a->m_chunk + i);
        vf top = vf_max(m, m_chunk);
        vf_store(keep, vf_exp(vf_sub(m, top)));
        vf_store(take, vf_exp(vf_sub(m_chunk, top)));
        for (size_t t = 0; t < n; t++)
            merge_query(a, i + t, keep[t], take[t]);
    }
}
