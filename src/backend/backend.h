/* What a device must offer so that model code can run on it: weights, a pass with its KV memory,
 * and a few coarse operations.
 *
 * The operations are coarse so that a backend may fuse what lies inside one (norm, quantise,
 * product, rope, store) while model code reads like the paper. Nothing returns data to the host
 * inside a step; logits are read after pass_end. Failures are sticky: after the first the rest do
 * nothing and pass_end reports it.
 *
 * Shapes: a matrix of n_rows outputs and n_cols inputs maps (n_tokens, n_cols) to (n_tokens,
 * n_rows). */
#ifndef LNR_BACKEND_BACKEND_H
#define LNR_BACKEND_BACKEND_H

#include "base/fail.h"
#include "quant/type.h"

#include <stdbool.h>

/* Positions per KV block: the unit in which the cache hands out memory. */
#define KV_BLOCK_TOKENS 64u

/* Where a matrix comes from: rows as they lie in the file. read may be called from several threads.
 */
typedef struct matrix_source {
    const char *name; /* for error lines */
    lnr_type type;
    uint32_t n_rows, n_cols;
    lnr_status (*read)(void *user, uint64_t skip, void *p, size_t n, lnr_error *err);
    void *user;
} matrix_source;

/* The weights of a linear map in the backend's own form, or left in their file. */
typedef struct lnr_matrix {
    lnr_type type;
    uint32_t n_rows, n_cols;
    size_t bytes;       /* in the backend's form; 0: there is no such matrix */
    void *panels;       /* backend memory; NULL: rows are read from `file` whenever they are used */
    matrix_source file; /* if they are; name and user live as long as the matrix */
} lnr_matrix;

/* Pairs of a head's dimensions that rotate together: (2i, 2i+1), or (i, i + n_rot/2). */
typedef enum rope_pairs { ROPE_ADJACENT, ROPE_HALVES } rope_pairs;

/* What a gated feed-forward net does to the gate: gelu is its tanh form. */
typedef enum gate_activation { GATE_SILU, GATE_GELU } gate_activation;

typedef struct attn_weights {
    const float *norm;                     /* (n_embd) */
    lnr_matrix q, k, v;                    /* (n_heads * head_dim, n_embd), (n_heads_kv * ...) */
    const float *q_bias, *k_bias, *v_bias; /* one per row, or NULL */
    const float *q_norm, *k_norm;          /* (head_dim): RMSNorm of each head, or NULL */
    lnr_matrix out;                        /* (n_embd, n_heads * head_dim) */
    const float *out_norm;                 /* (n_embd): RMSNorm before the residual, or NULL */
} attn_weights;

typedef struct ffn_weights {
    const float *norm;     /* (n_embd) */
    lnr_matrix gate, up;   /* (n_ff, n_embd) */
    lnr_matrix down;       /* (n_embd, n_ff) */
    const float *out_norm; /* (n_embd): RMSNorm before the residual, or NULL */
} ffn_weights;

/* A mixture of experts: each token goes through the n_experts_used whose router score is best. The
 * experts of a matrix lie one after the other in its rows. */
typedef struct moe_weights {
    const float *norm;   /* (n_embd) */
    lnr_matrix router;   /* (n_experts, n_embd) */
    lnr_matrix gate, up; /* (n_experts * n_ff, n_embd), n_ff whole panels */
    lnr_matrix down;     /* (n_experts * n_embd, n_ff), n_embd whole panels */
} moe_weights;

typedef struct model_shape {
    uint32_t n_layers, n_embd, n_heads, n_heads_kv, head_dim, n_rot, n_vocab;
    uint32_t n_ff;                      /* of an expert, if there are experts */
    uint32_t n_experts, n_experts_used; /* 0: none */
    rope_pairs rope;
    const uint8_t *rope_set; /* (n_layers): which of the step's angles a layer takes; NULL: the
                                first. Borrowed */
    gate_activation gate;
    float norm_eps;
    float embed_scale;       /* embeddings are multiplied by it; 1: left alone */
    float attn_scale;        /* queries are multiplied by it */
    float attn_softcap;      /* not 0: a score s becomes attn_softcap * tanh(s / attn_softcap) */
    float logits_softcap;    /* not 0: likewise a logit */
    size_t file_panel_bytes; /* the largest panel of a matrix that is left in its file; 0: none */
    const uint32_t *window;  /* (n_layers): a token sees so many positions, its own counted; 0: all.
                                NULL: all in every layer. Borrowed */
} model_shape;

