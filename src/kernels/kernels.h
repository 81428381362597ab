/* The micro-kernels: what each operation takes and promises.
 *
 * Kernels work on raw pointers and know no tensor, thread or allocator. For one operation all
 * kernels give the same bits as the scalar one, which is the specification; kernels.def lists them,
 * select.h picks. Pointers need the alignment of their element type only, except that panels and
 * activation blocks profit from 64. Counts may be 0. Inputs and outputs do not overlap unless it is
 * said. */
#ifndef LNR_KERNELS_KERNELS_H
#define LNR_KERNELS_KERNELS_H

#include "quant/activation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* y[c * ldy + 16 p + r] = (row r of panel p) . (activations of token c), for all rows and tokens.
 *
 * One float accumulator per row and token starts at +0 and takes the blocks in order of k; the
 * value does not depend on n_panels or n_cols. The formula of each format stands in its scalar
 * kernel. */
typedef struct lnr_gemm_args {
    const void *w; /* n_panels panels of the kernel's format, see quant/<format>.h */
    size_t n_panels;
    size_t n_k;      /* row length, a multiple of the format's block */
    const void *x;   /* n_cols tokens' activations of the kernel's kind */
    size_t x_stride; /* bytes from one token to the next */
    size_t n_cols;   /* tokens */
    float *y;
    size_t ldy; /* floats from one token's results to the next's, at least 16 * n_panels */
} lnr_gemm_args;

typedef void lnr_gemm_fn(const lnr_gemm_args *a);

/* n floats, whole blocks, to activation blocks of the kernel's kind; see quant/activation.h. */
typedef void lnr_quantize_fn(const float *x, size_t n, void *out);

/* y = (x * r) * w with r = 1 / sqrt(sum(x x) / n + eps). y may be x. */
typedef void lnr_rms_norm_fn(const float *x, const float *w, size_t n, float eps, float *y);

/* out = silu(gate) * up with silu(x) = x / (1 + exp(-x)). out may be gate or up. */
typedef void lnr_silu_mul_fn(const float *gate, const float *up, size_t n, float *out);

/* out = gelu(gate) * up with gelu(x) = 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), computed
 * as x / (1 + exp(-2 sqrt(2 / pi) (...))), which is the same and does not cancel. out may be gate
 * or up. */
#define LNR_GELU_INNER 0.044715f
#define LNR_GELU_OUTER (-0x1.988454p+0f) /* -2 sqrt(2 / pi) */
typedef void lnr_gelu_mul_fn(const float *gate, const float *up, size_t n, float *out);

typedef void lnr_softcap_fn(float *x, size_t n, float cap); /* x = cap * tanh(x / cap) */

typedef void lnr_add_fn(float *x, const float *y, size_t n); /* x += y */
typedef void lnr_scale_fn(float *x, size_t n, float factor); /* x *= factor */

/* Rotates n_rot / 2 pairs of one head's vector in place; pair i by the angle of c[i] and s[i]. The
 * pairs are (2 i, 2 i + 1) for rope_norm and (i, i + n_rot / 2) for rope_neox. */
typedef void lnr_rope_norm_fn(float *x, size_t n_rot, const float *c, const float *s);
typedef void lnr_rope_neox_fn(float *x, size_t n_rot, const float *c, const float *s);

typedef void lnr_narrow_fn(const float *x, size_t n, uint16_t *out); /* floats to halves */

#define LNR_ATTN_BLOCK 64  /* positions in one block of K or V */
#define LNR_ATTN_CHUNK 128 /* positions of one chunk: two blocks */

/* Attention of n_q queries to a chunk of one kv head: scores for each of its blocks, softmax,
 * values for each of its blocks in order. Query i sees the positions lo[i] <= pos < hi[i] of the
 * chunk; what else the chunk holds never reaches a result.
 *
 * A block is cut into panels of 32 dimensions (the last may have fewer), of keys (dimension, 64
 * positions) and of values (64 positions, dimension), so that vectors hold positions of the former
 * and dimensions of the latter. The cells are floats, halves, or for q8_0 signed bytes q with half
 * scales d behind all cells of the block, (head_dim / 32, 64), and the value d * q. */
