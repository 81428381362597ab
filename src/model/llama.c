/* The llama family: Llama 1 to 3.x, TinyLlama, Mistral, Mixtral and others that use its file form.
 *
 * Touvron et al., "LLaMA" (arXiv 2302.13971): pre-norm RMSNorm, grouped-query attention with rotary
 * positions on adjacent pairs, SwiGLU. Llama 3.1 scales its rotary frequencies through
 * rope_freqs.weight. Mistral (arXiv 2310.06825) may state a sliding window; Mixtral (arXiv
 * 2401.04088) has experts. */
#include "model/block.h"
#include "model/family.h"

static lnr_status llama_bind(model_loader *l, lnr_error *err) {
    LNR_TRY(loader_shape(l, ROPE_ADJACENT, err));
    LNR_TRY(loader_window(l, 0, 0, err));
    LNR_TRY(loader_rope(l, err));
    LNR_TRY(loader_layers(l, LAYER_PLAIN, err));
    return loader_ends(l, err);
}

const model_family model_family_llama = {"llama", llama_bind, block_decoder_forward};
