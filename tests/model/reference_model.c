/* See reference_model.h. A new family is one line of the table, or a block of its own where the
 * layer differs. */
#include "reference_model.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const ref_family families[] = {
    {"llama", 0, 1, 0, 0},    {"qwen2", 1, 1, 0, 0}, {"qwen3", 1, 1, 0, 0},
    {"qwen3moe", 1, 1, 0, 0}, {"phi3", 1, 0, 0, 0},  {"gemma2", 1, 2, 1, 46},
    {"gemma3", 1, 6, 1, 62},
};

#define GEMMA3_LOCAL_BASE 10000

static double number(const reference_model *m, const char *key, double fallback) {
    char full[128];
    snprintf(full, sizeof full, "%s.%s", m->family->arch, key);
    return ref_file_number(m->file, full, fallback);
}

static size_t size(const reference_model *m, const char *key, size_t fallback) {
    return (size_t)number(m, key, (double)fallback);
}

static int is_string(const reference_model *m, const char *key, const char *expected) {
    size_t n;
    const char *text = ref_file_string(m->file, key, &n);
    return text && n == strlen(expected) && memcmp(text, expected, n) == 0;
}

static int find_family(reference_model *m) {
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (is_string(m, "general.architecture", families[i].arch))
            m->family = &families[i];
    return m->family != NULL;
}

/* The first files of gemma2 say nothing of its window and its caps. */
static void read_sizes(reference_model *m) {
    int is_gemma2 = strcmp(m->family->arch, "gemma2") == 0;
    m->n_layers = size(m, "block_count", 0);
    m->n_embd = size(m, "embedding_length", 0);
    m->n_heads = size(m, "attention.head_count", 1);
    m->n_heads_kv = size(m, "attention.head_count_kv", m->n_heads);
    m->head_dim = size(m, "attention.key_length", m->n_embd / m->n_heads);
    m->n_rot = size(m, "rope.dimension_count", m->head_dim);
    m->eps = number(m, "attention.layer_norm_rms_epsilon", 1e-5);
    m->window =
        m->family->full_every == 1 ? 0 : size(m, "attention.sliding_window", is_gemma2 ? 4096 : 0);
    m->n_experts = size(m, "expert_count", 0);
    m->n_experts_used = size(m, "expert_used_count", 0);
    m->attn_cap = number(m, "attn_logit_softcapping", is_gemma2 ? 50 : 0);
    m->final_cap = number(m, "final_logit_softcapping", is_gemma2 ? 30 : 0);
    m->embed_scale = m->family->is_gemma ? sqrt((double)m->n_embd) : 1;
    size_t per_head = m->family->is_gemma && m->n_layers == m->family->n_layers_27b
                          ? m->n_embd / m->n_heads
                          : m->head_dim;
    m->query_scale = 1 / sqrt((double)per_head);
}

/* ---- rotary positions
 * ---------------------------------------------------------------------------- */

static ref_matrix tensor(reference_model *m, const char *name) {
    ref_matrix t = ref_file_matrix(m->file, name);
    if (t.w)
        m->owned[m->n_owned++] = t.w;
    return t;
}

/* theta_i = base^(-2 i / n_rot), over a divisor of its own where the file has a list of them: Llama
 * 3.1's bands, or LongRoPE's (Ding 2024). */
static int unscaled(const reference_model *m, ref_rope *r, double base, const ref_matrix *divisor) {
    r->size = 1;
    r->freq = calloc(m->n_rot / 2 + 1, sizeof *r->freq);
    for (size_t i = 0; r->freq && i < m->n_rot / 2; i++) {
        r->freq[i] = pow(base, -2.0 * (double)i / (double)m->n_rot);
        if (divisor && divisor->w)
            r->freq[i] /= divisor->w[i];
    }
    return r->freq != NULL;
}

/* The pair that turns so many times within n_ctx positions (Peng 2023, YaRN). */
static double yarn_pair(const reference_model *m, double n_turns, double n_ctx, double base) {
    const double pi = 3.14159265358979323846;
    return (double)m->n_rot * log(n_ctx / (n_turns * 2 * pi)) / (2 * log(base));
}

/* Fast pairs stay, slow ones are interpolated by the factor, those between are mixed. */
static void scale_yarn(const reference_model *m, ref_rope *r, double base, double factor) {
    double n_ctx =
        number(m, "rope.scaling.original_context_length", number(m, "context_length", 0));
    double first = fmax(0, floor(yarn_pair(m, 32, n_ctx, base)));
    double last = fmin((double)m->n_rot - 1, ceil(yarn_pair(m, 1, n_ctx, base)));
    for (size_t i = 0; i < m->n_rot / 2; i++) {
        double slow = ((double)i - first) / fmax(0.001, last - first);
        slow = fmin(1, fmax(0, slow));
        r->freq[i] *= slow / factor + (1 - slow);
    }
    r->size *= 1 + 0.1 * log(factor);
}

