/* Sizes that decoder families have in common, and the tensors outside their layers.
 *
 * Key and tensor names are those of the GGUF specification ("Standardized key-value pairs",
 * "Standardized tensor names"). */
#include "model/loader.h"
#include "quant/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static lnr_status head_sizes(model_loader *l, lnr_error *err) {
    model_shape *s = &l->model->shape;
    const uint32_t max = MODEL_DIM_MAX;
    LNR_TRY(loader_u32(l, "attention.head_count", (loader_range){1, max, 0}, &s->n_heads, err));
    LNR_TRY(loader_u32(l, "attention.head_count_kv", (loader_range){1, max, s->n_heads},
                       &s->n_heads_kv, err));
    if (s->n_heads % s->n_heads_kv != 0)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key '%s.attention.head_count_kv' is %" PRIu32
                        ", which does not divide head_count %" PRIu32,
                        l->arch, s->n_heads_kv, s->n_heads);
    uint32_t usual = s->n_embd / s->n_heads, value_length;
    LNR_TRY(
        loader_u32(l, "attention.key_length", (loader_range){1, max, usual}, &s->head_dim, err));
    LNR_TRY(
        loader_u32(l, "attention.value_length", (loader_range){1, max, usual}, &value_length, err));
    if (value_length != s->head_dim)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                        "key '%s.attention.value_length' is %" PRIu32
                        ", other than key_length %" PRIu32,
                        l->arch, value_length, s->head_dim);
    if ((uint64_t)s->n_heads * s->head_dim > max)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key '%s.attention.head_count': %" PRIu32 " heads of %" PRIu32
                        " are more than %" PRIu32 " in all",
                        l->arch, s->n_heads, s->head_dim, max);
    LNR_TRY(loader_u32(l, "rope.dimension_count", (loader_range){2, s->head_dim, s->head_dim},
                       &s->n_rot, err));
    if (s->n_rot % 2 != 0)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key '%s.rope.dimension_count' is %" PRIu32 ", an even number expected",
                        l->arch, s->n_rot);
    s->attn_scale = 1.0f / sqrtf((float)s->head_dim);
    return loader_positive(l, "attention.scale", 1e6f, &s->attn_scale, err);
}

/* Experts, if the file has any; n_ff is then the width of one. */
static lnr_status expert_sizes(model_loader *l, lnr_error *err) {
    model_shape *s = &l->model->shape;
    if (!loader_has_key(l, "expert_count"))
        return LNR_OK;
    LNR_TRY(loader_u32(l, "expert_count", (loader_range){0, EXPERTS_MAX, 0}, &s->n_experts, err));
    if (s->n_experts == 0)
        return LNR_OK;
    LNR_TRY(loader_u32(l, "expert_used_count", (loader_range){1, s->n_experts, 0},
                       &s->n_experts_used, err));
    LNR_TRY(loader_u32(l, "expert_feed_forward_length", (loader_range){1, MODEL_DIM_MAX, s->n_ff},
                       &s->n_ff, err));
    if (s->n_ff % LNR_PANEL_ROWS != 0 || s->n_embd % LNR_PANEL_ROWS != 0)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                        "experts of %" PRIu32 " x %" PRIu32 ": both must be multiples of %u",
                        s->n_embd, s->n_ff, LNR_PANEL_ROWS);
    return LNR_OK;
}

lnr_status loader_window(model_loader *l, uint32_t period, uint32_t unstated, lnr_error *err) {
    lnr_model *m = l->model;
    uint32_t n = unstated, n_layers = m->shape.n_layers;
    if (loader_has_key(l, "attention.sliding_window"))
        LNR_TRY(
            loader_u32(l, "attention.sliding_window", (loader_range){0, UINT32_MAX, 0}, &n, err));
    if (period)
        LNR_TRY(loader_u32(l, "attention.sliding_window_pattern",
                           (loader_range){1, MODEL_LAYERS_MAX, period}, &period, err));
    if (n == 0)
        return LNR_OK;
    uint32_t *window = arena_alloc(&m->arena, n_layers, sizeof *window);
    if (window == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %" PRIu32 " layers", n_layers);
    for (uint32_t i = 0; i < n_layers; i++)
        window[i] = period && i % period == period - 1 ? 0 : n;
    m->shape.window = window;
    return LNR_OK;
}

lnr_status loader_shape(model_loader *l, rope_pairs rope, lnr_error *err) {
    model_shape *s = &l->model->shape;
    const uint32_t max = MODEL_DIM_MAX;
    s->rope = rope;
    s->embed_scale = 1.0f;
    LNR_TRY(
        loader_u32(l, "block_count", (loader_range){1, MODEL_LAYERS_MAX, 0}, &s->n_layers, err));
    LNR_TRY(loader_u32(l, "embedding_length", (loader_range){1, max, 0}, &s->n_embd, err));
    LNR_TRY(loader_u32(l, "feed_forward_length", (loader_range){1, max, 0}, &s->n_ff, err));
    LNR_TRY(loader_u32(l, "context_length", (loader_range){1, 1u << 30, 0}, &l->model->n_ctx_train,
                       err));
    LNR_TRY(head_sizes(l, err));
    LNR_TRY(expert_sizes(l, err));
    LNR_TRY(loader_positive(l, "attention.layer_norm_rms_epsilon", 1.0f, &s->norm_eps, err));
    if (s->norm_eps == 0.0f)
        return LNR_FAIL(err, LNR_E_FORMAT, "key '%s.attention.layer_norm_rms_epsilon' is missing",
                        l->arch);

    s->n_vocab = tokenizer_n_tokens(l->model->tokenizer);
    uint32_t stated;
    LNR_TRY(loader_u32(l, "vocab_size", (loader_range){1, UINT32_MAX, s->n_vocab}, &stated, err));
    if (stated != s->n_vocab)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key '%s.vocab_size' is %" PRIu32
                        ", but tokenizer.ggml.tokens has %" PRIu32,
                        l->arch, stated, s->n_vocab);
    return LNR_OK;
}

lnr_status loader_ends(model_loader *l, lnr_error *err) {
    lnr_model *m = l->model;
    const model_shape *s = &m->shape;
    bool tied = !loader_has(l, "output.weight");
    l->leave = !tied; /* a table that is only looked up: a row for each token */
    lnr_status st = loader_matrix(l, "token_embd.weight", s->n_vocab, s->n_embd, &m->embed, err);
    l->leave = false;
    LNR_TRY(st);
    LNR_TRY(loader_vector(l, "output_norm.weight", s->n_embd, &m->out_norm, err));
    if (!tied)
        LNR_TRY(loader_matrix(l, "output.weight", s->n_vocab, s->n_embd, &m->out, err));
    return LNR_OK;
}
