/* Operations on one vector, written once for every vector width. Tails go through vectors whose
 * other lanes are +0 or through the same formula on single floats: every step is one correctly
 * rounded operation, so the bits are the same.
 *
 * The including file brings the vectors (simd_<isa>.h) and the kernels' names: RMS_NORM, SILU_MUL,
 * GELU_MUL, SOFTCAP, ADD, SCALE, NARROW,
 * ROPE_NEOX. */
#include "kernels/kernels.h"

#include <math.h>

void RMS_NORM(const float *x, const float *w, size_t n, float eps, float *y) {
    vf partial[16 / LANES];
    size_t i = 0;
    for (int j = 0; j < 16 / LANES; j++)
        partial[j] = vf_set1(0.0f);
    for (; i + 16 <= n; i += 16)
        LNR_UNROLL for (size_t j = 0; j < 16 / LANES; j++) {
            vf v = vf_load(x + i + j * LANES);
            partial[j] = vf_fma(v, v, partial[j]);
        }
    float last[16] = {0}; /* beyond the end 0 * 0 is added, which leaves a partial: it is >= +0 */
    memcpy(last, x + i, (n - i) * sizeof *x);
    LNR_UNROLL for (size_t j = 0; j < 16 / LANES; j++) {
        vf v = vf_load(last + j * LANES);
        partial[j] = vf_fma(v, v, partial[j]);
    }
    float r = 1.0f / sqrtf(vf_sum16(partial) / (float)n + eps);
    for (i = 0; i + LANES <= n; i += LANES)
        vf_store(y + i, vf_mul(vf_mul(vf_load(x + i), vf_set1(r)), vf_load(w + i)));
    for (; i < n; i++)
        y[i] = (x[i] * r) * w[i];
}

LNR_INLINE vf silu_mul(vf gate, vf up) {
    vf below = vf_add(vf_set1(1.0f), vf_exp(vf_negate(gate)));
    return vf_mul(vf_div(gate, below), up);
}

void SILU_MUL(const float *gate, const float *up, size_t n, float *out) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vf_store(out + i, silu_mul(vf_load(gate + i), vf_load(up + i)));
    if (i < n)
        vf_store_first(out + i, n - i,
                       silu_mul(vf_load_first(gate + i, n - i), vf_load_first(up + i, n - i)));
}

LNR_INLINE vf gelu_mul(vf gate, vf up) {
    vf inner = vf_fma(vf_mul(vf_set1(LNR_GELU_INNER), gate), vf_mul(gate, gate), gate);
    vf below = vf_add(vf_set1(1.0f), vf_exp(vf_mul(vf_set1(LNR_GELU_OUTER), inner)));
    return vf_mul(vf_div(gate, below), up);
}

void GELU_MUL(const float *gate, const float *up, size_t n, float *out) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vf_store(out + i, gelu_mul(vf_load(gate + i), vf_load(up + i)));
    if (i < n)
        vf_store_first(out + i, n - i,
                       gelu_mul(vf_load_first(gate + i, n - i), vf_load_first(up + i, n - i)));
}

void SOFTCAP(float *x, size_t n, float cap) {
    vf c = vf_set1(cap);
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vf_store(x + i, vf_mul(c, vf_tanh(vf_div(vf_load(x + i), c))));
    if (i < n)
        vf_store_first(x + i, n - i, vf_mul(c, vf_tanh(vf_div(vf_load_first(x + i, n - i), c))));
}

void ADD(float *x, const float *y, size_t n) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vf_store(x + i, vf_add(vf_load(x + i), vf_load(y + i)));
    for (; i < n; i++)
        x[i] += y[i];
}

void SCALE(float *x, size_t n, float factor) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vf_store(x + i, vf_mul(vf_load(x + i), vf_set1(factor)));
    for (; i < n; i++)
        x[i] *= factor;
}

void NARROW(const float *x, size_t n, uint16_t *out) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vf_store_half(out + i, vf_load(x + i));
    if (i < n) {
        uint16_t last[LANES];
        vf_store_half(last, vf_load_first(x + i, n - i));
        memcpy(out + i, last, (n - i) * sizeof *out);
    }
}

void ROPE_NEOX(float *x, size_t n_rot, const float *c, const float *s) {
    size_t half = n_rot / 2, i = 0;
    for (; i + LANES <= half; i += LANES) {
        vf x0 = vf_load(x + i), x1 = vf_load(x + half + i);
        vf vc = vf_load(c + i), vs = vf_load(s + i);
        vf_store(x + i, vf_fms(x0, vc, vf_mul(x1, vs)));
        vf_store(x + half + i, vf_fma(x0, vs, vf_mul(x1, vc)));
    }
    for (; i < half; i++) {
        float x0 = x[i], x1 = x[half + i];
        x[i] = fmaf(x0, c[i], -(x1 * s[i]));
        x[half + i] = fmaf(x0, s[i], x1 * c[i]);
    }
}
