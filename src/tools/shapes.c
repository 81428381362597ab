/* See shapes.h. Numbers are those of the models' published config.json files. */
#include "tools/shapes.h"

#include <inttypes.h>
#include <stdio.h>

#define NAME_BYTES 64

static const model_shape_row shapes[] = {
    {"tinyllama-1.1b", ARCH_LLAMA, 22, 2048, 5632, 32, 4, 64, 32000, 2048, false, 1e4f, 1e-5f,
     WORDS_LLAMA2, 0, 0},
    {"qwen2.5-0.5b", ARCH_QWEN2, 24, 896, 4864, 14, 2, 64, 151936, 32768, true, 1e6f, 1e-6f,
     WORDS_QWEN, 0, 0},
    {"qwen2.5-1.5b", ARCH_QWEN2, 28, 1536, 8960, 12, 2, 128, 151936, 32768, true, 1e6f, 1e-6f,
     WORDS_QWEN, 0, 0},
    {"qwen2.5-3b", ARCH_QWEN2, 36, 2048, 11008, 16, 2, 128, 151936, 32768, true, 1e6f, 1e-6f,
     WORDS_QWEN, 0, 0},
    {"qwen2.5-7b", ARCH_QWEN2, 28, 3584, 18944, 28, 4, 128, 152064, 32768, false, 1e6f, 1e-6f,
     WORDS_QWEN, 0, 0},
    {"qwen2.5-14b", ARCH_QWEN2, 48, 5120, 13824, 40, 8, 128, 152064, 32768, false, 1e6f, 1e-6f,
     WORDS_QWEN, 0, 0},
    {"qwen3-0.6b", ARCH_QWEN3, 28, 1024, 3072, 16, 8, 128, 151936, 40960, true, 1e6f, 1e-6f,
     WORDS_QWEN, 0, 0},
    {"qwen3-4b", ARCH_QWEN3, 36, 2560, 9728, 32, 8, 128, 151936, 40960, true, 1e6f, 1e-6f,
     WORDS_QWEN, 0, 0},
    {"qwen3-8b", ARCH_QWEN3, 36, 4096, 12288, 32, 8, 128, 151936, 40960, false, 1e6f, 1e-6f,
     WORDS_QWEN, 0, 0},
    {"llama3.2-1b", ARCH_LLAMA, 16, 2048, 8192, 32, 8, 64, 128256, 131072, true, 5e5f, 1e-5f,
     WORDS_LLAMA3, 0, 32},
    {"llama3.2-3b", ARCH_LLAMA, 28, 3072, 8192, 24, 8, 128, 128256, 131072, true, 5e5f, 1e-5f,
     WORDS_LLAMA3, 0, 32},
    {"llama3.1-8b", ARCH_LLAMA, 32, 4096, 14336, 32, 8, 128, 128256, 131072, false, 5e5f, 1e-5f,
     WORDS_LLAMA3, 0, 8},
    {"mistral-7b", ARCH_LLAMA, 32, 4096, 14336, 32, 8, 128, 32768, 32768, false, 1e6f, 1e-5f,
     WORDS_MISTRAL, 0, 0}, /* v0.3 */
    {"gemma3-1b", ARCH_GEMMA3, 26, 1152, 6912, 4, 1, 256, 262144, 32768, true, 1e6f, 1e-6f,
     WORDS_GEMMA3, 512, 0},
    {"gemma3-4b", ARCH_GEMMA3, 34, 2560, 10240, 8, 4, 256, 262144, 131072, true, 1e6f, 1e-6f,
     WORDS_GEMMA3, 1024, 8},
    {"phi3-mini", ARCH_PHI3, 32, 3072, 8192, 32, 32, 96, 32064, 4096, false, 1e4f, 1e-5f,
     WORDS_PHI3, 2047, 0}, /* 4k */
};
#define N_SHAPES (sizeof shapes / sizeof shapes[0])

const model_shape_row *shape_at(size_t idx) {
    return idx < N_SHAPES ? &shapes[idx] : NULL;
}

lnr_status shape_find(const char *name, const model_shape_row **out, lnr_error *err) {
    char names[300] = "";
    size_t n = 0;
    for (size_t i = 0; i < N_SHAPES; i++) {
        if (strcmp(name, shapes[i].name) == 0) {
            *out = &shapes[i];
            return LNR_OK;
        }
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", shapes[i].name);
    }
    return LNR_FAIL(err, LNR_E_ARGUMENT, "unknown shape '%.*s'; there are %s",
                    LNR_STR(lnr_str_from(name)), names);
}

const char *shape_arch_name(const model_shape_row *s) {
    static const char *const names[] = {[ARCH_LLAMA] = "llama",
                                        [ARCH_QWEN2] = "qwen2",
                                        [ARCH_QWEN3] = "qwen3",
                                        [ARCH_GEMMA3] = "gemma3",
                                        [ARCH_PHI3] = "phi3"};
    return names[s->arch];
}