/* What one step computes: n_tokens tokens, each at a position of a sequence. All arrays are
 * borrowed until pass_end. */
typedef struct lnr_step {
    uint32_t n_tokens;    /* 1 to n_ubatch */
    const int32_t *token; /* (n_tokens) */
    const uint32_t *pos;  /* (n_tokens) */
    const uint32_t *seq;  /* (n_tokens): row of blocks; tokens of a sequence lie side by side in
                             order of position */
    const uint32_t *const
        *block; /* (n_seqs): KV block ids of a sequence, one per KV_BLOCK_TOKENS */
    const float *rope_cos, *rope_sin; /* (n_rope_sets, n_tokens, n_rot / 2) */
    uint32_t n_out;                   /* 0 to n_out_max */
    const uint32_t *out; /* (n_out): indices of the tokens whose logits are wanted, ascending */
} lnr_step;

typedef struct pass_options {
    uint32_t n_ubatch;             /* most tokens in a step */
    uint32_t n_out_max;            /* most rows of logits in a step */
    uint32_t n_kv_blocks;          /* of the whole KV memory */
    uint32_t n_ctx;                /* most positions of one sequence */
    lnr_type kv_type_k, kv_type_v; /* F32, F16 or Q8_0 */
    uint32_t n_threads;
    /* Called before a product is computed, with its input x (n_tokens, n_cols), row distance ldx:
     * to measure what a matrix, or one expert of it (else 0), sees. On the thread that computes the
     * pass; may be NULL. */
    void (*on_product)(const lnr_matrix *w, uint32_t expert, const float *x, size_t ldx,
                       uint32_t n_tokens, void *user);
    void *user;
} pass_options;

/* What the operations of a pass read and computed since it was created: to set speeds beside the
 * machine's limits. Vectors (norms, biases) and activations are not counted. */
typedef struct pass_counters {
    uint64_t n_steps, n_tokens;
    uint64_t weight_bytes; /* of matrices, once for each product; of an embedding its row */
    uint64_t kv_bytes;     /* K and V read, once for each group of queries that shares a reading */
    uint64_t int8_macs;    /* multiply-adds of products with quantised weights */
    uint64_t f32_macs;     /* of products with float weights, and of attention */
} pass_counters;

typedef struct lnr_backend lnr_backend;

/* The state of computing: scratch, KV memory, workers. One thread at a time. Backends extend this.
 */
typedef struct lnr_pass {
    const lnr_backend *backend;
    lnr_status status; /* sticky within a step */
    lnr_error error;
    size_t kv_bytes, scratch_bytes;
    pass_counters counted;
} lnr_pass;

struct lnr_backend {
    const char *name;
    bool (*supports)(lnr_type type); /* matrices of this type */
    size_t (*matrix_bytes)(lnr_type type, uint32_t n_rows, uint32_t n_cols);

    /* Reads and packs a matrix with n_threads threads. */
    lnr_status (*matrix_load)(const matrix_source *src, uint32_t n_threads, lnr_matrix *out,
                              lnr_error *err);
    /* Leaves a matrix in its file: slower to use, and it takes no memory. */
    lnr_status (*matrix_leave)(const matrix_source *src, lnr_matrix *out, lnr_error *err);
    void (*matrix_free)(lnr_matrix *m);

    size_t (*kv_block_bytes)(const model_shape *shape, lnr_type k, lnr_type v); /* of one block */
    lnr_status (*pass_create)(const model_shape *shape, const pass_options *o, lnr_pass **out,
                              lnr_error *err);
    void (*pass_destroy)(lnr_pass *p);
    void (*begin)(lnr_pass *p, const lnr_step *step);
    void (*embed)(lnr_pass *p, const lnr_matrix *table);
    void (*attn_in)(lnr_pass *p, uint32_t layer, const attn_weights *w);
    void (*attention)(lnr_pass *p, uint32_t layer);
    void (*attn_out)(lnr_pass *p, const attn_weights *w);
    void (*ffn_in)(lnr_pass *p, const ffn_weights *w);
    void (*ffn_out)(lnr_pass *p, const ffn_weights *w);
    void (*experts)(lnr_pass *p, const moe_weights *w);
    void (*head)(lnr_pass *p, const float *norm, const lnr_matrix *out);
    void (*end)(lnr_pass *p);

