/* Metadata and tensors that decoder families have in common; the requests of loader.h, in order.
 *
 * Key and tensor names are those of the GGUF specification ("Standardized key-value pairs",
 * "Standardized tensor names"). */
#include "base/math.h"
#include "model/loader.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define NAME_MAX_BYTES 64

static lnr_status arch_f32(model_loader *l, const char *key, float *out, lnr_error *err) {
    char full[NAME_MAX_BYTES * 2];
    snprintf(full, sizeof full, "%s.%s", l->arch, key);
    return gguf_get_f32(l->file, full, out, err);
}

/* (0, hi]: RMSNorm's epsilon, the rotary base, a scaling factor. */
static lnr_status positive_f32(model_loader *l, const char *key, float hi, float *out,
                               lnr_error *err) {
    LNR_TRY(arch_f32(l, key, out, err));
    if (!(*out > 0.0f && *out <= hi))
        return LNR_FAIL(err, LNR_E_FORMAT, "key '%s.%s' is %g, above 0 and at most %g expected",
                        l->arch, key, (double)*out, (double)hi);
    return LNR_OK;
}

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
    return LNR_OK;
}

lnr_status loader_shape(model_loader *l, rope_pairs rope, lnr_error *err) {
    model_shape *s = &l->model->shape;
    const uint32_t max = MODEL_DIM_MAX;
    s->rope = rope;
    LNR_TRY(
        loader_u32(l, "block_count", (loader_range){1, MODEL_LAYERS_MAX, 0}, &s->n_layers, err));
    LNR_TRY(loader_u32(l, "embedding_length", (loader_range){1, max, 0}, &s->n_embd, err));
    LNR_TRY(loader_u32(l, "feed_forward_length", (loader_range){1, max, 0}, &s->n_ff, err));
    LNR_TRY(loader_u32(l, "context_length", (loader_range){1, 1u << 30, 0}, &l->model->n_ctx_train,
                       err));
    LNR_TRY(head_sizes(l, err));
    s->norm_eps = 0.0f; /* required: 0 is refused below */
    LNR_TRY(positive_f32(l, "attention.layer_norm_rms_epsilon", 1.0f, &s->norm_eps, err));

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

/* The factor that positions are divided by; 1 without scaling. */
static lnr_status rope_factor(model_loader *l, float *factor, lnr_error *err) {
    char key[NAME_MAX_BYTES * 2];
    lnr_str type = lnr_str_from("");
    *factor = 1.0f;
    snprintf(key, sizeof key, "%s.rope.scaling.type", l->arch);
    LNR_TRY(gguf_get_str(l->file, key, &type, err));
    if (type.n == 0) { /* files from before rope.scaling.type */
        return positive_f32(l, "rope.scale_linear", 1e6f, factor, err);
    }
    if (lnr_str_is(type, "none"))
        return LNR_OK;
    if (lnr_str_is(type, "linear"))
        return positive_f32(l, "rope.scaling.factor", 1e6f, factor, err);
    return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                    "key '%s' is '%.*s'; this build knows none, linear and rope_freqs.weight", key,
                    LNR_STR(type));
}

