/* Operations on one vector, the specification; design.md section 4, rules 3 and 5. */
#include "base/f16.h"
#include "base/math.h"
#include "kernels/kernels.h"

#include <math.h>

void lnr_rms_norm_f32_f32_1x1_scalar(const float *x, const float *w, size_t n, float eps,
                                     float *y) {
    float p[16] = {0};
    for (size_t i = 0; i < n; i++)
        p[i % 16] = fmaf(x[i], x[i], p[i % 16]);
    for (int half = 8; half > 0; half /= 2)
        for (int j = 0; j < half; j++)
            p[j] += p[j + half];
    float r = 1.0f / sqrtf(p[0] / (float)n + eps);
    for (size_t i = 0; i < n; i++)
        y[i] = (x[i] * r) * w[i];
}

void lnr_silu_mul_f32_f32_1x1_scalar(const float *gate, const float *up, size_t n, float *out) {
    for (size_t i = 0; i < n; i++)
        out[i] = gate[i] / (1.0f + lnr_expf(-gate[i])) * up[i];
}

void lnr_gelu_mul_f32_f32_1x1_scalar(const float *gate, const float *up, size_t n, float *out) {
    for (size_t i = 0; i < n; i++) {
        float x = gate[i], inner = fmaf(LNR_GELU_INNER * x, x * x, x);
        out[i] = x / (1.0f + lnr_expf(LNR_GELU_OUTER * inner)) * up[i];
    }
}

void lnr_softcap_f32_f32_1x1_scalar(float *x, size_t n, float cap) {
    for (size_t i = 0; i < n; i++)
        x[i] = cap * lnr_tanhf(x[i] / cap);
}

void lnr_add_f32_f32_1x1_scalar(float *x, const float *y, size_t n) {
    for (size_t i = 0; i < n; i++)
        x[i] += y[i];
}

void lnr_scale_f32_f32_1x1_scalar(float *x, size_t n, float factor) {
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

void lnr_narrow_f32_f16_1x1_scalar(const float *x, size_t n, uint16_t *out) {
    for (size_t i = 0; i < n; i++)
        out[i] = lnr_f32_to_f16(x[i]);
}

static void rotate(float *x0, float *x1, float c, float s) {
    float a = *x0, b = *x1;
    *x0 = fmaf(a, c, -(b * s));
    *x1 = fmaf(a, s, b * c);
}

void lnr_rope_norm_f32_f32_1x1_scalar(float *x, size_t n_rot, const float *c, const float *s) {
    for (size_t i = 0; i < n_rot / 2; i++)
        rotate(&x[2 * i], &x[2 * i + 1], c[i], s[i]);
}

void lnr_rope_neox_f32_f32_1x1_scalar(float *x, size_t n_rot, const float *c, const float *s) {
    for (size_t i = 0; i < n_rot / 2; i++)
        rotate(&x[i], &x[i + n_rot / 2], c[i], s[i]);
}
