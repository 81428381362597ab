/* Model files and loaded models. */
#ifndef LANNER_MODEL_H
#define LANNER_MODEL_H

#include <lanner/status.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a model file's description, without its weights
 * --------------------------------------------- */

/* A GGUF file's checked header: what `lanner inspect` shows. Threads: any may read one. */
typedef struct lnr_file lnr_file;

typedef enum lnr_value_kind {
    LNR_VALUE_INT,
    LNR_VALUE_UINT,
    LNR_VALUE_FLOAT,
    LNR_VALUE_BOOL,
    LNR_VALUE_STRING,
    LNR_VALUE_ARRAY
} lnr_value_kind;

typedef struct lnr_metadata {
    const char *key; /* NUL-terminated, n_key bytes; borrowed from the file, as all pointers here */
    size_t n_key;
    lnr_value_kind kind;
    const char *type_name; /* as in the specification: "u32", "string", "array" ... */
    union {
        int64_t i;
        uint64_t u;
        double f;
        bool b;
        struct {
            const char *p; /* n bytes, not NUL-terminated, any bytes */
            size_t n;
        } s;
        struct {
            const char *item_type;
            uint64_t n;
        } array;
    } value;
} lnr_metadata;

typedef struct lnr_tensor_info {
    const char *name; /* NUL-terminated */
    const char *type; /* "Q4_K" */
    uint32_t n_dims;
    uint64_t dim[4];        /* dim[0] is the row length */
    uint64_t offset, bytes; /* of the data in its file */
    uint32_t part;          /* file of a split model, 0 for the first */
} lnr_tensor_info;

/* LNR_E_IO, LNR_E_FORMAT (damaged), LNR_E_UNSUPPORTED, LNR_E_NOMEM; err names key or tensor and
 * offset. */
LNR_API LNR_NODISCARD lnr_status lnr_file_open(const char *path, lnr_file **out, lnr_error *err);
LNR_API void lnr_file_close(lnr_file *f); /* NULL allowed */
LNR_API uint32_t lnr_file_version(const lnr_file *f);
LNR_API uint32_t lnr_file_parts(const lnr_file *f);
LNR_API uint64_t lnr_file_bytes(const lnr_file *f);
LNR_API size_t lnr_file_n_metadata(const lnr_file *f);
LNR_API void lnr_file_metadata(const lnr_file *f, size_t idx,
                               lnr_metadata *out); /* idx < n_metadata */

/* Item item_idx (< value.array.n) of the array at idx, as a value of its own (key: that of the
 * array). */
LNR_API void lnr_file_array_item(const lnr_file *f, size_t idx, uint64_t item_idx,
                                 lnr_metadata *out);
LNR_API size_t lnr_file_n_tensors(const lnr_file *f);
LNR_API void lnr_file_tensor(const lnr_file *f, size_t idx,
                             lnr_tensor_info *out); /* idx < n_tensors */

/* ---- a loaded model
 * ------------------------------------------------------------------------------ */

typedef struct lnr_model lnr_model;

typedef struct lnr_model_options {
    size_t struct_size; /* sizeof(lnr_model_options) */
    uint32_t n_threads; /* that read and pack; 0: one per CPU granted to this process */
    bool (*on_progress)(uint64_t done_bytes, uint64_t total_bytes,
                        void *user); /* false stops the load
with LNR_E_CANCELLED; called from the loading thread only; may be NULL */
    void *user;
    bool no_pack; /* leave the matrices in the file and read them whenever they are used: the model
                     takes next to no memory of its own and runs slower, with the same bits */
} lnr_model_options;

typedef struct lnr_model_info {
    const char *architecture; /* "llama" */
    const char *name;         /* general.name, or "" */
    uint32_t n_layers, n_embd, n_heads, n_heads_kv, head_dim, n_ff, n_vocab;
    uint32_t n_ctx_train; /* context length the model was trained with */
    uint64_t n_parameters;
    uint64_t weight_bytes; /* of memory that the weights take */
    bool tied;             /* the output matrix is the embedding table */
} lnr_model_info;

/* Reads a GGUF file and packs its weights for this machine.
 *
 * path  UTF-8, not kept.    opts  NULL for defaults.
 * out   on LNR_OK one reference, yours, dropped with lnr_model_unref; otherwise NULL.
 * LNR_E_IO, LNR_E_FORMAT (damaged), LNR_E_UNSUPPORTED (intact, but an architecture or type that
 * lanner lacks: the line lists what it has), LNR_E_NOMEM (the line names what is missing),
 * LNR_E_CANCELLED. Threads: any. A model never changes afterwards and may serve many engines at
 * once. */
LNR_API LNR_NODISCARD lnr_status lnr_model_load(const char *path, const lnr_model_options *opts,
                                                lnr_model **out, lnr_error *err);
LNR_API lnr_model *lnr_model_ref(lnr_model *m); /* returns m */
LNR_API void lnr_model_unref(lnr_model *m);     /* NULL allowed */
LNR_API void lnr_model_get_info(const lnr_model *m,
                                lnr_model_info *out); /* strings live as long as m */

#ifdef __cplusplus
}
#endif
#endif
