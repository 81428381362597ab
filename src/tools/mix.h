/* Which type each tensor of a model gets: the standard mixes that users know by name.
 *
 * A mix is a default type and, for the tensors that lose most by rounding (attn_v, ffn_down, the
 * output matrix), better ones that depend on the layer. The rules are those by which published
 * files are made (reference/kernels.md 1.3), so that a file of ours has the types and the size of
 * theirs; Falcon's own cases are not among them. */
#ifndef LNR_TOOLS_MIX_H
#define LNR_TOOLS_MIX_H

#include "base/fail.h"
#include "base/slice.h"
#include "quant/type.h"

/* name, the type of what no rule names, general.file_type. Smallest error first. */
#define MIX_LIST(X)                                                                                \
    X(F32, F32, 0)                                                                                 \
    X(BF16, BF16, 32)                                                                              \
    X(F16, F16, 1)                                                                                 \
    X(Q8_0, Q8_0, 7)                                                                               \
    X(Q6_K, Q6_K, 18)                                                                              \
    X(Q5_K_M, Q5_K, 17)                                                                            \
    X(Q5_K_S, Q5_K, 16)                                                                            \
    X(Q5_1, Q5_1, 9)                                                                               \
    X(Q5_0, Q5_0, 8)                                                                               \
    X(Q4_K_M, Q4_K, 15)                                                                            \
    X(Q4_K_S, Q4_K, 14)                                                                            \
    X(Q4_1, Q4_1, 3)                                                                               \
    X(IQ4_NL, IQ4_NL, 25)                                                                          \
    X(IQ4_XS, IQ4_XS, 30)                                                                          \
    X(Q4_0, Q4_0, 2)                                                                               \
    X(Q3_K_L, Q3_K, 13)                                                                            \
    X(Q3_K_M, Q3_K, 12)                                                                            \
    X(Q3_K_S, Q3_K, 11)                                                                            \
    X(Q2_K, Q2_K, 10)

typedef enum mix_id {
#define X(name, type, file_type) MIX_##name,
    MIX_LIST(X)
#undef X
        MIX_COUNT
} mix_id;

/* What the rules need to know of the whole model. */
typedef struct mix_model {
    uint32_t n_layers;
    uint32_t n_gqa;     /* query heads per key head */
    uint32_t n_experts; /* 0: no experts */
    bool has_output;    /* an output matrix of its own: the embedding is not tied to it */
    bool has_imatrix;
    bool eighty_layers; /* a llama or qwen2 of 80 layers: 8 heads share one attn_v */
} mix_model;

/* A tensor as the rules see it. */
typedef struct mix_tensor {
    lnr_str name;
    uint32_t n_dims; /* without trailing ones */
    uint64_t n_cols; /* row length */
} mix_tensor;

/* LNR_E_ARGUMENT for a name that is no mix; the line lists them. */
lnr_status mix_find(const char *name, mix_id *out, lnr_error *err);
const char *mix_name(mix_id mix);
uint32_t mix_file_type(mix_id mix);
lnr_type mix_default_type(mix_id mix);

/* Whether the tensor is a matrix that mixes apply to: vectors, norms, gates of experts and the like
 * keep their type. */
bool mix_applies(const mix_tensor *t);

/* The type for a tensor that mix_applies to. *fell_back: its rows are no multiple of the block of
 * the type that the rules gave, so that another took its place. */
lnr_type mix_type(mix_id mix, const mix_model *model, const mix_tensor *t, bool *fell_back);

/* The layer that a name "blk.N.rest" speaks of; false if it is no such name. */
bool mix_layer_of(lnr_str name, uint32_t *layer, lnr_str *rest);

/* Dimensions without trailing ones; 1 at least. */
uint32_t mix_n_dims(const uint64_t *dim, uint32_t n_dims);

#endif
