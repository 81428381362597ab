/* Rotary frequencies from metadata: base, scaling and divisors, all in doubles.
 *
 * Su et al., "RoFormer" (arXiv 2104.09864). Scalings: linear divides every frequency; "yarn" (Peng
 * et al., arXiv 2309.00071) divides only slow ones, with a ramp between; "longrope" (Ding et al.,
 * arXiv 2402.13753) and Llama 3 bring a divisor for each frequency as a tensor. */
#include "base/math.h"
#include "model/loader.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define TWO_PI     6.283185307179586
#define LOCAL_BASE 10000.0f
#define FACTOR_MAX 1e6f
#define BASE_MAX   1e12f
#define CTX_MAX    (1u << 30)
#define YARN_FAST  32.0f /* turns within the trained context above which nothing is scaled */
#define YARN_SLOW  1.0f  /* below which the whole factor is */
#define RAMP_LEAST 0.001

typedef struct rope_scaling {
    bool yarn;
    float factor; /* positions are divided by it */
    uint32_t n_ctx_original;
    float attn_factor; /* of the file: cos and sin are multiplied by it; 0: not stated */
} rope_scaling;

static lnr_status scaling_kind(model_loader *l, lnr_str *type, lnr_error *err) {
    char key[LOADER_KEY_MAX];
    snprintf(key, sizeof key, "%s.rope.scaling.type", l->arch);
    *type = lnr_str_from("");
    LNR_TRY(gguf_get_str(l->file, key, type, err));
    static const char *const known[] = {"", "none", "linear", "yarn", "longrope"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (lnr_str_is(*type, known[i]))
            return LNR_OK;
    return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                    "key '%s' is '%.*s'; this build knows none, linear, yarn and longrope", key,
                    LNR_STR(*type));
}

static lnr_status read_scaling(model_loader *l, rope_scaling *out, lnr_error *err) {
    lnr_str type;
    *out = (rope_scaling){.factor = 1.0f};
    LNR_TRY(scaling_kind(l, &type, err));
    LNR_TRY(loader_u32(l, "rope.scaling.original_context_length",
                       (loader_range){1, CTX_MAX, l->model->n_ctx_train}, &out->n_ctx_original,
                       err));
    LNR_TRY(loader_positive(l, "rope.scaling.attn_factor", FACTOR_MAX, &out->attn_factor, err));
    out->yarn = lnr_str_is(type, "yarn");
    if (type.n == 0) /* files from before rope.scaling.type, or even its factor's name */
        LNR_TRY(loader_positive(l, "rope.scale_linear", FACTOR_MAX, &out->factor, err));
    if (type.n == 0 || out->yarn || lnr_str_is(type, "linear"))
        return loader_positive(l, "rope.scaling.factor", FACTOR_MAX, &out->factor, err);
    return LNR_OK;
}

/* ---- yarn
 * ---------------------------------------------------------------------------------------- */

/* The pair that turns `turns` times within n_ctx positions, as a real number. */
static double yarn_pair(uint32_t n_rot, uint32_t n_ctx, double turns, double base) {
    return n_rot * lnr_log(n_ctx / (turns * TWO_PI)) / (2.0 * lnr_log(base));
}

static lnr_status apply_yarn(model_loader *l, const rope_scaling *s, double base, lnr_error *err) {
    model_rope *r = &l->model->rope;
    uint32_t n_rot = l->model->shape.n_rot;
    float fast = YARN_FAST, slow = YARN_SLOW, extrapolation = 1.0f;
    LNR_TRY(loader_positive(l, "rope.scaling.yarn_beta_fast", FACTOR_MAX, &fast, err));
    LNR_TRY(loader_positive(l, "rope.scaling.yarn_beta_slow", FACTOR_MAX, &slow, err));
    LNR_TRY(loader_positive(l, "rope.scaling.yarn_ext_factor", 1.0f, &extrapolation, err));
    double first = floor(yarn_pair(n_rot, s->n_ctx_original, fast, base));
    double last = ceil(yarn_pair(n_rot, s->n_ctx_original, slow, base));
    first = first < 0.0 ? 0.0 : first;
    last = last > n_rot - 1.0 ? n_rot - 1.0 : last;
    double width = last - first > RAMP_LEAST ? last - first : RAMP_LEAST;
    for (uint32_t i = 0; i < n_rot / 2; i++) {
        double at = (i - first) / width;
        double unscaled = (1.0 - (at < 0.0 ? 0.0 : at > 1.0 ? 1.0 : at)) * extrapolation;
        r->freq[0][i] *= (1.0 - unscaled) / s->factor + unscaled;
    }
    r->magnitude *= 1.0 + 0.1 * lnr_log(s->factor);
    return LNR_OK;
}

/* ---- divisors
 * ------------------------------------------------------------------------------------ */

