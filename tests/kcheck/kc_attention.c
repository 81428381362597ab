/* Attention to a chunk and the merge of chunks. Cells that no query sees are NaN and blocks that no
 * query sees are NULL: a kernel that lets either reach a result shows it. */
#include "kc.h"

#include "base/f16.h"

#include <math.h>
#include <string.h>

enum { BLOCK = LNR_ATTN_BLOCK, CHUNK = LNR_ATTN_CHUNK, QUERIES_MAX = 40 };

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
        case 4: /* all of it */
            a = 0, b = 128;
            break;
        default:
            break;
        }
        lo[i] = (uint16_t)a;
        hi[i] = (uint16_t)b; /* lo > hi happens: sees nothing */
    }
}

enum { SHAPES = 6 };

/* ---- scores and values ---- */

typedef struct block_call {
    lnr_attn_block_fn *fn;
    lnr_attn_block_args args;
} block_call;

static void call_block(void *arg) {
    block_call *c = arg;
    c->fn(&c->args);
}

typedef struct block_case {
    const char *type;
    bool keys;
    size_t n_q, head_dim, first, shape;
    kc_pattern pattern;
} block_case;

static size_t block_bytes(const char *type, size_t head_dim) {
    size_t n = head_dim * BLOCK;
    if (strcmp(type, "q8_0") == 0)
        return n + n / 16;
    return strcmp(type, "f16") == 0 ? 2 * n : 4 * n;
}

/* Cell i of a block, of a position that some query sees or NaN. */
static void fill_cell(kc *k, const block_case *c, char *block, size_t i, bool seen) {
    if (strcmp(c->type, "f32") == 0)
        ((float *)(void *)block)[i] = seen ? kc_float(k, c->pattern, i) : NAN;
    else if (strcmp(c->type, "f16") == 0)
        ((uint16_t *)(void *)block)[i] = seen ? kc_half(k, c->pattern, i) : 0x7e00u;
    else
        block[i] = (char)((int)kc_below(k, 255) - 127);
}

/* The position and dimension of cell i of a block. */
static size_t position_of(const block_case *c, size_t i) {
    size_t panel = i / (32 * BLOCK) * 32, width = c->head_dim - panel;
    return c->keys ? i % BLOCK : (i - panel * BLOCK) / (width < 32 ? width : 32);
}

static size_t dimension_of(const block_case *c, size_t i) {
    size_t panel = i / (32 * BLOCK) * 32, width = c->head_dim - panel;
    return c->keys ? i / BLOCK : panel + (i - panel * BLOCK) % (width < 32 ? width : 32);
}

static void fill_block(kc *k, const block_case *c, const bool *seen, char *block) {
    size_t n = c->head_dim * BLOCK;
    uint16_t *scale = (uint16_t *)(void *)(block + n);
    for (size_t i = 0; i < n; i++)
        fill_cell(k, c, block, i, seen[position_of(c, i)]);
    for (size_t i = 0; strcmp(c->type, "q8_0") == 0 && i < n / 32; i++)
        scale[i] = seen[i % BLOCK] ? kc_half(k, c->pattern, i) : 0x7e00u;
}

/* What is no result becomes 0: scores that no query sees. */
static void blank_unseen(const block_case *c, const uint16_t *lo, const uint16_t *hi, float *p) {
    for (size_t i = 0; i < c->n_q; i++)
        for (size_t j = 0; j < CHUNK; j++)
            if (j < lo[i] || j >= hi[i] || j < c->first || j >= c->first + BLOCK)
                p[i * CHUNK + j] = 0.0f;
}

