/* See logit_row.h. Sums over blocks are in double and in order of block, so that a result does not
 * depend on which blocks were edited first. */
#include "sample/logit_row.h"

#include "base/alloc.h"
#include "base/math.h"
#include "sample/order.h"

#include <float.h>
#include <string.h>

#define PIECE ((size_t)64 * LOGIT_BLOCK) /* 16 KiB of logits */

lnr_status logit_row_init(logit_row *v, uint32_t n_vocab, const logit_ops *ops, lnr_error *err) {
    uint32_t n = (n_vocab + LOGIT_BLOCK - 1) / LOGIT_BLOCK;
    *v = (logit_row){.ops = *ops, .n_vocab = n_vocab, .n_blocks = n};
    v->max = lnr_alloc_array(n, sizeof *v->max);
    v->slot = lnr_alloc_array(n, sizeof *v->slot);
    v->copied = lnr_alloc_array(n, sizeof *v->copied);
    v->copy = lnr_alloc_array(n, LOGIT_BLOCK * sizeof *v->copy);
    v->scratch[0] = lnr_alloc_array(n, sizeof *v->scratch[0]);
    v->scratch[1] = lnr_alloc_array(n, sizeof *v->scratch[1]);
    v->sum = lnr_alloc_array(n, 2 * sizeof *v->sum);
    v->squares = lnr_alloc_array(n, 2 * sizeof *v->squares);
    if (!v->max || !v->slot || !v->copied || !v->copy || !v->scratch[0] || !v->scratch[1] ||
        !v->sum || !v->squares) {
        logit_row_deinit(v);
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the sampler's %u blocks", (unsigned)n);
    }
    for (uint32_t b = 0; b < n; b++)
        v->slot[b] = -1;
    return LNR_OK;
}

void logit_row_deinit(logit_row *v) {
    lnr_free(v->max);
    lnr_free(v->slot);
    lnr_free(v->copied);
    lnr_free(v->copy);
    lnr_free(v->scratch[0]);
    lnr_free(v->scratch[1]);
    lnr_free(v->sum);
    lnr_free(v->squares);
    *v = (logit_row){0};
}

static uint32_t block_length(const logit_row *v, uint32_t b) {
    uint32_t left = v->n_vocab - b * LOGIT_BLOCK;
    return left < LOGIT_BLOCK ? left : LOGIT_BLOCK;
}

static const float *block(const logit_row *v, uint32_t b) {
    int32_t slot = v->slot[b];
    return slot < 0 ? v->logits + (size_t)b * LOGIT_BLOCK : v->copy + (size_t)slot * LOGIT_BLOCK;
}

/* Names the first logit that is no number. */
static lnr_status not_finite(const logit_row *v, lnr_error *err) {
    uint32_t i = 0;
    while (i + 1 < v->n_vocab && v->logits[i] <= FLT_MAX)
        i++;
    return LNR_FAIL(err, LNR_E_NUMERIC, "the logit of token %u is %s", (unsigned)i,
                    v->logits[i] != v->logits[i] ? "NaN" : "+Inf");
}

/* Looks at the row a piece at a time, each small enough to be still in the first cache when the
 * second kernel comes. */
static bool measure(logit_row *v, bool moments) {
    bool finite = true;
    for (size_t at = 0; at < v->n_vocab && finite; at += PIECE) {
        size_t n = v->n_vocab - at < PIECE ? v->n_vocab - at : PIECE, b = at / LOGIT_BLOCK;
        finite = v->ops.block_max(v->logits + at, n, v->max + b);
        if (moments)
            v->ops.block_moments(v->logits + at, n, v->sum + b, v->squares + b);
    }
    v->has_moments = moments;
    return finite;
}

lnr_status logit_row_begin(logit_row *v, const float *logits, bool moments, lnr_error *err) {
    float best;
    for (uint32_t i = 0; i < v->n_copied; i++)
        v->slot[v->copied[i]] = -1;
    v->n_copied = 0;
    v->edited = false;
    v->best_block = -1;
    v->logits = logits;
    if (!measure(v, moments))
        return not_finite(v, err);
    if (logit_row_best(v, &best) < 0)
        return LNR_FAIL(err, LNR_E_NUMERIC, "the logits of all %u tokens are -Inf",
                        (unsigned)v->n_vocab);
    return LNR_OK;
}

float *logit_row_edit(logit_row *v, uint32_t id) {
    uint32_t b = id / LOGIT_BLOCK;
    if (v->slot[b] < 0) {
        uint32_t n = block_length(v, b);
        float *to = v->copy + (size_t)v->n_copied * LOGIT_BLOCK;
        memcpy(to, block(v, b), n * sizeof *to);
        for (uint32_t i = n; i < LOGIT_BLOCK; i++)
            to[i] = -__builtin_inff();
        v->slot[b] = (int32_t)v->n_copied;
        v->copied[v->n_copied++] = b;
    }
    v->edited = true;
    return v->copy + (size_t)v->slot[b] * LOGIT_BLOCK + id % LOGIT_BLOCK;
}

float logit_row_get(const logit_row *v, uint32_t id) {
    return block(v, id / LOGIT_BLOCK)[id % LOGIT_BLOCK];
}

