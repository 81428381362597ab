/* Q8_0 product, the specification: per block of 32, in order of k,
 *   acc = fma(d_w * d_x, (float)dot, acc), with dot the exact sum of q_w * q_x.
 * |dot| <= 32 * 128 * 127, below 2^20. */
#include "base/f16.h"
#include "kernels/kernels.h"
#include "quant/q8_0.h"

#include <math.h>

void lnr_gemm_q8_0_q8a32_16x1_scalar(const lnr_gemm_args *a) {
    size_t n_blocks = a->n_k / 32;
    for (size_t c = 0; c < a->n_cols; c++)
        for (size_t i = 0; i < a->n_panels * LNR_PANEL_ROWS; i++) {
            const q8_0_panel *w = (const q8_0_panel *)a->w + i / LNR_PANEL_ROWS * n_blocks;
            const lnr_q8a32 *x = (const void *)((const char *)a->x + c * a->x_stride);
            size_t r = i % LNR_PANEL_ROWS;
            float acc = 0.0f;
            for (size_t b = 0; b < n_blocks; b++, w++, x++) {
                int32_t dot = 0;
                for (int k = 0; k < 32; k++)
                    dot += (w->q[k / 4][r][k % 4] - 128) * x->q[k];
                acc = fmaf(lnr_f16_to_f32(w->d[r]) * x->d, (float)dot, acc);
            }
            a->y[c * a->ldy + i] = acc;
        }
}
