/* See reference.h.
 *
 * The whole prompt goes through one layer after the other, so that K and V live only inside a
 * layer. */
#include "reference.h"

#include "reference_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- parts of a layer
 * ---------------------------------------------------------------------------- */

typedef struct state {
    const reference_model *m;
    unsigned flags;
    size_t n;                /* tokens */
    double *x, *h, *y;       /* (n, n_embd) */
    double *q, *a, *k, *v;   /* (n, heads, head_dim) */
    double *gate, *up, *net; /* of one token: (n_ff), (n_ff), (n_embd) */
    double *p;               /* scores of one token and head, or of the experts */
    double *rounded;         /* an input of a product */
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

/* y (n_rows) = W x + bias */
static void product(const state *s, const ref_matrix *w, const ref_matrix *bias, const double *x,
                    double *y) {
    if ((s->flags & REFERENCE_ROUNDED) && w->act_width) {
        round_activations(x, w->n_cols, w->act_width, s->rounded);
        x = s->rounded;
    }
    for (size_t r = 0; r < w->n_rows; r++)
        y[r] = dot(w->w + r * w->n_cols, x, w->n_cols) + (bias && bias->w ? bias->w[r] : 0);
}

/* The same for each token: x (n, n_cols), y (n, n_rows). */
static void products(const state *s, const ref_matrix *w, const ref_matrix *bias, const double *x,
                     double *y) {
    for (size_t t = 0; t < s->n; t++)
        product(s, w, bias, x + t * w->n_cols, y + t * w->n_rows);
}

/* n_vectors of w's length each; x may be y. */
static void rms_norm(const state *s, const ref_matrix *w, const double *x, size_t n_vectors,
                     double *y) {
    size_t n = w->n_cols;
    double eps = s->flags & REFERENCE_WRONG_EPS ? 0 : s->m->eps;
    for (size_t v = 0; v < n_vectors; v++, x += n, y += n) {
        double r = 1 / sqrt(dot(x, x, n) / (double)n + eps);
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] * r * w->w[i];
    }
}

static const ref_rope *rope_of(const state *s, const ref_layer *l) {
    int kind = l->is_local ? REF_ROPE_LOCAL : REF_ROPE_FULL;
    if (s->flags & REFERENCE_WRONG_LOCAL_ROPE)
        kind = REF_ROPE_FULL;
    if (s->flags & REFERENCE_NO_ROPE_SCALING)
        kind = REF_ROPE_UNSCALED;
    if (s->flags & REFERENCE_WRONG_ROPE_LIST)
        kind = REF_ROPE_OTHER_FACTORS;
    return &s->m->rope[kind];
}

static void rope(const state *s, const ref_rope *r, double *x, size_t n_heads) {
    const reference_model *m = s->m;
    int halves = m->family->rope_halves ^ !!(s->flags & REFERENCE_WRONG_ROPE);
    double size = s->flags & REFERENCE_WRONG_ROPE_SIZE ? 1 : r->size;
    for (size_t t = 0; t < s->n; t++)
        for (size_t h = 0; h < n_heads; h++, x += m->head_dim)
            for (size_t i = 0; i < m->n_rot / 2; i++) {
                double *a = halves ? x + i : x + 2 * i;
                double *b = halves ? x + i + m->n_rot / 2 : x + 2 * i + 1;
                double angle = (double)t * r->freq[i];
                double c = size * cos(angle), sn = size * sin(angle);
                double a0 = *a, b0 = *b;
                *a = a0 * c - b0 * sn;
                *b = a0 * sn + b0 * c;
            }
}

static double cap(double x, double limit) {
    return limit > 0 ? limit * tanh(x / limit) : x;
}

static int is_seen(const state *s, size_t from, size_t to) {
    return !(s->flags & REFERENCE_WRONG_MASK) || from < 128 || to != 127;
}

/* The first position that a token at t sees in this layer: itself and those before it. */
static size_t first_seen(const state *s, const ref_layer *l, size_t t) {
    size_t window = s->m->window + !!(s->flags & REFERENCE_WRONG_WINDOW);
    if (s->m->window == 0 || !l->is_local || s->flags & REFERENCE_NO_WINDOW || t < window)
        return 0;
    return t - window + 1;
}

