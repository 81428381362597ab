/* A loaded model: what its file says, its vocabulary and its weights. Immutable once loaded.
 *
 * A family (family.h) knows how to read the metadata of one architecture, which tensors it has and
 * how they are joined into a forward pass; everything else here is common to all. */
#ifndef LNR_MODEL_MODEL_H
#define LNR_MODEL_MODEL_H

#include "backend/backend.h"
#include "base/arena.h"
#include "gguf/gguf.h"
#include "text/tokenizer.h"

#include <lanner/model.h>
#include <stdatomic.h>

#define MODEL_LAYERS_MAX 1024u
#define MODEL_DIM_MAX    (1u << 20) /* of any size of a layer: far above every published model */

typedef struct model_family model_family;

typedef struct model_layer {
    attn_weights attn;
    ffn_weights ffn; /* or, in a model with experts, */
    moe_weights moe;
} model_layer;

/* How fast each pair of dimensions turns. Layers may differ: shape.rope_set names a layer's set. */
#define ROPE_SETS_MAX 2u
typedef struct model_rope {
    uint32_t n_sets;
    double *freq[ROPE_SETS_MAX]; /* (n_rot / 2): radians per position, scaling included */
    double magnitude;            /* cos and sin of set 0 are multiplied by it */
    double *freq_long;           /* instead of set 0 where n_ctx > n_ctx_short; NULL: never */
    uint32_t n_ctx_short;
} model_rope;

struct lnr_model {
    atomic_uint n_refs;
    const model_family *family;
    const lnr_backend *backend;
    arena arena; /* owns names, float vectors, layers, frequencies */
    char *name;  /* general.name or "" */
    model_shape shape;
    uint32_t n_ctx_train;
    model_rope rope;
    tokenizer *tokenizer; /* owned */
    gguf_file *file;      /* owned; NULL unless a matrix is left in it */

    bool fused;            /* the file has q, k, v in one tensor, and gate and up in another */
    lnr_matrix embed;      /* (n_vocab, n_embd) */
    model_layer *layer;    /* (n_layers) */
    const float *out_norm; /* (n_embd) */
    lnr_matrix out;        /* (n_vocab, n_embd); bytes == 0: tied, embed serves */
    uint64_t n_parameters, weight_bytes;
    _Atomic uint64_t
        id; /* of weights and shape: where KV leaves the process, it says whose it is */
};

lnr_status model_load(const char *path, const lnr_model_options *opts, lnr_model **out,
                      lnr_error *err);
lnr_model *model_ref(lnr_model *m);
void model_unref(lnr_model *m);

/* Puts the path before an error line that only knows of keys and tensors; returns st. */
lnr_status model_error_with_path(lnr_error *err, lnr_status st, const char *path);

/* Computes one step: pass_begin, the family's layers, pass_end. */
lnr_status model_forward(const lnr_model *m, lnr_pass *p, const lnr_step *step, lnr_error *err);

/* Floats that model_rope_angles writes to each output for n positions. */
size_t model_rope_floats(const lnr_model *m, uint32_t n);

/* cos and sin of positions pos[0..n-1] in a context of n_ctx: (n_sets, n, n_rot / 2) each. From
 * doubles, rounded once. */
void model_rope_angles(const lnr_model *m, uint32_t n_ctx, const uint32_t *pos, uint32_t n,
                       float *cos_out, float *sin_out);

#endif
