/* The phi3 family: Phi-3 and Phi-4 (text).
 *
 * Microsoft, "Phi-3 Technical Report" (arXiv 2404.14219): the llama layer with q, k, v in one
 * tensor and gate and up in another, a sliding window in some sizes, and for long contexts rotary
 * divisors (LongRoPE) that change with the length of the context. */
#include "model/block.h"
#include "model/family.h"

static lnr_status phi3_bind(model_loader *l, lnr_error *err) {
    LNR_TRY(loader_shape(l, ROPE_HALVES, err));
    LNR_TRY(loader_window(l, 0, 0, err));
    LNR_TRY(loader_rope(l, err));
    LNR_TRY(loader_layers(l, LAYER_FUSED, err));
    return loader_ends(l, err);
}

const model_family model_family_phi3 = {"phi3", phi3_bind, block_decoder_forward};
