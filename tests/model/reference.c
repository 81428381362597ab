/* See reference.h. A new family is one line of the table, or a block of its own where the layer
 * differs.
 *
 * The whole prompt goes through one layer after the other, so that K and V live only inside a
 * layer. */
#include "reference.h"

#include "reference_file.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct family {
    const char *arch;
    int rope_halves; /* pairs (i, i + n_rot / 2) rotate together, else (2 i, 2 i + 1) */
} families[] = {{"llama", 0}, {"qwen2", 1}};

typedef struct layer {
    ref_matrix attn_norm, q, k, v, q_bias, k_bias, v_bias, attn_out;
    ref_matrix ffn_norm, gate, up, down;
} layer;

struct reference_model {
    ref_file *file; /* owned, with all matrices below */
    const struct family *family;
    size_t n_layers, n_embd, n_heads, n_heads_kv, head_dim, n_rot, n_vocab;
    double eps, *freq; /* (n_rot / 2): radians per position */
    ref_matrix embed, out_norm, out;
    layer *layer; /* (n_layers) */
};

/* ---- opening
 * ------------------------------------------------------------------------------------- */

static double number(const reference_model *m, const char *key, double fallback) {
    char full[128];
    snprintf(full, sizeof full, "%s.%s", m->family->arch, key);
    return ref_file_number(m->file, full, fallback);
}

static size_t size(const reference_model *m, const char *key, size_t fallback) {
    return (size_t)number(m, key, (double)fallback);
}

static int find_family(reference_model *m) {
    size_t n;
    const char *arch = ref_file_string(m->file, "general.architecture", &n);
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (arch && n == strlen(families[i].arch) && memcmp(arch, families[i].arch, n) == 0) {
            m->family = &families[i];
            return 1;
        }
    return 0;
}

static void read_sizes(reference_model *m) {
    m->n_layers = size(m, "block_count", 0);
    m->n_embd = size(m, "embedding_length", 0);
    m->n_heads = size(m, "attention.head_count", 1);
    m->n_heads_kv = size(m, "attention.head_count_kv", m->n_heads);
    m->head_dim = size(m, "attention.key_length", m->n_embd / m->n_heads);
    m->n_rot = size(m, "rope.dimension_count", m->head_dim);
    m->eps = number(m, "attention.layer_norm_rms_epsilon", 1e-5);
}

/* theta_i = base^(-2 i / n_rot); linear scaling divides positions by its factor ("position
 * interpolation", Chen 2023); Llama 3.1 divides each frequency by its own number, which files carry
 * as a tensor. */
static int read_rope(reference_model *m) {
    char key[64];
    size_t n;
    snprintf(key, sizeof key, "%s.rope.scaling.type", m->family->arch);
    const char *type = ref_file_string(m->file, key, &n);
    int linear = type && n == 6 && memcmp(type, "linear", 6) == 0;
    double factor = linear ? number(m, "rope.scaling.factor", 1) : 1;
    double base = number(m, "rope.freq_base", 10000);
    ref_matrix divisor = ref_file_matrix(m->file, "rope_freqs.weight");
    m->freq = calloc(m->n_rot / 2 + 1, sizeof *m->freq);
    for (size_t i = 0; m->freq && i < m->n_rot / 2; i++) {
        m->freq[i] = pow(base, -2.0 * (double)i / (double)m->n_rot) / factor;
        if (divisor.w)
            m->freq[i] /= divisor.w[i];
    }
    free(divisor.w);
    return m->freq != NULL;
}

static ref_matrix part(const reference_model *m, size_t i, const char *name) {
    char full[64];
    snprintf(full, sizeof full, "blk.%zu.%s", i, name);
    return ref_file_matrix(m->file, full);
}

static int read_tensors(reference_model *m) {
    m->embed = ref_file_matrix(m->file, "token_embd.weight");
    m->out_norm = ref_file_matrix(m->file, "output_norm.weight");
    m->out = ref_file_matrix(m->file, "output.weight");
    m->n_vocab = m->embed.n_rows;
    m->layer = calloc(m->n_layers, sizeof *m->layer);
    if (m->layer == NULL)
        return 0;
    int ok = m->embed.w && m->out_norm.w;
    for (size_t i = 0; i < m->n_layers; i++) {
        layer *l = &m->layer[i];
        *l = (layer){
            part(m, i, "attn_norm.weight"), part(m, i, "attn_q.weight"),
            part(m, i, "attn_k.weight"),    part(m, i, "attn_v.weight"),
            part(m, i, "attn_q.bias"),      part(m, i, "attn_k.bias"),
            part(m, i, "attn_v.bias"),      part(m, i, "attn_output.weight"),
            part(m, i, "ffn_norm.weight"),  part(m, i, "ffn_gate.weight"),
            part(m, i, "ffn_up.weight"),    part(m, i, "ffn_down.weight"),
        };
        ok = ok && l->attn_norm.w && l->q.w && l->k.w && l->v.w && l->attn_out.w && l->ffn_norm.w &&
             l->gate.w && l->up.w && l->down.w;
    }
    return ok;
}