mix_model shape_mix_model(const model_shape_row *s) {
    return (mix_model){
        .n_layers = s->n_layers, .n_gqa = s->n_heads / s->n_heads_kv, .has_output = !s->tied};
}

/* ---- tensors
 * ------------------------------------------------------------------------------------- */

typedef struct lister {
    const model_shape_row *s;
    mix_id mix;
    mix_model model;
    bool (*fn)(const shape_tensor *t, void *user);
    void *user;
    bool stopped;
    uint32_t layer;
} lister;

/* A tensor outside the layers. */
static void tell(lister *l, const char *name, shape_role role, uint64_t n_rows, uint64_t n_cols) {
    shape_tensor t = {.name = name,
                      .role = role,
                      .n_dims = role == SHAPE_WEIGHT ? 2 : 1,
                      .dim = {n_cols, n_rows},
                      .type = LNR_TYPE_F32};
    mix_tensor seen = {lnr_str_from(name), t.n_dims, n_cols};
    bool fell_back;
    if (role == SHAPE_WEIGHT)
        t.type = mix_type(l->mix, &l->model, &seen, &fell_back);
    if (!l->stopped)
        l->stopped = !l->fn(&t, l->user);
}

static void layer_tensor(lister *l, const char *part, shape_role role, uint64_t n_rows,
                         uint64_t n_cols) {
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "blk.%" PRIu32 ".%s", l->layer, part);
    tell(l, name, role, n_rows, n_cols);
}

static void attention(lister *l) {
    const model_shape_row *s = l->s;
    uint64_t n = s->n_embd, n_q = (uint64_t)s->n_heads * s->head_dim,
             n_kv = (uint64_t)s->n_heads_kv * s->head_dim;
    layer_tensor(l, "attn_norm.weight", SHAPE_NORM, 1, n);
    if (s->arch == ARCH_PHI3) {
        layer_tensor(l, "attn_qkv.weight", SHAPE_WEIGHT, n_q + 2 * n_kv, n);
    } else {
        layer_tensor(l, "attn_q.weight", SHAPE_WEIGHT, n_q, n);
        layer_tensor(l, "attn_k.weight", SHAPE_WEIGHT, n_kv, n);
        layer_tensor(l, "attn_v.weight", SHAPE_WEIGHT, n_kv, n);
    }
    if (s->arch == ARCH_QWEN2) {
        layer_tensor(l, "attn_q.bias", SHAPE_BIAS, 1, n_q);
        layer_tensor(l, "attn_k.bias", SHAPE_BIAS, 1, n_kv);
        layer_tensor(l, "attn_v.bias", SHAPE_BIAS, 1, n_kv);
    }
    if (s->arch == ARCH_QWEN3 || s->arch == ARCH_GEMMA3) {
        layer_tensor(l, "attn_q_norm.weight", SHAPE_NORM, 1, s->head_dim);
        layer_tensor(l, "attn_k_norm.weight", SHAPE_NORM, 1, s->head_dim);
    }
    layer_tensor(l, "attn_output.weight", SHAPE_WEIGHT, n, n_q);
    if (s->arch == ARCH_GEMMA3)
        layer_tensor(l, "post_attention_norm.weight", SHAPE_NORM, 1, n);
}

static void ffn(lister *l) {
    const model_shape_row *s = l->s;
    uint64_t n = s->n_embd;
    layer_tensor(l, "ffn_norm.weight", SHAPE_NORM, 1, n);
    if (s->arch == ARCH_PHI3) { /* gate and up in one */
        layer_tensor(l, "ffn_up.weight", SHAPE_WEIGHT, 2 * (uint64_t)s->n_ff, n);
    } else {
        layer_tensor(l, "ffn_gate.weight", SHAPE_WEIGHT, s->n_ff, n);
        layer_tensor(l, "ffn_up.weight", SHAPE_WEIGHT, s->n_ff, n);
    }
    layer_tensor(l, "ffn_down.weight", SHAPE_WEIGHT, n, s->n_ff);
    if (s->arch == ARCH_GEMMA3)
        layer_tensor(l, "post_ffw_norm.weight", SHAPE_NORM, 1, n);
}

void shape_each_tensor(const model_shape_row *s, mix_id mix,
                       bool (*fn)(const shape_tensor *t, void *user), void *user) {
    lister l = {.s = s, .mix = mix, .model = shape_mix_model(s), .fn = fn, .user = user};
    tell(&l, "token_embd.weight", SHAPE_WEIGHT, s->n_vocab, s->n_embd);
    if (s->arch == ARCH_LLAMA && s->rope_factor > 0.0f)
        tell(&l, "rope_freqs.weight", SHAPE_ROPE, 1, s->head_dim / 2);
    for (l.layer = 0; l.layer < s->n_layers; l.layer++) {
        attention(&l);
        ffn(&l);
    }
    tell(&l, "output_norm.weight", SHAPE_NORM, 1, s->n_embd);
    if (!s->tied)
        tell(&l, "output.weight", SHAPE_WEIGHT, s->n_vocab, s->n_embd);
}