    /* Between steps. Block `to` becomes a copy of `from`. */
    void (*kv_copy)(lnr_pass *p, uint32_t from, uint32_t to);
    /* Between steps: the first n positions of a block in a form that is no backend's own, its size,
     * out and in again: by layer all keys, then all values, (n, n_heads_kv, head_dim), as rows of
     * their type in GGUF's form. rows is aligned to 4. */
    size_t (*kv_rows_bytes)(const lnr_pass *p, uint32_t n);
    void (*kv_read)(const lnr_pass *p, uint32_t block, uint32_t n, void *rows);
    void (*kv_write)(lnr_pass *p, uint32_t block, uint32_t n, const void *rows);

    /* Row idx (< n_out) of the last step's logits, (n_vocab); valid until the next begin. */
    const float *(*logits)(const lnr_pass *p, uint32_t idx);
    /* What sampling asks about a row of logits; see block_max, block_moments and block_exp in
     * kernels/kernels.h. */
    bool (*block_max)(const float *x, size_t n, float *max);
    void (*block_moments)(const float *x, size_t n, float *sum, float *squares);
    void (*block_exp)(const float *x, size_t n, float shift, float scale, float *sum);
    /* Panels each worker computed since pass_create; returns the number of workers. */
    uint32_t (*worker_panels)(const lnr_pass *p, uint64_t *panels, uint32_t n_max);
};

/* ---- what model code calls
 * ----------------------------------------------------------------------- */

static inline void pass_begin(lnr_pass *p, const lnr_step *step) {
    p->status = LNR_OK;
    p->backend->begin(p, step);
}

/* x = table[token] * embed_scale */
static inline void op_embed(lnr_pass *p, const lnr_matrix *table) {
    if (p->status == LNR_OK)
        p->backend->embed(p, table);
}

/* q, k, v = norm(x) W + b; q, k = rope(norm of each head); k and v go to the cache */
static inline void op_attn_in(lnr_pass *p, uint32_t layer, const attn_weights *w) {
    if (p->status == LNR_OK)
        p->backend->attn_in(p, layer, w);
}

/* a = softmax(q k) v over the sequence's cached positions up to each token's own */
static inline void op_attention(lnr_pass *p, uint32_t layer) {
    if (p->status == LNR_OK)
        p->backend->attention(p, layer);
}

/* x += a W, or x += norm(a W) */
static inline void op_attn_out(lnr_pass *p, const attn_weights *w) {
    if (p->status == LNR_OK)
        p->backend->attn_out(p, w);
}

/* h = activation(norm(x) Wgate) * (norm(x) Wup) */
static inline void op_ffn_in(lnr_pass *p, const ffn_weights *w) {
    if (p->status == LNR_OK)
        p->backend->ffn_in(p, w);
}

/* x += h Wdown, or x += norm(h Wdown) */
static inline void op_ffn_out(lnr_pass *p, const ffn_weights *w) {
    if (p->status == LNR_OK)
        p->backend->ffn_out(p, w);
}

/* x += sum over the chosen experts e, ascending, of weight_e * (activation(norm(x) Wgate_e) *
 * (norm(x) Wup_e)) Wdown_e. The weights are the softmax of the router's scores over all experts,
 * divided by the sum of the chosen ones; ties go to the lower expert. */
static inline void op_experts(lnr_pass *p, const moe_weights *w) {
    if (p->status == LNR_OK)
        p->backend->experts(p, w);
}

/* logits = softcap(norm(x[out]) W), for the tokens whose logits are wanted */
static inline void op_head(lnr_pass *p, const float *norm, const lnr_matrix *out) {
    if (p->status == LNR_OK)
        p->backend->head(p, norm, out);
}

static inline lnr_status pass_end(lnr_pass *p, lnr_error *err) {
    p->backend->end(p);
    return p->status == LNR_OK ? LNR_OK : LNR_FAIL(err, p->status, "%s", p->error.text);
}

#endif
