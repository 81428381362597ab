/* The gemma families: Gemma 2 and Gemma 3 (text).
 *
 * Gemma team, "Gemma 2" (arXiv 2408.00118) and "Gemma 3 Technical Report" (arXiv 2503.19786):
 * embeddings scaled by sqrt(n_embd), norms before and after attention and feed-forward, GELU gates,
 * an output matrix tied to the embedding. Gemma 2 caps scores and logits softly and gives every
 * other layer a sliding window; Gemma 3 has norms of q and k instead of caps, and windows on five
 * of six layers, which turn at a rate of their own. The files' norm weights have their 1 added. */
#include "model/block.h"
#include "model/family.h"

#include <math.h>

#define GEMMA2_PERIOD     2u
#define GEMMA2_WINDOW     4096u /* of the published models; their first files do not state it */
#define GEMMA3_PERIOD     6u
#define SOFTCAP_MAX       1e6f
#define GEMMA2_SCORES_CAP 50.0f
#define GEMMA2_LOGITS_CAP 30.0f
#define GEMMA2_27B_LAYERS 46u
#define GEMMA3_27B_LAYERS 62u

/* The largest models scale queries by n_embd / n_heads in place of the head's size; files before
 * the key attention.scale say so only by their number of layers. */
static void scale_queries(model_loader *l, uint32_t n_layers_largest) {
    model_shape *s = &l->model->shape;
    if (s->n_layers == n_layers_largest && !loader_has_key(l, "attention.scale"))
        s->attn_scale = 1.0f / sqrtf((float)(s->n_embd / s->n_heads));
}

static lnr_status gemma_shape(model_loader *l, lnr_error *err) {
    model_shape *s = &l->model->shape;
    LNR_TRY(loader_shape(l, ROPE_HALVES, err));
    s->embed_scale = sqrtf((float)s->n_embd);
    s->gate = GATE_GELU;
    return LNR_OK;
}

static lnr_status gemma2_bind(model_loader *l, lnr_error *err) {
    model_shape *s = &l->model->shape;
    LNR_TRY(gemma_shape(l, err));
    scale_queries(l, GEMMA2_27B_LAYERS);
    s->attn_softcap = GEMMA2_SCORES_CAP;
    s->logits_softcap = GEMMA2_LOGITS_CAP;
    LNR_TRY(loader_positive(l, "attn_logit_softcapping", SOFTCAP_MAX, &s->attn_softcap, err));
    LNR_TRY(loader_positive(l, "final_logit_softcapping", SOFTCAP_MAX, &s->logits_softcap, err));
    LNR_TRY(loader_window(l, GEMMA2_PERIOD, GEMMA2_WINDOW, err));
    LNR_TRY(loader_rope(l, err));
    LNR_TRY(loader_layers(l, LAYER_OUT_NORMS, err));
    return loader_ends(l, err);
}

static lnr_status gemma3_bind(model_loader *l, lnr_error *err) {
    model_shape *s = &l->model->shape;
    LNR_TRY(gemma_shape(l, err));
    scale_queries(l, GEMMA3_27B_LAYERS);
    LNR_TRY(loader_positive(l, "final_logit_softcapping", SOFTCAP_MAX, &s->logits_softcap, err));
    LNR_TRY(loader_window(l, GEMMA3_PERIOD, 0, err));
    LNR_TRY(loader_rope(l, err));
    LNR_TRY(loader_rope_local(l, err));
    LNR_TRY(loader_layers(l, LAYER_QK_NORM | LAYER_OUT_NORMS, err));
    return loader_ends(l, err);
}

const model_family model_family_gemma2 = {"gemma2", gemma2_bind, block_decoder_forward};
const model_family model_family_gemma3 = {"gemma3", gemma3_bind, block_decoder_forward};
