/* Attention to a chunk and the merge of chunks. Cells that no query sees are NaN and blocks that no
 * query sees are NULL: a kernel that touches either shows it. */
#include "kc.h"

#include "base/f16.h"

#include <math.h>
#include <string.h>

enum { BLOCK = LNR_ATTN_BLOCK };

typedef struct chunk_call {
    lnr_attn_chunk_fn *fn;
    lnr_attn_chunk_args args;
} chunk_call;

static void call_chunk(void *arg) {
    chunk_call *c = arg;
    c->fn(&c->args);
}

/* Ranges as steps make them: causal runs, windows, nothing at all, anything. */
static void fill_ranges(kc *k, size_t shape, uint16_t *lo, uint16_t *hi, size_t n_q) {
    size_t first = kc_below(k, 129);
    for (size_t i = 0; i < n_q; i++) {
        size_t a = kc_below(k, 129), b = kc_below(k, 129);
        switch (shape) {
        case 0: /* decode: all queries see the same */
            a = 0, b = first;
            break;
        case 1: /* prompt */
            a = 0, b = first + i < 128 ? first + i : 128;
            break;
        case 2: /* sliding window of 40 */
            b = first + i < 128 ? first + i : 128;
            a = b > 40 ? b - 40 : 0;
            break;
        case 3: /* first block only */
            a /= 3, b /= 2;
            break;
        default:
            break;
        }
        lo[i] = (uint16_t)a;
        hi[i] = (uint16_t)b; /* lo > hi happens: sees nothing */
    }
}

/* Halves of K (head_dim, 64) and V (64, head_dim) of one block; NaN where seen[position] is false.
 */
static void fill_block(kc *k, kc_pattern p, const bool *seen, uint16_t *keys, uint16_t *values,
                       size_t head_dim) {
    for (size_t d = 0; d < head_dim; d++)
        for (size_t i = 0; i < BLOCK; i++) {
            keys[d * BLOCK + i] = seen[i] ? kc_half(k, p, d + i) : 0x7e00u;
            values[i * head_dim + d] = seen[i] ? kc_half(k, p, d + i) : 0x7e00u;
        }
}

static void chunk_case(kc *k, size_t n_q, size_t head_dim, size_t shape, float softcap,
                       kc_pattern p) {
    size_t n_o = n_q * head_dim, cells = BLOCK * head_dim;
    float *q = kc_place(k, 0, n_o * sizeof *q);
    float *want = kc_place(k, 1, (n_o + 2 * n_q) * sizeof *want);
    uint16_t lo[16], hi[16];
    uint16_t *keys[2] = {0}, *values[2] = {0};
    bool seen[2 * BLOCK] = {0}, used[2] = {0};
    fill_ranges(k, shape, lo, hi, n_q);
    for (size_t i = 0; i < n_q; i++)
        for (size_t j = lo[i]; j < hi[i]; j++)
            seen[j] = used[j / BLOCK] = true;
    kc_floats(k, p, q, n_o);
    for (int b = 0; b < 2; b++)
        if (used[b]) {
            keys[b] = kc_place(k, 3 + b, cells * sizeof **keys);
            values[b] = kc_place(k, 5 + b, cells * sizeof **values);
            fill_block(k, p, seen + b * BLOCK, keys[b], values[b], head_dim);
        }
    for (size_t row = 0; row < k->n_rows; row++) {
        float *o = row ? kc_place(k, 2, (n_o + 2 * n_q) * sizeof *o) : want;
        chunk_call call = {(lnr_attn_chunk_fn *)k->row[row]->run,
                           {q, n_q, head_dim, (const uint16_t *const *)keys,
                            (const uint16_t *const *)values, lo, hi, softcap, o + n_o,
                            o + n_o + n_q, o}};
        if (!kc_guard(k, row, call_chunk, &call))
            continue;
        ptrdiff_t at = kc_differs(want, o, n_o + 2 * n_q);
        bool ok = at < 0 && kc_canary_intact(o);
        for (size_t i = 0; i < n_q; i++) /* what merge relies on */
            ok = ok && (lo[i] < hi[i] ? !(o[n_o + n_q + i] < 1.0f) : o[n_o + n_q + i] == 0.0f);
        kc_outcome(k, row, ok, "%zu queries, head %zu, ranges %zu, cap %g, %s: value %td", n_q,
                   head_dim, shape, (double)softcap, kc_pattern_name(p), at);
    }
}