/* One head of one token: softmax(cap(q k scale)) v over the positions it sees. */
static void attend(const state *s, const ref_layer *l, size_t t, size_t head) {
    const reference_model *m = s->m;
    size_t d = m->head_dim, kv = head / (m->n_heads / m->n_heads_kv), first = first_seen(s, l, t);
    const double *q = s->q + (t * m->n_heads + head) * d;
    double *a = s->a + (t * m->n_heads + head) * d, *p = s->p;
    double limit = s->flags & REFERENCE_NO_ATTN_CAP ? 0 : m->attn_cap;
    double q_scale = s->flags & REFERENCE_WRONG_QUERY_SCALE ? 1 / sqrt((double)d) : m->query_scale;
    double top = -INFINITY, sum = 0;
    for (size_t j = first; j <= t; j++) {
        p[j] = cap(dot(q, s->k + (j * m->n_heads_kv + kv) * d, d) * q_scale, limit);
        top = fmax(top, p[j]);
    }
    memset(a, 0, d * sizeof *a);
    for (size_t j = first; j <= t; j++) {
        double e = is_seen(s, t, j) ? exp(p[j] - top) : 0;
        const double *v = s->v + (j * m->n_heads_kv + kv) * d;
        for (size_t i = 0; i < d; i++)
            a[i] += e * v[i];
        sum += e;
    }
    for (size_t i = 0; i < d; i++)
        a[i] /= sum;
}

static void add(double *x, const double *y, double factor, size_t n) {
    for (size_t i = 0; i < n; i++)
        x[i] += factor * y[i];
}

static double silu(double x) {
    return x / (1 + exp(-x));
}

/* Hendrycks 2016, the form with tanh */
static double gelu(double x) {
    const double pi = 3.14159265358979323846;
    return x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x)));
}

/* Adds factor times the gated net's answer to h (n_embd) to y. The net is expert number i. */
static void add_net(const state *s, const ref_layer *l, size_t i, double factor, const double *h,
                    double *y) {
    const reference_model *m = s->m;
    size_t n_ff = l->down.n_cols;
    ref_matrix gate = ref_rows(l->gate, i * n_ff, n_ff), up = ref_rows(l->up, i * n_ff, n_ff);
    ref_matrix down = ref_rows(l->down, i * m->n_embd, m->n_embd);
    int is_gelu = m->family->is_gemma ^ !!(s->flags & REFERENCE_WRONG_ACTIVATION);
    int is_swapped = !!(s->flags & REFERENCE_WRONG_GATE);
    product(s, is_swapped ? &up : &gate, NULL, h, s->gate);
    product(s, is_swapped ? &gate : &up, NULL, h, s->up);
    for (size_t j = 0; j < n_ff; j++)
        s->gate[j] = (is_gelu ? gelu(s->gate[j]) : silu(s->gate[j])) * s->up[j];
    product(s, &down, NULL, s->gate, s->net);
    add(y, s->net, factor, m->n_embd);
}

/* The experts of the highest probabilities, the lower of equals first; the probabilities of those
 * chosen are scaled to sum to 1. */
static void add_experts(const state *s, const ref_layer *l, const double *h, double *y) {
    const reference_model *m = s->m;
    double *p = s->p, top = -INFINITY, all = 0, chosen = 0;
    product(s, &l->router, NULL, h, p);
    for (size_t e = 0; e < m->n_experts; e++)
        top = fmax(top, p[e]);
    for (size_t e = 0; e < m->n_experts; e++)
        all += p[e] = exp(p[e] - top);
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t e = 0; e < m->n_experts; e++) {
            size_t n_before = 0;
            for (size_t o = 0; o < m->n_experts; o++)
                n_before += p[o] > p[e] || (o < e && p[o] >= p[e]);
            if (n_before >= m->n_experts_used)
                continue;
            double sum = s->flags & REFERENCE_NO_EXPERT_NORM ? all : chosen;
            if (pass == 0)
                chosen += p[e];
            else
                add_net(s, l, e, p[e] / sum, h, y);
        }
}

/* ---- the pass
 * ------------------------------------------------------------------------------------ */

