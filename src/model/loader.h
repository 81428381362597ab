/* Reading a model's metadata and tensors with every value checked against what it will be used for.
 *
 * Lives only during model_load. Each request for a tensor checks presence, shape and type before
 * anything is read, and errors name the key or tensor. A tensor that nobody asked for is an error
 * at the end: a model with a part left out would run and be wrong. */
#ifndef LNR_MODEL_LOADER_H
#define LNR_MODEL_LOADER_H

#include "model/model.h"

typedef struct model_loader {
    lnr_model *model;
    const gguf_file *file;
    const char *arch; /* prefix of the architecture's keys */
    uint32_t n_threads;
    const lnr_model_options *opts; /* may be NULL */
    bool *used;                    /* (n_tensors) */
    uint64_t done_bytes, total_bytes;
} model_loader;

/* "<arch>.<key>", within lo..hi. If the key is absent: fallback, or an error where fallback is 0.
 */
typedef struct loader_range {
    uint32_t lo, hi, fallback;
} loader_range;
lnr_status loader_u32(model_loader *l, const char *key, loader_range r, uint32_t *out,
                      lnr_error *err);

/* A matrix with exactly these rows and columns, packed by the backend. */
lnr_status loader_matrix(model_loader *l, const char *name, uint32_t n_rows, uint32_t n_cols,
                         lnr_matrix *out, lnr_error *err);

/* A vector of n finite floats (F32 or F16 in the file), owned by the model. */
lnr_status loader_vector(model_loader *l, const char *name, uint32_t n, const float **out,
                         lnr_error *err);

bool loader_has(const model_loader *l, const char *name);

/* LNR_E_UNSUPPORTED, naming a tensor that no loader_ function was asked for. */
lnr_status loader_check_all_used(const model_loader *l, lnr_error *err);

/* ---- what decoder families share (decoder.c)
 * ------------------------------------------------------ */

/* Sizes of a decoder with grouped-query attention, a gated feed-forward net and rotary positions.
 */
lnr_status loader_shape(model_loader *l, rope_pairs rope, lnr_error *err);

/* Rotary frequencies: base, linear scaling, and divisors per frequency in tensor rope_freqs.weight.
 */
lnr_status loader_rope(model_loader *l, lnr_error *err);

/* Embedding, output norm, output matrix (absent: tied). */
lnr_status loader_ends(model_loader *l, lnr_error *err);

typedef enum layer_bias { LAYER_QKV_BIAS_OPTIONAL, LAYER_QKV_BIAS } layer_bias;
lnr_status loader_layers(model_loader *l, layer_bias bias, lnr_error *err);

#endif