reference_model *reference_open(const char *path) {
    reference_model *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->file = ref_file_open(path);
    if (m->file && find_family(m)) {
        read_sizes(m);
        if (read_rope(m) && read_tensors(m))
            return m;
    }
    fprintf(stderr, "reference: %s is no model that it knows\n", path);
    reference_close(m);
    return NULL;
}

void reference_close(reference_model *m) {
    if (m == NULL)
        return;
    for (size_t i = 0; m->layer && i < m->n_layers; i++) {
        layer *l = &m->layer[i];
        ref_matrix *all[] = {&l->attn_norm, &l->q,      &l->k,      &l->v,
                             &l->q_bias,    &l->k_bias, &l->v_bias, &l->attn_out,
                             &l->ffn_norm,  &l->gate,   &l->up,     &l->down};
        for (size_t j = 0; j < sizeof all / sizeof all[0]; j++)
            free(all[j]->w);
    }
    free(m->embed.w);
    free(m->out_norm.w);
    free(m->out.w);
    free(m->layer);
    free(m->freq);
    ref_file_close(m->file);
    free(m);
}

size_t reference_n_vocab(const reference_model *m) {
    return m->n_vocab;
}

const char *reference_token(const reference_model *m, int token, size_t *n) {
    return ref_file_array_string(m->file, "tokenizer.ggml.tokens", (uint64_t)token, n);
}

/* ---- parts of a layer
 * ---------------------------------------------------------------------------- */

typedef struct state {
    const reference_model *m;
    unsigned flags;
    size_t n; /* tokens */
    double *x, *h, *q, *k, *v, *a, *gate, *up, *rounded;
} state;

/* To int8 and back: d = amax / 127, ties to even. */
static void round_activations(const double *x, size_t n, size_t width, double *out) {
    for (size_t first = 0; first < n; first += width) {
        double amax = 0;
        for (size_t i = first; i < first + width; i++)
            amax = fmax(amax, fabs(x[i]));
        for (size_t i = first; i < first + width; i++)
            out[i] = amax > 0 ? rint(x[i] * (127 / amax)) * (amax / 127) : 0;
    }
}

/* To the nearest half: 11 significant bits, never finer than 2^-24. Nothing here nears its largest.
 */
static double round_half(double x) {
    int e;
    (void)frexp(x, &e);
    double step = ldexp(1, e > -13 ? e - 11 : -24);
    return rint(x / step) * step;
}

static double dot(const double *a, const double *b, size_t n) {
    double sum[4] = {0}; /* four at a time only for speed */
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t j = 0; j < 4; j++)
            sum[j] += a[i + j] * b[i + j];
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    return sum[0] + sum[1] + sum[2] + sum[3];
}

/* y (n, n_rows) = x (n, n_cols) W + bias */
static void linear(const state *s, const ref_matrix *w, const ref_matrix *bias, const double *x,
                   double *y) {
    int rounds = (s->flags & REFERENCE_ROUNDED) && w->act_width;
    for (size_t t = 0; t < s->n; t++) {
        const double *in = x + t * w->n_cols;
        if (rounds) {
            round_activations(in, w->n_cols, w->act_width, s->rounded);
            in = s->rounded;
        }
        for (size_t r = 0; r < w->n_rows; r++)
            y[t * w->n_rows + r] =
                dot(w->w + r * w->n_cols, in, w->n_cols) + (bias && bias->w ? bias->w[r] : 0);
    }
}

static void rms_norm(const state *s, const ref_matrix *w, const double *x, double *y) {
    size_t n = w->n_cols;
    double eps = s->flags & REFERENCE_WRONG_EPS ? 0 : s->m->eps;
    for (size_t t = 0; t < s->n; t++, x += n, y += n) {
        double r = 1 / sqrt(dot(x, x, n) / (double)n + eps);
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] * r * w->w[i];
    }
}

static void rope(const state *s, double *x, size_t n_heads) {
    const reference_model *m = s->m;
    int halves = m->family->rope_halves ^ !!(s->flags & REFERENCE_WRONG_ROPE);
    for (size_t t = 0; t < s->n; t++)
        for (size_t h = 0; h < n_heads; h++, x += m->head_dim)
            for (size_t i = 0; i < m->n_rot / 2; i++) {
                double *a = halves ? x + i : x + 2 * i;
                double *b = halves ? x + i + m->n_rot / 2 : x + 2 * i + 1;
                double c = cos((double)t * m->freq[i]), sn = sin((double)t * m->freq[i]);
                double a0 = *a, b0 = *b;
                *a = a0 * c - b0 * sn;
                *b = a0 * sn + b0 * c;
            }
}