static void run_block_case(kc *k, const block_case *c) {
    size_t n_o = c->n_q * c->head_dim, n_p = c->n_q * CHUNK, n = c->keys ? n_p : n_o;
    uint16_t *lo = kc_place(k, 4, c->n_q * sizeof *lo), *hi = kc_place(k, 5, c->n_q * sizeof *hi);
    float *in = kc_place(k, 0, (c->keys ? n_o : n_p) * sizeof *in);
    float *start = kc_place(k, 6, n * sizeof *start), *want = kc_place(k, 1, n * sizeof *want);
    float *wide = kc_place(k, 7, c->head_dim * BLOCK * sizeof *wide);
    bool seen[BLOCK] = {0}, any = false;
    fill_ranges(k, c->shape, lo, hi, c->n_q);
    for (size_t i = 0; i < c->n_q; i++)
        for (size_t j = lo[i]; j < hi[i]; j++)
            if (j - c->first < BLOCK)
                any = seen[j - c->first] = true;
    kc_floats(k, c->pattern, in, c->keys ? n_o : n_p);
    kc_floats(k, KC_random, start, n);
    char *block = any ? kc_place(k, 3, block_bytes(c->type, c->head_dim)) : NULL;
    if (block)
        fill_block(k, c, seen, block);
    for (size_t row = 0; row < k->n_rows; row++) {
        float *out = row ? kc_place(k, 2, n * sizeof *out) : want;
        memcpy(out, start, n * sizeof *out);
        block_call call = {(lnr_attn_block_fn *)k->row[row]->run,
                           {c->n_q, c->head_dim, lo, hi, c->first, block, c->keys ? in : NULL,
                            c->keys ? out : in, c->keys ? NULL : out, block, wide}};
        if (!kc_guard(k, row, call_block, &call))
            continue;
        if (c->keys)
            blank_unseen(c, lo, hi, out);
        ptrdiff_t at = kc_differs(want, out, n);
        kc_outcome(k, row, at < 0 && kc_canary_intact(out) && kc_canary_intact(wide),
                   "%zu queries, head %zu, block at %zu, ranges %zu, %s: value %td", c->n_q,
                   c->head_dim, c->first, c->shape, kc_pattern_name(c->pattern), at);
    }
}

/* The scalar row against sums in doubles. */
static void block_truth(kc *k, const block_case *c) {
    enum { DIM = 64 };
    static float q[DIM], p[CHUNK], o[DIM], wide[DIM * BLOCK];
    static _Alignas(4) char block[4 * DIM * BLOCK];
    static const uint16_t lo = 67, hi = 125;
    bool seen[BLOCK];
    memset(seen, true, sizeof seen);
    kc_floats(k, KC_random, q, DIM);
    kc_floats(k, KC_random, p, CHUNK);
    memset(o, 0, sizeof o);
    fill_block(k, c, seen, block);
    block_call call = {(lnr_attn_block_fn *)k->row[0]->run,
                       {1, DIM, &lo, &hi, BLOCK, block, q, p, o, block, wide}};
    double cell[DIM][BLOCK], want[CHUNK] = {0};
    for (size_t i = 0; i < DIM * BLOCK; i++) {
        size_t d = dimension_of(c, i), pos = position_of(c, i);
        const uint16_t *scale = (uint16_t *)(void *)(block + DIM * BLOCK);
        if (strcmp(c->type, "f32") == 0)
            cell[d][pos] = (double)((float *)(void *)block)[i];
        else if (strcmp(c->type, "f16") == 0)
            cell[d][pos] = (double)lnr_f16_to_f32(((uint16_t *)(void *)block)[i]);
        else
            cell[d][pos] = block[i] * (double)lnr_f16_to_f32(scale[d / 32 * BLOCK + pos]);
    }
    for (size_t i = lo; i < hi; i++)
        for (size_t d = 0; d < DIM; d++)
            want[c->keys ? i : d] += cell[d][i - BLOCK] * (c->keys ? (double)q[d] : (double)p[i]);
    if (!kc_guard(k, 0, call_block, &call))
        return;
    for (size_t i = c->keys ? lo : 0; i < (c->keys ? hi : DIM); i++) {
        double got = (double)(c->keys ? p[i] : o[i]);
        kc_outcome(k, 0, fabs(got - want[i]) <= 1e-5 * (1 + fabs(want[i])) * 100,
                   "value %zu is %g, not %g", i, got, want[i]);
    }
}

void kc_check_attn_block(kc *k) {
    static const size_t heads[] = {32, 64, 96, 128, 256, 1, 7, 8, 16, 17, 33, 40, 80};
    block_case c = {.type = k->row[0]->weight, .keys = strcmp(k->row[0]->op, "attn_scores") == 0};
    size_t n_heads = strcmp(c.type, "q8_0") == 0 ? 5 : sizeof heads / sizeof heads[0];
    block_case truth = c;
    truth.head_dim = 64;
    block_truth(k, &truth);
    for (size_t h = 0; h < n_heads; h++)
        for (c.n_q = 0; c.n_q <= 27; c.n_q++)
            for (c.shape = 0; c.shape < SHAPES; c.shape++) {
                c.head_dim = heads[h];
                c.first = (c.n_q + c.shape) % 2 ? BLOCK : 0;
                c.pattern = KC_random;
                run_block_case(k, &c);
            }
    for (c.pattern = 0; c.pattern < KC_N_PATTERNS; c.pattern++)
        for (c.shape = 0; c.shape < SHAPES; c.shape++)
            for (c.n_q = 1; c.n_q <= 15; c.n_q += 7)
                for (c.first = 0; c.first < CHUNK; c.first += BLOCK)
                    for (size_t h = 0; h < n_heads; h += 5) { /* 32 and 1: one product, maybe -0 */
                        c.head_dim = heads[h];
                        run_block_case(k, &c);
                    }
}