static void scale(const reference_model *m, ref_rope *r, double base) {
    char key[64];
    snprintf(key, sizeof key, "%s.rope.scaling.type", m->family->arch);
    double factor = number(m, "rope.scaling.factor", 1);
    size_t n;
    int is_linear = is_string(m, key, "linear") || ref_file_string(m->file, key, &n) == NULL;
    if (is_string(m, key, "yarn"))
        scale_yarn(m, r, base, factor);
    for (size_t i = 0; is_linear && i < m->n_rot / 2; i++)
        r->freq[i] /= factor; /* "position interpolation", Chen 2023; older files name no type */
}

/* LongRoPE: what a longer context than the original asks of the vectors' size, unless the file
 * says. */
static double longrope_size(const reference_model *m, double n_ctx_original) {
    double stretch = number(m, "context_length", 0) / n_ctx_original;
    double by_rule = stretch > 1 ? sqrt(1 + log(stretch) / log(n_ctx_original)) : 1;
    return number(m, "rope.scaling.attn_factor", by_rule);
}

static int read_rope(reference_model *m, size_t n_ctx) {
    double base = number(m, "rope.freq_base", 10000);
    double n_ctx_original =
        number(m, "rope.scaling.original_context_length", number(m, "context_length", 0));
    ref_matrix bands = tensor(m, "rope_freqs.weight");
    ref_matrix shorter = tensor(m, "rope_factors_short.weight");
    ref_matrix longer = tensor(m, "rope_factors_long.weight");
    int is_long = (double)n_ctx > n_ctx_original;
    m->has_rope_lists = longer.w != NULL;
    ref_matrix *divisor = !longer.w ? &bands : is_long ? &longer : &shorter;
    ref_rope *full = &m->rope[REF_ROPE_FULL], *local = &m->rope[REF_ROPE_LOCAL];
    ref_rope *other = &m->rope[REF_ROPE_OTHER_FACTORS];
    int is_gemma3 = strcmp(m->family->arch, "gemma3") == 0;
    if (!unscaled(m, full, base, divisor) ||
        !unscaled(m, local, is_gemma3 ? GEMMA3_LOCAL_BASE : base, divisor) ||
        !unscaled(m, &m->rope[REF_ROPE_UNSCALED], base, NULL) ||
        !unscaled(m, other, base, is_long ? &shorter : &longer))
        return 0;
    scale(m, full, base);
    if (!is_gemma3)
        scale(m, local, base);
    double factor =
        longer.w ? longrope_size(m, n_ctx_original) : number(m, "rope.scaling.attn_factor", 1);
    full->size *= factor;
    local->size *= factor;
    other->size *= factor;
    return 1;
}

/* ---- tensors
 * ------------------------------------------------------------------------------------- */

ref_matrix ref_rows(ref_matrix m, size_t first, size_t n) {
    if (m.w)
        m.w += first * m.n_cols;
    m.n_rows = n;
    return m;
}

static ref_matrix part(reference_model *m, size_t i, const char *name) {
    char full[64];
    snprintf(full, sizeof full, "blk.%zu.%s", i, name);
    return tensor(m, full);
}

static void read_attention(reference_model *m, size_t i, ref_layer *l) {
    size_t n_q = m->n_heads * m->head_dim, n_kv = m->n_heads_kv * m->head_dim;
    l->attn_norm = part(m, i, "attn_norm.weight");
    ref_matrix all = part(m, i, "attn_qkv.weight");
    if (all.w) {
        l->q = ref_rows(all, 0, n_q);
        l->k = ref_rows(all, n_q, n_kv);
        l->v = ref_rows(all, n_q + n_kv, n_kv);
    } else {
        l->q = part(m, i, "attn_q.weight");
        l->k = part(m, i, "attn_k.weight");
        l->v = part(m, i, "attn_v.weight");
    }
    l->q_bias = part(m, i, "attn_q.bias");
    l->k_bias = part(m, i, "attn_k.bias");
    l->v_bias = part(m, i, "attn_v.bias");
    l->q_norm = part(m, i, "attn_q_norm.weight");
    l->k_norm = part(m, i, "attn_k_norm.weight");
    l->attn_out = part(m, i, "attn_output.weight");
    l->attn_post_norm = part(m, i, "post_attention_norm.weight");
}

static void read_ffn(reference_model *m, size_t i, ref_layer *l) {
    l->ffn_norm = part(m, i, "ffn_norm.weight");
    l->ffn_post_norm = part(m, i, "post_ffw_norm.weight");
    l->router = part(m, i, "ffn_gate_inp.weight");
    int mixes = l->router.w != NULL;
    l->gate = part(m, i, mixes ? "ffn_gate_exps.weight" : "ffn_gate.weight");
    l->up = part(m, i, mixes ? "ffn_up_exps.weight" : "ffn_up.weight");
    l->down = part(m, i, mixes ? "ffn_down_exps.weight" : "ffn_down.weight");
    if (!l->gate.w) { /* one matrix holds both, the gate first */
        size_t n_ff = l->up.n_rows / 2;
        l->gate = ref_rows(l->up, 0, n_ff);
        l->up = ref_rows(l->up, n_ff, n_ff);
    }
}

