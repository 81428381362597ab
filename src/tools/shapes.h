/* The shapes of published models: sizes, metadata and the tensors that follow from them.
 *
 * A row of the table holds what the real file's metadata says; which tensors a model has follows
 * from its architecture. shape_each_tensor is the only place that lists them, so that sizes, types
 * and data cannot disagree. */
#ifndef LNR_TOOLS_SHAPES_H
#define LNR_TOOLS_SHAPES_H

#include "tools/mix.h"

typedef enum word_family {
    WORDS_QWEN,   /* byte-level BPE, ChatML tokens */
    WORDS_LLAMA3, /* byte-level BPE */
    WORDS_LLAMA2, /* SentencePiece, and so are all below */
    WORDS_MISTRAL,
    WORDS_PHI3,
    WORDS_GEMMA3,
} word_family;

typedef enum shape_arch { ARCH_LLAMA, ARCH_QWEN2, ARCH_QWEN3, ARCH_GEMMA3, ARCH_PHI3 } shape_arch;

typedef struct model_shape_row {
    const char *name;
    shape_arch arch;
    uint32_t n_layers, n_embd, n_ff, n_heads, n_heads_kv, head_dim;
    uint32_t n_vocab, n_ctx;
    bool tied;
    float rope_base, norm_eps;
    word_family vocab;
    uint32_t sliding_window; /* 0: none */
    float rope_factor;       /* llama: of the three-band scaling; gemma3: linear; 0: none */
} model_shape_row;

/* NULL past the last one. */
const model_shape_row *shape_at(size_t idx);
/* LNR_E_ARGUMENT for an unknown name; the line lists them. */
lnr_status shape_find(const char *name, const model_shape_row **out, lnr_error *err);
const char *shape_arch_name(const model_shape_row *s);
mix_model shape_mix_model(const model_shape_row *s);

typedef enum shape_role { SHAPE_WEIGHT, SHAPE_NORM, SHAPE_BIAS, SHAPE_ROPE } shape_role;

typedef struct shape_tensor {
    const char *name;
    shape_role role;
    uint32_t n_dims;
    uint64_t dim[2];
    lnr_type type; /* in the mix asked for */
} shape_tensor;

/* Calls fn for each tensor in a published file's order, until it returns false. */
void shape_each_tensor(const model_shape_row *s, mix_id mix,
                       bool (*fn)(const shape_tensor *t, void *user), void *user);

#endif