/* ---- softmax ---- */

typedef struct softmax_call {
    lnr_attn_softmax_fn *fn;
    lnr_attn_softmax_args args;
} softmax_call;

static void call_softmax(void *arg) {
    softmax_call *c = arg;
    c->fn(&c->args);
}

static void softmax_case(kc *k, size_t n_q, size_t shape, float softcap, kc_pattern pattern) {
    size_t n_p = n_q * CHUNK, n = n_p + 2 * n_q;
    uint16_t *lo = kc_place(k, 4, n_q * sizeof *lo), *hi = kc_place(k, 5, n_q * sizeof *hi);
    float *start = kc_place(k, 0, n_p * sizeof *start), *want = kc_place(k, 1, n * sizeof *want);
    fill_ranges(k, shape, lo, hi, n_q);
    kc_floats(k, pattern, start, n_p);
    for (size_t i = 0; i < n_p; i++)
        if (i % CHUNK < lo[i / CHUNK] || i % CHUNK >= hi[i / CHUNK])
            start[i] = NAN;
    for (size_t row = 0; row < k->n_rows; row++) {
        float *m = row ? kc_place(k, 2, n * sizeof *m) : want, *l = m + n_q, *p = l + n_q;
        memcpy(p, start, n_p * sizeof *p);
        softmax_call call = {(lnr_attn_softmax_fn *)k->row[row]->run,
                             {n_q, lo, hi, softcap, p, m, l}};
        if (!kc_guard(k, row, call_softmax, &call))
            continue;
        bool ok = kc_canary_intact(m);
        for (size_t i = 0; i < n_q; i++) { /* what merge relies on */
            ok = ok && (lo[i] < hi[i] ? !(l[i] < 1.0f) : l[i] == 0.0f && m[i] == -INFINITY);
            for (size_t j = 0; j < CHUNK; j++)
                if (j < lo[i] || j >= hi[i])
                    p[i * CHUNK + j] = 0.0f;
        }
        ptrdiff_t at = kc_differs(want, m, n);
        kc_outcome(k, row, ok && at < 0, "%zu queries, ranges %zu, cap %g, %s: value %td", n_q,
                   shape, (double)softcap, kc_pattern_name(pattern), at);
    }
}

/* The scalar row against doubles. */
static void softmax_truth(kc *k, float softcap) {
    static const uint16_t lo = 3, hi = 125;
    float p[CHUNK], m, l;
    double e[CHUNK], sum = 0, top = -INFINITY;
    kc_floats(k, KC_random, p, CHUNK);
    for (size_t i = lo; i < hi; i++) {
        double s = (double)p[i];
        e[i] = softcap != 0.0f ? (double)softcap * tanh(s / (double)softcap) : s;
        top = e[i] > top ? e[i] : top;
    }
    for (size_t i = lo; i < hi; i++)
        sum += e[i] = exp(e[i] - top);
    softmax_call call = {(lnr_attn_softmax_fn *)k->row[0]->run, {1, &lo, &hi, softcap, p, &m, &l}};
    if (!kc_guard(k, 0, call_softmax, &call))
        return;
    kc_outcome(k, 0, fabs((double)m - top) < 1e-5, "m is %g, not %g", (double)m, top);
    kc_outcome(k, 0, fabs((double)l - sum) < 1e-4 * sum, "l is %g, not %g", (double)l, sum);
    for (size_t i = lo; i < hi; i++)
        kc_outcome(k, 0, fabs((double)p[i] - e[i]) < 1e-5, "p[%zu] is %g, not %g", i, (double)p[i],
                   e[i]);
}

void kc_check_attn_softmax(kc *k) {
    static const float caps[] = {0.0f, 2.5f, 30.0f};
    for (size_t c = 0; c < sizeof caps / sizeof caps[0]; c++) {
        softmax_truth(k, caps[c]);
        for (kc_pattern p = 0; p < KC_N_PATTERNS; p++)
            for (size_t shape = 0; shape < SHAPES; shape++)
                for (size_t n_q = 0; n_q <= 17; n_q += n_q < 4 ? 1 : 13)
                    softmax_case(k, n_q, shape, caps[c], p);
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
        for (size_t n_q = 0; n_q <= 19; n_q += n_q < 5 ? 1 : 7)
            for (size_t head_dim = 0; head_dim <= 35; head_dim++)
                merge_case(k, n_q, head_dim, p);
}