typedef struct lnr_attn_block_args {
    size_t n_q, head_dim;    /* head_dim a multiple of 32 for q8_0 */
    const uint16_t *lo, *hi; /* (n_q), lo <= hi <= 128, or lo > hi: sees nothing */
    size_t first;            /* the block's first position in the chunk: 0 or 64 */
    const void *block;       /* keys or values; may be NULL if no query sees any of them */
    const float *q;          /* (n_q, head_dim), already scaled; for scores */
    float *p;                /* (n_q, 128) */
    float *o;                /* (n_q, head_dim); for values */
    const void *next; /* a block that will be wanted soon, or this one: is fetched meanwhile */
    float *wide;      /* scratch, (64, head_dim) */
} lnr_attn_block_args;

/* scores: p = q . k in order of the head dimension; what a query does not see of this block may be
 * overwritten. values: o = fma(p, v, o) in order of position, over what a query sees. */
typedef void lnr_attn_block_fn(const lnr_attn_block_args *a);
typedef lnr_attn_block_fn lnr_attn_scores_fn, lnr_attn_values_fn;

/* m = max of the scores that a query sees, p = exp(score - m), l = sum of p. A query that sees
 * nothing gets m = -inf, l = 0; one that sees something gets an l that is at least 1 or NaN. */
typedef struct lnr_attn_softmax_args {
    size_t n_q;
    const uint16_t *lo, *hi; /* as above */
    float softcap;           /* not 0: a score s becomes softcap * tanh(s / softcap) before */
    float *p;                /* (n_q, 128); what a query does not see may be overwritten */
    float *m, *l;            /* (n_q) */
} lnr_attn_softmax_args;

typedef void lnr_attn_softmax_fn(const lnr_attn_softmax_args *a);

/* Adds a later chunk's (m, l, o) to the accumulated ones, query by query. Chunks without a visible
 * position (l = 0) change nothing; the first one with any is copied. After the last chunk the
 * result of a query is o / l. */
typedef struct lnr_attn_merge_args {
    size_t n_q, head_dim;
    float *m, *l, *o;                         /* accumulated; l = 0 at the start */
    const float *m_chunk, *l_chunk, *o_chunk; /* of the chunk */
} lnr_attn_merge_args;

typedef void lnr_attn_merge_fn(const lnr_attn_merge_args *a);

/* ---- on a row of logits, in blocks of LNR_LOGIT_BLOCK; the last may be shorter ---- */

#define LNR_LOGIT_BLOCK 64u

/* max[b] = the largest number of block b, a zero always +0; a NaN counts as -Inf. False if any x is
 * a NaN or +Inf. */
typedef bool lnr_block_max_fn(const float *x, size_t n, float *max);

/* Of each block sum[b] = sum of x and squares[b] = sum of x^2, each in 16 partials: element i of
 * the block goes into partial i mod 16 (by fma for the squares), which are folded in halves. */
typedef void lnr_block_moments_fn(const float *x, size_t n, float *sum, float *squares);

/* Of each block sum[b] = sum of exp((x - shift) * scale), in the same order. No x is a NaN; shift
 * is finite and not below any x; scale is finite and positive. */
typedef void lnr_block_exp_fn(const float *x, size_t n, float shift, float scale, float *sum);

/* Every kernel of the list, as lnr_<op>_<weight>_<act>_<rows>x<cols>_<isa>. */
#define KERNEL(op, weight, act, rows, cols, isa, needs)                                            \
    lnr_##op##_fn lnr_##op##_##weight##_##act##_##rows##x##cols##_##isa;
#include "kernels/kernels.def"
#undef KERNEL

#endif