static int is_seen(const state *s, size_t from, size_t to) {
    return !(s->flags & REFERENCE_WRONG_MASK) || from < 128 || to != 127;
}

/* One head of one token: softmax(q k / sqrt(d)) v over positions up to its own. p: (n) */
static void attend(const state *s, size_t t, size_t head, double *p) {
    const reference_model *m = s->m;
    size_t d = m->head_dim, kv = head / (m->n_heads / m->n_heads_kv);
    const double *q = s->q + (t * m->n_heads + head) * d;
    double *a = s->a + (t * m->n_heads + head) * d;
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j <= t; j++) {
        p[j] = dot(q, s->k + (j * m->n_heads_kv + kv) * d, d) / sqrt((double)d);
        top = fmax(top, p[j]);
    }
    memset(a, 0, d * sizeof *a);
    for (size_t j = 0; j <= t; j++) {
        double e = is_seen(s, t, j) ? exp(p[j] - top) : 0;
        const double *v = s->v + (j * m->n_heads_kv + kv) * d;
        for (size_t i = 0; i < d; i++)
            a[i] += e * v[i];
        sum += e;
    }
    for (size_t i = 0; i < d; i++)
        a[i] /= sum;
}

static void add(double *x, const double *y, size_t n) {
    for (size_t i = 0; i < n; i++)
        x[i] += y[i];
}

/* ---- the pass
 * ------------------------------------------------------------------------------------ */

static void run_layer(const state *s, const layer *l) {
    const reference_model *m = s->m;
    size_t n_kv = s->n * m->n_heads_kv * m->head_dim, n_ff = s->n * l->gate.n_rows;
    rms_norm(s, &l->attn_norm, s->x, s->h);
    linear(s, &l->q, &l->q_bias, s->h, s->q);
    linear(s, &l->k, &l->k_bias, s->h, s->k);
    linear(s, &l->v, &l->v_bias, s->h, s->v);
    rope(s, s->q, m->n_heads);
    rope(s, s->k, m->n_heads_kv);
    for (size_t i = 0; (s->flags & REFERENCE_ROUNDED) && i < n_kv; i++) {
        s->k[i] = round_half(s->k[i]);
        s->v[i] = round_half(s->v[i]);
    }
    for (size_t t = 0; t < s->n; t++)
        for (size_t head = 0; head < m->n_heads; head++)
            attend(s, t, head, s->gate); /* (n_ff >= n: free at this point) */
    linear(s, &l->attn_out, NULL, s->a, s->h);
    add(s->x, s->h, s->n * m->n_embd);

    rms_norm(s, &l->ffn_norm, s->x, s->h);
    linear(s, &l->gate, NULL, s->h, s->gate);
    linear(s, &l->up, NULL, s->h, s->up);
    for (size_t i = 0; i < n_ff; i++)
        s->gate[i] = s->gate[i] / (1 + exp(-s->gate[i])) * s->up[i];
    linear(s, &l->down, NULL, s->gate, s->h);
    add(s->x, s->h, s->n * m->n_embd);
}

static double *carve(double **p, size_t n) {
    double *at = *p;
    *p += n;
    return at;
}

int reference_logits(const reference_model *m, const int *tokens, int n, unsigned flags,
                     double *logits) {
    size_t n_tokens = (size_t)n, n_ff = m->layer[0].gate.n_rows;
    size_t n_q = m->n_heads * m->head_dim, n_kv = m->n_heads_kv * m->head_dim;
    size_t widest = n_ff + n_q + m->n_embd;
    size_t total = n_tokens * (2 * m->n_embd + 2 * n_q + 2 * n_kv + 2 * n_ff) + widest;
    double *block = calloc(total, sizeof *block), *p = block;
    if (block == NULL)
        return -1;
    state s = {.m = m, .flags = flags, .n = n_tokens};
    s.x = carve(&p, n_tokens * m->n_embd);
    s.h = carve(&p, n_tokens * m->n_embd);
    s.q = carve(&p, n_tokens * n_q);
    s.a = carve(&p, n_tokens * n_q);
    s.k = carve(&p, n_tokens * n_kv);
    s.v = carve(&p, n_tokens * n_kv);
    s.gate = carve(&p, n_tokens * n_ff);
    s.up = carve(&p, n_tokens * n_ff);
    s.rounded = carve(&p, widest);
    for (size_t t = 0; t < n_tokens; t++)
        memcpy(s.x + t * m->n_embd, m->embed.w + (size_t)tokens[t] * m->n_embd,
               m->n_embd * sizeof *s.x);
    for (size_t i = 0; i < m->n_layers; i++)
        run_layer(&s, &m->layer[i]);
    rms_norm(&s, &m->out_norm, s.x, s.h);
    linear(&s, m->out.w ? &m->out : &m->embed, NULL, s.h, logits);
    free(block);
    return 0;
}
