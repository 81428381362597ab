/* Making model files: quantising one, measuring which of its columns matter, and synthesising a
 * model of a known shape with random weights.
 *
 * Every function writes under a temporary name and renames at the end: the target holds the old
 * file or the complete new one. None needs memory in proportion to the model. */
#ifndef LANNER_QUANTIZE_H
#define LANNER_QUANTIZE_H

#include <lanner/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Names of the mixes that lnr_quantize and lnr_synth take, ended by NULL: "Q8_0", "Q4_K_M" ...,
 * from the smallest error to the largest. Static. */
LNR_API const char *const *lnr_quantize_mixes(void);

/* ---- quantising
 * ---------------------------------------------------------------------------------- */

typedef struct lnr_quantized {
    const char *name; /* of the tensor; this and all pointers are valid during the call only */
    const char *from, *to;
    uint64_t n_weights, from_bytes, to_bytes;
    double rmse;    /* root of the mean squared difference of old and new weights */
    bool fell_back; /* the mix's type does not fit the row length, so the next larger one was taken
                     */
    bool kept;      /* a rule of keep gave the type */
    bool weighted;  /* the importance matrix was used */
} lnr_quantized;

typedef struct lnr_quantize_options {
    size_t struct_size;  /* sizeof(lnr_quantize_options) */
    const char *imatrix; /* path of an importance matrix, ours or llama.cpp's GGUF form; NULL: none
                          */
    const char *keep;    /* rules "REGEX=TYPE" separated by blanks, such as "ffn_down=Q6_K": the
                            first that matches a matrix's name decides its type; NULL: none */
    bool requantize;     /* allow tensors that are quantised already: they lose twice */
    uint32_t n_threads;  /* 0: one per CPU granted to this process; the result does not depend on it
                          */
    /* Called from the calling thread; may be NULL. on_progress: false stops with LNR_E_CANCELLED.
     * on_tensor: once for each tensor, in the file's order, when it is written. */
    bool (*on_progress)(uint64_t done_bytes, uint64_t total_bytes, void *user);
    void (*on_tensor)(const lnr_quantized *t, void *user);
    void *user;
} lnr_quantize_options;

/* Writes the model `in` with the types of a mix to `out`. Metadata is copied, a split model is
 * joined; vectors and norms keep their type.
 *
 * opts  NULL for defaults.
 * LNR_E_ARGUMENT (an unknown mix, a rule that is wrong or matches nothing, a type that does not fit
 * a tensor, out is in, quantised input without requantize), LNR_E_UNSUPPORTED (a type that this
 * build cannot read or make), LNR_E_FORMAT (damaged, weights that are no number), LNR_E_IO (also if
 * in changes during the run), LNR_E_NOMEM, LNR_E_CANCELLED. Threads: any. */
LNR_API LNR_NODISCARD lnr_status lnr_quantize(const char *in, const char *out, const char *mix,
                                              const lnr_quantize_options *opts, lnr_error *err);

/* ---- importance
 * ---------------------------------------------------------------------------------- */

typedef struct lnr_imatrix_options {
    size_t struct_size;  /* sizeof(lnr_imatrix_options) */
    uint32_t n_ctx;      /* tokens in a chunk, each read from an empty context; 0: 512 */
    uint32_t n_chunks;   /* at most so many; 0: all of the text */
    uint32_t n_threads;  /* 0: one per CPU granted to this process */
    const char *dataset; /* told in the file: where the text came from; NULL: "" */
    bool (*on_progress)(uint64_t done_tokens, uint64_t total_tokens, void *user); /* as above */
    void *user;
} lnr_imatrix_options;

typedef struct lnr_imatrix_info {
    uint32_t n_chunks, n_matrices;
    uint64_t n_tokens; /* that were read; a last chunk that is not full is left out */
} lnr_imatrix_info;

/* Lets the model read text (n bytes) and writes for each matrix of its layers the sums of squares
 * of what came in, by column. info may be NULL.
 * LNR_E_ARGUMENT (n_ctx out of range), LNR_E_LIMIT (the text is shorter than one chunk),
 * LNR_E_NUMERIC (the model produced a value that is not finite), LNR_E_NOMEM, LNR_E_IO,
 * LNR_E_CANCELLED. Threads: any. */
LNR_API LNR_NODISCARD lnr_status lnr_imatrix(lnr_model *m, const char *text, size_t n,
                                             const lnr_imatrix_options *opts, const char *out,
                                             lnr_imatrix_info *info, lnr_error *err);

/* ---- synthesis
 * ----------------------------------------------------------------------------------- */

typedef struct lnr_synth_info {
    const char *shape, *architecture; /* static */
    uint64_t n_parameters;
    uint64_t bytes; /* of the file's tensors in the mix that was asked for */
} lnr_synth_info;

/* The shape at idx, its sizes in a mix. False past the last shape, or for an unknown mix. Threads:
 * any. */
LNR_API bool lnr_synth_shape(size_t idx, const char *mix, lnr_synth_info *out);

typedef struct lnr_synth_options {
    size_t struct_size; /* sizeof(lnr_synth_options) */
    uint64_t seed;      /* another one gives other weights of the same shape */
    uint32_t n_threads; /* 0: one per CPU granted to this process */
    bool (*on_progress)(uint64_t done_bytes, uint64_t total_bytes, void *user); /* as above */
    void *user;
} lnr_synth_options;

/* Writes a model with the metadata, tensors and types of a published one and random weights, for
 * measuring where the real file is not at hand. Its vocabulary is made up, of the real size; it
 * turns text into tokens and back. It says nothing sensible.
 *
 * The same arguments give the same file on every machine.
 * LNR_E_ARGUMENT (an unknown shape or mix; the line lists what there is), LNR_E_UNSUPPORTED (a type
 * that this build cannot make), LNR_E_IO, LNR_E_NOMEM, LNR_E_CANCELLED. Threads: any. */
LNR_API LNR_NODISCARD lnr_status lnr_synth(const char *shape, const char *mix, const char *out,
                                           const lnr_synth_options *opts, lnr_error *err);

#ifdef __cplusplus
}
#endif
#endif