static int read_tensors(reference_model *m) {
    m->embed = tensor(m, "token_embd.weight");
    m->out_norm = tensor(m, "output_norm.weight");
    m->out = tensor(m, "output.weight");
    if (!m->out.w)
        m->out = m->embed;
    m->n_vocab = m->embed.n_rows;
    m->layer = calloc(m->n_layers, sizeof *m->layer);
    int ok = m->layer && m->embed.w && m->out_norm.w;
    for (size_t i = 0; ok && i < m->n_layers; i++) {
        ref_layer *l = &m->layer[i];
        size_t period = m->family->full_every;
        l->is_local = m->window > 0 && (period == 0 || i % period != period - 1);
        read_attention(m, i, l);
        read_ffn(m, i, l);
        ok = l->attn_norm.w && l->q.w && l->k.w && l->v.w && l->attn_out.w && l->ffn_norm.w &&
             l->gate.w && l->up.w && l->down.w && (m->n_experts > 0) == (l->router.w != NULL);
    }
    return ok;
}

#define N_OWNED_PER_LAYER 24 /* more than there are names above */

reference_model *reference_open(const char *path, int n_ctx) {
    reference_model *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->file = ref_file_open(path);
    if (m->file && find_family(m)) {
        read_sizes(m);
        m->owned = calloc((m->n_layers + 1) * N_OWNED_PER_LAYER, sizeof *m->owned);
        if (m->owned && read_rope(m, (size_t)n_ctx) && read_tensors(m))
            return m;
    }
    fprintf(stderr, "reference: %s is no model that it knows\n", path);
    reference_close(m);
    return NULL;
}

void reference_close(reference_model *m) {
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n_owned; i++)
        free(m->owned[i]);
    for (size_t i = 0; i < N_REF_ROPES; i++)
        free(m->rope[i].freq);
    free(m->owned);
    free(m->layer);
    ref_file_close(m->file);
    free(m);
}

size_t reference_n_vocab(const reference_model *m) {
    return m->n_vocab;
}

const char *reference_token(const reference_model *m, int token, size_t *n) {
    return ref_file_array_string(m->file, "tokenizer.ggml.tokens", (uint64_t)token, n);
}

/* ---- mistakes
 * ------------------------------------------------------------------------------------ */

static int is_scaled(const reference_model *m) {
    const ref_rope *full = &m->rope[REF_ROPE_FULL], *plain = &m->rope[REF_ROPE_UNSCALED];
    for (size_t i = 0; i < m->n_rot / 2; i++)
        if (fabs(full->freq[i] - plain->freq[i]) > 0)
            return 1;
    return 0;
}

const char *reference_mistake(const reference_model *m, unsigned flag) {
    const ref_layer *l = &m->layer[0];
    int is_27b = fabs(m->query_scale - 1 / sqrt((double)m->head_dim)) > 0;
    const struct {
        unsigned flag;
        int possible;
        const char *what;
    } all[] = {
        {REFERENCE_WRONG_ROPE, 1, "the other family's rope pairs"},
        {REFERENCE_WRONG_MASK, 1, "one position not seen"},
        {REFERENCE_WRONG_EPS, 1, "norms without epsilon"},
        {REFERENCE_WRONG_GATE, 1, "gate and up swapped"},
        {REFERENCE_WRONG_ACTIVATION, 1, "silu for gelu, or gelu for silu"},
        {REFERENCE_NO_WINDOW, m->window > 0, "no window"},
        {REFERENCE_WRONG_WINDOW, m->window > 0, "a window of one position more"},
        {REFERENCE_NO_ATTN_CAP, m->attn_cap > 0, "no cap on scores"},
        {REFERENCE_NO_FINAL_CAP, m->final_cap > 0, "no cap on logits"},
        {REFERENCE_NO_EXPERT_NORM, m->n_experts > m->n_experts_used, "weights that sum to less"},
        {REFERENCE_NO_QK_NORM, l->q_norm.w != NULL, "q and k without their norms"},
        {REFERENCE_NO_POST_NORM, l->attn_post_norm.w != NULL, "no norms behind attention and net"},
        {REFERENCE_NO_EMBED_SCALE, m->family->is_gemma, "embedding not scaled"},
        {REFERENCE_WRONG_QUERY_SCALE, is_27b, "queries over the root of a head's size"},
        {REFERENCE_WRONG_LOCAL_ROPE, m->window && m->family->full_every == 6,
         "local layers turned as full ones"},
        {REFERENCE_NO_ROPE_SCALING, is_scaled(m), "frequencies not scaled"},
        {REFERENCE_WRONG_ROPE_SIZE, fabs(m->rope[REF_ROPE_FULL].size - 1) > 0, "rope of size 1"},
        {REFERENCE_WRONG_ROPE_LIST, m->has_rope_lists, "the other list of rope factors"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].flag == flag && all[i].possible)
            return all[i].what;
    return NULL;
}
