/* A model as the reference sees it: hyperparameters, weights in doubles, angles per position.
 * Everything that depends on the file and not on the tokens. */
#ifndef LNR_TESTS_REFERENCE_MODEL_H
#define LNR_TESTS_REFERENCE_MODEL_H

#include "reference.h"
#include "reference_file.h"

typedef struct ref_family {
    const char *arch;
    int rope_halves;   /* pairs (i, i + n_rot / 2) rotate together, else (2 i, 2 i + 1) */
    size_t full_every; /* of so many layers the last sees all positions; 1: all do, 0: none does */
    int is_gemma;      /* embedding times sqrt(n_embd), gelu, its own query scale */
    size_t n_layers_27b;
} ref_family;

/* Local layers are those with a window. The other two are for mistakes on purpose. */
enum { REF_ROPE_FULL, REF_ROPE_LOCAL, REF_ROPE_UNSCALED, REF_ROPE_OTHER_FACTORS, N_REF_ROPES };

typedef struct ref_rope {
    double *freq; /* (n_rot / 2): radians per position */
    double size;  /* of the turned vector: cos and sin are multiplied by it */
} ref_rope;

/* w is NULL where a family has no such tensor. Each (n_rows, n_cols); norms and biases one row. */
typedef struct ref_layer {
    int is_local;
    ref_matrix attn_norm, q, k, v, q_bias, k_bias, v_bias, q_norm, k_norm, attn_out, attn_post_norm;
    ref_matrix ffn_norm, ffn_post_norm;
    ref_matrix router;         /* (n_experts, n_embd) */
    ref_matrix gate, up, down; /* those of expert 0, of expert 1 ... */
} ref_layer;

struct reference_model {
    ref_file *file; /* owned */
    const ref_family *family;
    size_t n_layers, n_embd, n_heads, n_heads_kv, head_dim, n_rot, n_vocab;
    size_t window; /* 0: none */
    size_t n_experts, n_experts_used;
    double eps, query_scale, embed_scale;
    double attn_cap, final_cap; /* 0: none */
    ref_rope rope[N_REF_ROPES];
    int has_rope_lists; /* LongRoPE's two */
    ref_matrix embed, out_norm, out;
    ref_layer *layer; /* (n_layers) */
    double **owned;   /* (n_owned): what the matrices' w point into */
    size_t n_owned;
};

/* Rows first to first + n - 1. */
ref_matrix ref_rows(ref_matrix m, size_t first, size_t n);

#endif