/* Brings the maxima up to date with the edits. */
static void settle(logit_row *v) {
    if (!v->edited)
        return;
    float *max = v->scratch[0];
    v->ops.block_max(v->copy, (size_t)v->n_copied * LOGIT_BLOCK, max);
    for (uint32_t i = 0; i < v->n_copied; i++)
        v->max[v->copied[i]] = max[i];
    v->edited = false;
    v->best_block = -1;
}

static int32_t largest_block(const logit_row *v) {
    uint32_t best = 0;
    float largest = v->max[0];
    for (uint32_t b = 1; b < v->n_blocks; b++)
        if (v->max[b] > largest) {
            largest = v->max[b];
            best = b;
        }
    return (int32_t)best;
}

int32_t logit_row_best(logit_row *v, float *logit) {
    settle(v);
    uint32_t i = 0;
    if (v->best_block < 0)
        v->best_block = largest_block(v);
    uint32_t best = (uint32_t)v->best_block;
    *logit = v->max[best];
    if (*logit < -FLT_MAX)
        return -1;
    while (block(v, best)[i] != *logit)
        i++;
    return (int32_t)(best * LOGIT_BLOCK + i);
}

/* The k-th largest maximum belongs to a token that is among the k largest of its row or equals the
 * k-th: k blocks have a token at least as large. Only the upper 22 bits are looked at: a lower
 * floor lets in a few more. */
float logit_row_floor_of_top(logit_row *v, uint32_t k, uint64_t *bin) {
    settle(v);
    if (k >= v->n_blocks)
        return -__builtin_inff();
    uint32_t need = k, known = 0, prefix = 0;
    for (uint32_t level = 0; level < 2; level++) {
        uint32_t shift = 21 - 11 * level, mask = ~0u << shift;
        memset(bin, 0, ORDER_BINS * sizeof *bin);
        for (uint32_t b = 0; b < v->n_blocks; b++) {
            uint32_t key = order_key(v->max[b]);
            if ((key & known) == prefix)
                bin[(key & mask & ~known) >> shift]++;
        }
        uint32_t i = ORDER_BINS - 1;
        while (bin[i] < need)
            need -= (uint32_t)bin[i--];
        prefix |= i << shift;
        known = mask;
    }
    return order_value(prefix);
}

bool logit_row_has(logit_row *v, float floor, uint32_t n) {
    settle(v);
    for (uint32_t b = 0; b < v->n_blocks && n > 0; b++)
        n -= v->max[b] >= floor;
    return n == 0;
}

void logit_row_gather(logit_row *v, float floor, candidates *c) {
    settle(v);
    c->n = 0;
    if (!(floor >= -FLT_MAX))
        floor = -FLT_MAX;
    for (uint32_t b = 0; b < v->n_blocks; b++) {
        if (!(v->max[b] >= floor))
            continue;
        const float *l = block(v, b);
        uint32_t n = block_length(v, b);
        for (uint32_t i = 0; i < n; i++)
            if (l[i] >= floor)
                c->item[c->n++] = (candidate){.logit = l[i], .id = (int32_t)(b * LOGIT_BLOCK + i)};
    }
}

typedef struct moments {
    double sum, squares;
    uint64_t n;
} moments;

/* A block that holds -Inf, or whose squares leave the range of float. */
static void add_by_hand(moments *m, const float *l, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (l[i] >= -FLT_MAX) {
            m->sum += (double)l[i];
            m->squares += (double)l[i] * (double)l[i];
            m->n++;
        }
}

double logit_row_deviation(logit_row *v) {
    moments m = {0};
    if (!v->has_moments)
        v->ops.block_moments(v->logits, v->n_vocab, v->sum, v->squares);
    v->has_moments = true;
    /* behind those of the row, those of the copies; the last copy's padding makes it -Inf */
    v->ops.block_moments(v->copy, (size_t)v->n_copied * LOGIT_BLOCK, v->sum + v->n_blocks,
                         v->squares + v->n_blocks);
    for (uint32_t b = 0; b < v->n_blocks; b++) {
        uint32_t at = v->slot[b] < 0 ? b : v->n_blocks + (uint32_t)v->slot[b];
        if (v->squares[at] <= FLT_MAX) {
            m.sum += (double)v->sum[at];
            m.squares += (double)v->squares[at];
            m.n += block_length(v, b);
        } else {
            add_by_hand(&m, block(v, b), block_length(v, b));
        }
    }
    double mean = m.sum / (double)m.n;
    double variance = m.squares / (double)m.n - mean * mean;
    return variance > 0.0 ? __builtin_sqrt(variance) : 0.0;
}

double logit_row_exp_sum(logit_row *v, float best, float temperature) {
    float *row = v->scratch[0], *copies = v->scratch[1];
    double inverse = 1.0 / (double)temperature;
    float scale = inverse > FLT_MAX ? FLT_MAX : (float)inverse;
    v->ops.block_exp(v->logits, v->n_vocab, best, scale, row);
    v->ops.block_exp(v->copy, (size_t)v->n_copied * LOGIT_BLOCK, best, scale, copies);
    double sum = 0;
    for (uint32_t b = 0; b < v->n_blocks; b++)
        sum += (double)(v->slot[b] < 0 ? row[b] : copies[v->slot[b]]);
    return sum;
}