/* Scalar against doubles for one query that sees everything. */
static void chunk_truth(kc *k, float softcap) {
    enum { DIM = 64 };
    static float q[DIM], o[DIM], m, l;
    static uint16_t keys[2][DIM * BLOCK], values[2][DIM * BLOCK];
    static const uint16_t lo = 3, hi = 125;
    const uint16_t *kp[2] = {keys[0], keys[1]}, *vp[2] = {values[0], values[1]};
    bool seen[BLOCK];
    memset(seen, true, sizeof seen);
    kc_floats(k, KC_random, q, DIM);
    for (int b = 0; b < 2; b++)
        fill_block(k, KC_random, seen, keys[b], values[b], DIM);
    chunk_call call = {(lnr_attn_chunk_fn *)k->row[0]->run,
                       {q, 1, DIM, kp, vp, &lo, &hi, softcap, &m, &l, o}};
    if (!kc_guard(k, 0, call_chunk, &call))
        return;
    double sum = 0, out[DIM] = {0}, e[2 * BLOCK];
    for (size_t i = lo; i < hi; i++) {
        double s = 0;
        for (size_t d = 0; d < DIM; d++)
            s += (double)q[d] * (double)lnr_f16_to_f32(keys[i / BLOCK][d * BLOCK + i % BLOCK]);
        e[i] = exp(softcap != 0.0f ? (double)softcap * tanh(s / (double)softcap) : s);
        sum += e[i];
        for (size_t d = 0; d < DIM; d++)
            out[d] += e[i] * (double)lnr_f16_to_f32(values[i / BLOCK][i % BLOCK * DIM + d]);
    }
    for (size_t d = 0; d < DIM; d++)
        kc_outcome(k, 0, fabs(out[d] / sum - (double)(o[d] / l)) < 1e-4, "o[%zu] is %g, not %g", d,
                   (double)(o[d] / l), out[d] / sum);
}

void kc_check_attn_chunk(kc *k) {
    static const size_t heads[] = {1, 7, 8, 16, 17, 33, 64, 80, 128, 256};
    chunk_truth(k, 0.0f);
    chunk_truth(k, 2.5f);
    for (size_t h = 0; h < sizeof heads / sizeof heads[0]; h++)
        for (size_t n_q = 0; n_q <= 13; n_q++)
            for (size_t shape = 0; shape < 5; shape++)
                chunk_case(k, n_q, heads[h], shape, (n_q + shape) % 3 ? 0.0f : 3.0f, KC_random);
    for (kc_pattern p = 0; p < KC_N_PATTERNS; p++)
        for (size_t shape = 0; shape < 5; shape++)
            for (size_t n_q = 1; n_q <= 9; n_q += 4) {
                chunk_case(k, n_q, 40, shape, 0.0f, p);
                chunk_case(k, n_q, 40, shape, 30.0f, p);
                chunk_case(k, n_q, 1, shape, 0.0f,
                           p); /* scores that are one product: -0 by underflow */
            }
}

/* ---- merge ---- */

typedef struct merge_call {
    lnr_attn_merge_fn *fn;
    lnr_attn_merge_args args;
} merge_call;

static void call_merge(void *arg) {
    merge_call *c = arg;
    c->fn(&c->args);
}

static void merge_case(kc *k, size_t n_q, size_t head_dim, kc_pattern p) {
    size_t n_o = n_q * head_dim, n = n_o + 2 * n_q;
    float *start = kc_place(k, 0, n * sizeof *start), *chunk = kc_place(k, 1, n * sizeof *chunk);
    float *want = kc_place(k, 2, n * sizeof *want);
    kc_floats(k, p, start, n);
    kc_floats(k, p, chunk, n);
    for (size_t i = 0; i < n_q; i++) { /* a quarter each: nothing so far, nothing new, both */
        size_t kind = kc_below(k, 4);
        start[n_o + n_q + i] = kind & 1 ? 0.0f : 1.0f + fabsf(start[n_o + n_q + i]);
        chunk[n_o + n_q + i] = kind & 2 ? 0.0f : 1.0f + fabsf(chunk[n_o + n_q + i]);
    }
    for (size_t row = 0; row < k->n_rows; row++) {
        float *o = row ? kc_place(k, 3, n * sizeof *o) : want;
        memcpy(o, start, n * sizeof *o);
        merge_call call = {
            (lnr_attn_merge_fn *)k->row[row]->run,
            {n_q, head_dim, o + n_o, o + n_o + n_q, o, chunk + n_o, chunk + n_o + n_q, chunk}};
        if (!kc_guard(k, row, call_merge, &call))
            continue;
        ptrdiff_t at = kc_differs(want, o, n);
        kc_outcome(k, row, at < 0 && kc_canary_intact(o), "%zu queries, head %zu, %s: value %td",
                   n_q, head_dim, kc_pattern_name(p), at);
    }
}

void kc_check_attn_merge(kc *k) {
    for (kc_pattern p = 0; p < KC_N_PATTERNS; p++)
        for (size_t n_q = 0; n_q <= 5; n_q++)
            for (size_t head_dim = 0; head_dim <= 35; head_dim++)
                merge_case(k, n_q, head_dim, p);
}
