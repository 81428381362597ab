/* The qwen3 families: Qwen3, and Qwen3 with experts.
 *
 * Qwen team, "Qwen3 Technical Report" (arXiv 2505.09388): no biases, but an RMSNorm of each head of
 * q and k before the rotation; heads of 128 whatever n_embd. The other variant (qwen3moe) has
 * experts in place of the feed-forward net, without a shared one. */
#include "model/block.h"
#include "model/family.h"

static lnr_status qwen3_bind(model_loader *l, lnr_error *err) {
    LNR_TRY(loader_shape(l, ROPE_HALVES, err));
    LNR_TRY(loader_window(l, 0, 0, err));
    LNR_TRY(loader_rope(l, err));
    LNR_TRY(loader_layers(l, LAYER_QK_NORM, err));
    return loader_ends(l, err);
}

const model_family model_family_qwen3 = {"qwen3", qwen3_bind, block_decoder_forward};
const model_family model_family_qwen3moe = {"qwen3moe", qwen3_bind, block_decoder_forward};
