/* Products with float weights, the specification: acc = fma(w, x, acc) in order of k, w widened. */
#include "base/f16.h"
#include "kernels/kernels.h"
#include "quant/format.h"

#include <math.h>

/* The i-th weight of a panel. */
static float f32_at(const void *w, size_t i) {
    return ((const float *)w)[i];
}

static float f16_at(const void *w, size_t i) {
    return lnr_f16_to_f32(((const uint16_t *)w)[i]);
}

static float bf16_at(const void *w, size_t i) {
    return lnr_bf16_to_f32(((const uint16_t *)w)[i]);
}

static inline void gemm(const lnr_gemm_args *a, float (*at)(const void *w, size_t i)) {
    for (size_t c = 0; c < a->n_cols; c++) {
        const float *x = (const float *)(const void *)((const char *)a->x + c * a->x_stride);
        for (size_t i = 0; i < a->n_panels * LNR_PANEL_ROWS; i++) {
            size_t first = i / LNR_PANEL_ROWS * LNR_PANEL_ROWS * a->n_k + i % LNR_PANEL_ROWS;
            float acc = 0.0f;
            for (size_t k = 0; k < a->n_k; k++)
                acc = fmaf(at(a->w, first + k * LNR_PANEL_ROWS), x[k], acc);
            a->y[c * a->ldy + i] = acc;
        }
    }
}

void lnr_gemm_f32_f32_16x1_scalar(const lnr_gemm_args *a) {
    gemm(a, f32_at);
}

void lnr_gemm_f16_f32_16x1_scalar(const lnr_gemm_args *a) {
    gemm(a, f16_at);
}

void lnr_gemm_bf16_f32_16x1_scalar(const lnr_gemm_args *a) {
    gemm(a, bf16_at);
}
