/* Reading a model's metadata and tensors with every value checked against what it will be used for.
 *
 * Lives only during model_load. Each request for a tensor checks presence, shape and type before
 * anything is read, and errors name the key or tensor. A tensor that nobody asked for is an error
 * at the end: a model with a part left out would run and be wrong. */
#ifndef LNR_MODEL_LOADER_H
#define LNR_MODEL_LOADER_H

#include "model/model.h"

#define LOADER_KEY_MAX 128 /* bytes of a key with its architecture */
#define EXPERTS_MAX    4096u

typedef struct model_loader {
    lnr_model *model;
    gguf_file *file;
    const char *arch; /* prefix of the architecture's keys */
    uint32_t n_threads;
    const lnr_model_options *opts; /* may be NULL */
    bool *used;                    /* (n_tensors) */
    bool leave;                    /* matrices asked for now stay in the file */
    bool keep_file;                /* some did: the model takes the file over */
    uint64_t done_bytes, total_bytes;
} model_loader;

/* "<arch>.<key>", within lo..hi. If the key is absent: fallback, or an error where fallback is 0.
 */
typedef struct loader_range {
    uint32_t lo, hi, fallback;
} loader_range;
lnr_status loader_u32(model_loader *l, const char *key, loader_range r, uint32_t *out,
                      lnr_error *err);

bool loader_has_key(const model_loader *l, const char *key); /* "<arch>.<key>" */

/* "<arch>.<key>", above 0 and at most hi; *out stays as it is if the key is absent. */
lnr_status loader_positive(model_loader *l, const char *key, float hi, float *out, lnr_error *err);

/* A matrix with exactly these rows and columns, packed by the backend. */
lnr_status loader_matrix(model_loader *l, const char *name, uint32_t n_rows, uint32_t n_cols,
                         lnr_matrix *out, lnr_error *err);

/* Rows first to first + n - 1 of a tensor that has `of` of them. */
typedef struct loader_rows {
    uint32_t first, n, of;
} loader_rows;
lnr_status loader_matrix_rows(model_loader *l, const char *name, loader_rows rows, uint32_t n_cols,
                              lnr_matrix *out, lnr_error *err);

/* The (n_rows, n_cols) matrices of all shape.n_experts experts, one after the other. */
lnr_status loader_experts(model_loader *l, const char *name, uint32_t n_rows, uint32_t n_cols,
                          lnr_matrix *out, lnr_error *err);

/* A vector of n finite floats (F32 or F16 in the file), owned by the model. */
lnr_status loader_vector(model_loader *l, const char *name, uint32_t n, const float **out,
                         lnr_error *err);

bool loader_has(const model_loader *l, const char *name);

/* LNR_E_UNSUPPORTED, naming a tensor that no loader_ function was asked for. */
lnr_status loader_check_all_used(const model_loader *l, lnr_error *err);

/* ---- what decoder families share (decoder.c, rope.c, layers.c), in the order of asking
 * ------------------------------------------------------ */

/* Sizes of a decoder with grouped-query attention, a gated feed-forward net or experts, and rotary
 * positions. */
lnr_status loader_shape(model_loader *l, rope_pairs rope, lnr_error *err);

/* A sliding window, of `unstated` positions (0: none) if the file states none: on all layers
 * (period 0), or on all but the last of every `period`, which see everything. */
lnr_status loader_window(model_loader *l, uint32_t period, uint32_t unstated, lnr_error *err);

/* Rotary frequencies: base, scaling, and divisors per frequency. */
lnr_status loader_rope(model_loader *l, lnr_error *err);

/* Layers with a window take frequencies of their own, unscaled. After loader_window and
 * loader_rope. */
lnr_status loader_rope_local(model_loader *l, lnr_error *err);

/* Embedding, output norm, output matrix (absent: tied). */
lnr_status loader_ends(model_loader *l, lnr_error *err);

/* What a family's layers have besides the llama layer's parts. */
typedef enum layer_parts {
    LAYER_PLAIN = 0,     /* biases on q, k and v are taken if they are there */
    LAYER_QKV_BIAS = 1,  /* they must be */
    LAYER_QK_NORM = 2,   /* RMSNorm of each head of q and k */
    LAYER_OUT_NORMS = 4, /* RMSNorm of what attention and feed-forward add to the residual */
    LAYER_FUSED = 8      /* q, k, v in one tensor; gate and up in one */
} layer_parts;
lnr_status loader_layers(model_loader *l, layer_parts parts, lnr_error *err);

#endif