lnr_status loader_rope(model_loader *l, lnr_error *err) {
    lnr_model *m = l->model;
    uint32_t n = m->shape.n_rot / 2;
    float base = 10000.0f, factor;
    LNR_TRY(positive_f32(l, "rope.freq_base", 1e12f, &base, err));
    LNR_TRY(rope_factor(l, &factor, err));
    const float *divisor = NULL;
    if (loader_has(l, "rope_freqs.weight"))
        LNR_TRY(loader_vector(l, "rope_freqs.weight", n, &divisor, err));
    m->rope_freq = arena_alloc(&m->arena, n, sizeof *m->rope_freq);
    if (m->rope_freq == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %" PRIu32 " rotary frequencies", n);
    for (uint32_t i = 0; i < n; i++) {
        if (divisor && !(divisor[i] > 0.0f))
            return LNR_FAIL(err, LNR_E_FORMAT,
                            "tensor 'rope_freqs.weight': value %" PRIu32 " is %g, above 0 expected",
                            i, (double)divisor[i]);
        double freq = lnr_pow(base, -2.0 * i / m->shape.n_rot) / factor;
        m->rope_freq[i] = divisor ? freq / divisor[i] : freq;
    }
    return LNR_OK;
}

lnr_status loader_ends(model_loader *l, lnr_error *err) {
    lnr_model *m = l->model;
    const model_shape *s = &m->shape;
    LNR_TRY(loader_matrix(l, "token_embd.weight", s->n_vocab, s->n_embd, &m->embed, err));
    LNR_TRY(loader_vector(l, "output_norm.weight", s->n_embd, &m->out_norm, err));
    if (loader_has(l, "output.weight"))
        LNR_TRY(loader_matrix(l, "output.weight", s->n_vocab, s->n_embd, &m->out, err));
    return LNR_OK;
}

/* "blk.<layer>.<part>", in a static-free way: the caller's buffer. */
static const char *layer_name(char name[NAME_MAX_BYTES], uint32_t layer, const char *part) {
    snprintf(name, NAME_MAX_BYTES, "blk.%" PRIu32 ".%s", layer, part);
    return name;
}

static lnr_status bias(model_loader *l, uint32_t layer, const char *part, bool required, uint32_t n,
                       const float **out, lnr_error *err) {
    char name[NAME_MAX_BYTES];
    *out = NULL;
    layer_name(name, layer, part);
    return required || loader_has(l, name) ? loader_vector(l, name, n, out, err) : LNR_OK;
}

static lnr_status load_attention(model_loader *l, uint32_t i, layer_bias biases, attn_weights *w,
                                 lnr_error *err) {
    const model_shape *s = &l->model->shape;
    uint32_t n_q = s->n_heads * s->head_dim, n_kv = s->n_heads_kv * s->head_dim;
    bool need = biases == LAYER_QKV_BIAS;
    char t[NAME_MAX_BYTES];
    LNR_TRY(loader_vector(l, layer_name(t, i, "attn_norm.weight"), s->n_embd, &w->norm, err));
    LNR_TRY(loader_matrix(l, layer_name(t, i, "attn_q.weight"), n_q, s->n_embd, &w->q, err));
    LNR_TRY(loader_matrix(l, layer_name(t, i, "attn_k.weight"), n_kv, s->n_embd, &w->k, err));
    LNR_TRY(loader_matrix(l, layer_name(t, i, "attn_v.weight"), n_kv, s->n_embd, &w->v, err));
    LNR_TRY(bias(l, i, "attn_q.bias", need, n_q, &w->q_bias, err));
    LNR_TRY(bias(l, i, "attn_k.bias", need, n_kv, &w->k_bias, err));
    LNR_TRY(bias(l, i, "attn_v.bias", need, n_kv, &w->v_bias, err));
    return loader_matrix(l, layer_name(t, i, "attn_output.weight"), s->n_embd, n_q, &w->out, err);
}

static lnr_status load_ffn(model_loader *l, uint32_t i, ffn_weights *w, lnr_error *err) {
    const model_shape *s = &l->model->shape;
    char t[NAME_MAX_BYTES];
    LNR_TRY(loader_vector(l, layer_name(t, i, "ffn_norm.weight"), s->n_embd, &w->norm, err));
    LNR_TRY(
        loader_matrix(l, layer_name(t, i, "ffn_gate.weight"), s->n_ff, s->n_embd, &w->gate, err));
    LNR_TRY(loader_matrix(l, layer_name(t, i, "ffn_up.weight"), s->n_ff, s->n_embd, &w->up, err));
    return loader_matrix(l, layer_name(t, i, "ffn_down.weight"), s->n_embd, s->n_ff, &w->down, err);
}

lnr_status loader_layers(model_loader *l, layer_bias biases, lnr_error *err) {
    lnr_model *m = l->model;
    m->layer = arena_alloc(&m->arena, m->shape.n_layers, sizeof *m->layer);
    if (m->layer == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %" PRIu32 " layers", m->shape.n_layers);
    for (uint32_t i = 0; i < m->shape.n_layers; i++) {
        LNR_TRY(load_attention(l, i, biases, &m->layer[i].attn, err));
        LNR_TRY(load_ffn(l, i, &m->layer[i].ffn, err));
    }
    return LNR_OK;
}