static lnr_status divisors(model_loader *l, const char *name, const float **out, lnr_error *err) {
    uint32_t n = l->model->shape.n_rot / 2;
    LNR_TRY(loader_vector(l, name, n, out, err));
    for (uint32_t i = 0; i < n; i++)
        if (!((*out)[i] > 0.0f))
            return LNR_FAIL(err, LNR_E_FORMAT,
                            "tensor '%s': value %" PRIu32 " is %g, above 0 expected", name, i,
                            (double)(*out)[i]);
    return LNR_OK;
}

static lnr_status new_set(model_loader *l, double base, double factor, const float *divisor,
                          double **out, lnr_error *err) {
    lnr_model *m = l->model;
    uint32_t n = m->shape.n_rot / 2;
    double *freq = arena_alloc(&m->arena, n, sizeof *freq);
    if (freq == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %" PRIu32 " rotary frequencies", n);
    for (uint32_t i = 0; i < n; i++) {
        freq[i] = lnr_pow(base, -2.0 * i / m->shape.n_rot) / factor;
        if (divisor)
            freq[i] /= divisor[i];
    }
    *out = freq;
    return LNR_OK;
}

/* Two sets of divisors, for contexts up to the original length and above it. What the file does not
 * state of their magnitude follows from the lengths, as the paper has it. */
static lnr_status long_rope(model_loader *l, const rope_scaling *s, double base, lnr_error *err) {
    lnr_model *m = l->model;
    const float *near, *far;
    LNR_TRY(divisors(l, "rope_factors_short.weight", &near, err));
    LNR_TRY(divisors(l, "rope_factors_long.weight", &far, err));
    LNR_TRY(new_set(l, base, s->factor, near, &m->rope.freq[0], err));
    LNR_TRY(new_set(l, base, s->factor, far, &m->rope.freq_long, err));
    m->rope.n_ctx_short = s->n_ctx_original;
    double growth = (double)m->n_ctx_train / s->n_ctx_original;
    if (s->attn_factor == 0.0f && growth > 1.0 && s->n_ctx_original > 1)
        m->rope.magnitude = sqrt(1.0 + lnr_log(growth) / lnr_log(s->n_ctx_original));
    return LNR_OK;
}

lnr_status loader_rope(model_loader *l, lnr_error *err) {
    lnr_model *m = l->model;
    rope_scaling s;
    float base = 10000.0f;
    const float *divisor = NULL;
    LNR_TRY(loader_positive(l, "rope.freq_base", BASE_MAX, &base, err));
    LNR_TRY(read_scaling(l, &s, err));
    m->rope.n_sets = 1;
    m->rope.magnitude = s.attn_factor > 0.0f ? (double)s.attn_factor : 1.0;
    if (loader_has(l, "rope_factors_long.weight"))
        return long_rope(l, &s, base, err);
    if (loader_has(l, "rope_freqs.weight"))
        LNR_TRY(divisors(l, "rope_freqs.weight", &divisor, err));
    LNR_TRY(new_set(l, base, s.yarn ? 1.0 : s.factor, divisor, &m->rope.freq[0], err));
    return s.yarn ? apply_yarn(l, &s, base, err) : LNR_OK;
}

lnr_status loader_rope_local(model_loader *l, lnr_error *err) {
    lnr_model *m = l->model;
    float base = LOCAL_BASE;
    LNR_TRY(loader_positive(l, "rope.freq_base_swa", BASE_MAX, &base, err));
    uint8_t *set = arena_alloc(&m->arena, m->shape.n_layers, sizeof *set);
    if (set == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %" PRIu32 " layers", m->shape.n_layers);
    for (uint32_t i = 0; i < m->shape.n_layers; i++)
        set[i] = m->shape.window && m->shape.window[i] ? 1 : 0;
    m->shape.rope_set = set;
    m->rope.n_sets = 2;
    return new_set(l, base, 1.0, NULL, &m->rope.freq[1], err);
}

size_t model_rope_floats(const lnr_model *m, uint32_t n) {
    return (size_t)m->rope.n_sets * n * (m->shape.n_rot / 2);
}

void model_rope_angles(const lnr_model *m, uint32_t n_ctx, const uint32_t *pos, uint32_t n,
                       float *cos_out, float *sin_out) {
    const model_rope *r = &m->rope;
    uint32_t n_freq = m->shape.n_rot / 2;
    for (uint32_t s = 0; s < r->n_sets; s++) {
        bool above = s == 0 && r->freq_long && n_ctx > r->n_ctx_short;
        const double *freq = above ? r->freq_long : r->freq[s];
        double magnitude = s == 0 ? r->magnitude : 1.0;
        for (uint32_t t = 0; t < n; t++)
            for (uint32_t i = 0; i < n_freq; i++) {
                double angle = pos[t] * freq[i];
                *cos_out++ = (float)(lnr_cos(angle) * magnitude);
                *sin_out++ = (float)(lnr_sin(angle) * magnitude);
            }
    }
}
