/* The qwen2 family: Qwen 1.5, 2 and 2.5.
 *
 * Qwen team, "Qwen2 Technical Report" (arXiv 2407.10671): the llama layer with biases on q, k and
 * v, and rotary positions on pairs that lie half a head apart. */
#include "model/block.h"
#include "model/family.h"

static lnr_status qwen2_bind(model_loader *l, lnr_error *err) {
    LNR_TRY(loader_shape(l, ROPE_HALVES, err));
    LNR_TRY(loader_window(l, 0, 0, err));
    LNR_TRY(loader_rope(l, err));
    LNR_TRY(loader_layers(l, LAYER_QKV_BIAS, err));
    return loader_ends(l, err);
}

const model_family model_family_qwen2 = {"qwen2", qwen2_bind, block_decoder_forward};