static void run_attention(const state *s, const ref_layer *l) {
    const reference_model *m = s->m;
    size_t n_kv = s->n * m->n_heads_kv * m->head_dim;
    rms_norm(s, &l->attn_norm, s->x, s->n, s->h);
    products(s, &l->q, &l->q_bias, s->h, s->q);
    products(s, &l->k, &l->k_bias, s->h, s->k);
    products(s, &l->v, &l->v_bias, s->h, s->v);
    if (l->q_norm.w && !(s->flags & REFERENCE_NO_QK_NORM)) {
        rms_norm(s, &l->q_norm, s->q, s->n * m->n_heads, s->q);
        rms_norm(s, &l->k_norm, s->k, s->n * m->n_heads_kv, s->k);
    }
    rope(s, rope_of(s, l), s->q, m->n_heads);
    rope(s, rope_of(s, l), s->k, m->n_heads_kv);
    for (size_t i = 0; (s->flags & REFERENCE_ROUNDED) && i < n_kv; i++) {
        s->k[i] = round_half(s->k[i]);
        s->v[i] = round_half(s->v[i]);
    }
    for (size_t t = 0; t < s->n; t++)
        for (size_t head = 0; head < m->n_heads; head++)
            attend(s, l, t, head);
    products(s, &l->attn_out, NULL, s->a, s->h);
}

static void run_net(const state *s, const ref_layer *l) {
    size_t n_embd = s->m->n_embd;
    rms_norm(s, &l->ffn_norm, s->x, s->n, s->h);
    memset(s->y, 0, s->n * n_embd * sizeof *s->y);
    for (size_t t = 0; t < s->n; t++) {
        const double *h = s->h + t * n_embd;
        if (l->router.w)
            add_experts(s, l, h, s->y + t * n_embd);
        else
            add_net(s, l, 0, 1, h, s->y + t * n_embd);
    }
}

static void run_layer(const state *s, const ref_layer *l) {
    size_t n = s->n * s->m->n_embd;
    int has_post = l->attn_post_norm.w && !(s->flags & REFERENCE_NO_POST_NORM);
    run_attention(s, l);
    if (has_post)
        rms_norm(s, &l->attn_post_norm, s->h, s->n, s->h);
    add(s->x, s->h, 1, n);
    run_net(s, l);
    if (has_post)
        rms_norm(s, &l->ffn_post_norm, s->y, s->n, s->y);
    add(s->x, s->y, 1, n);
}

/* Cuts the state's arrays from one block; block NULL: only the number of doubles. */
static size_t lay_out(state *s, double *block) {
    const reference_model *m = s->m;
    size_t n_ff = m->layer[0].down.n_cols;
    size_t n_q = m->n_heads * m->head_dim, n_kv = m->n_heads_kv * m->head_dim;
    size_t sizes[] = {s->n * m->n_embd,
                      s->n * m->n_embd,
                      s->n * m->n_embd,
                      s->n * n_q,
                      s->n * n_q,
                      s->n * n_kv,
                      s->n * n_kv,
                      n_ff,
                      n_ff,
                      m->n_embd,
                      s->n + m->n_experts,
                      n_ff + n_q + m->n_embd};
    double **arrays[] = {&s->x, &s->h,    &s->y,  &s->q,   &s->a, &s->k,
                         &s->v, &s->gate, &s->up, &s->net, &s->p, &s->rounded};
    size_t total = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; total += sizes[i++])
        if (block)
            *arrays[i] = block + total;
    return total;
}

int reference_logits(const reference_model *m, const int *tokens, int n, unsigned flags,
                     double *logits) {
    state s = {.m = m, .flags = flags, .n = (size_t)n};
    double *block = calloc(lay_out(&s, NULL), sizeof *block);
    if (block == NULL)
        return -1;
    lay_out(&s, block);
    double embed_scale = flags & REFERENCE_NO_EMBED_SCALE ? 1 : m->embed_scale;
    for (size_t t = 0; t < s.n; t++)
        add(s.x + t * m->n_embd, m->embed.w + (size_t)tokens[t] * m->n_embd, embed_scale,
            m->n_embd);
    for (size_t i = 0; i < m->n_layers; i++)
        run_layer(&s, &m->layer[i]);
    rms_norm(&s, &m->out_norm, s.x, s.n, s.h);
    products(&s, &m->out, NULL, s.h, logits);
    for (size_t i = 0; i < s.n * m->n_vocab; i++)
        logits[i] = cap(logits[i], flags & REFERENCE_NO_FINAL_CAP ? 0 : m->final_cap);
    free(block);
    return 0;
}
