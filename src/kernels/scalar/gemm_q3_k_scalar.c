/* Q3_K product, the specification: per super-block of 256, in order of k,
 *   acc = fma(d_w * d_x, (float)dot, acc),
 * with the exact integer dot = sum over sub-blocks of 16 of (scale - 32) * ((q_w - 4) . q_x).
 * |dot| <= 16 * 32 * 16 * 4 * 127 = 4.2 M fits. */
#include "base/f16.h"
#include "kernels/kernels.h"
#include "quant/q3_k.h"

#include <math.h>

#define GEMM_NAME lnr_gemm_q3_k_q8a256_16x1_scalar
#define BLOCK     256

typedef q3_k_panel weights;
typedef lnr_q8a256 acts;

static float add_block(const weights *w, size_t r, const acts *x, float acc) {
    uint8_t scale[16];
    int32_t dot = 0;
    scales6_from_panel(w->scales, r, scale);
    for (int j = 0; j < 16; j++) {
        int32_t sub = 0;
        for (int k = 0; k < 16; k++) {
            int low = w->q[j / 4][k / 4][r][k % 4] >> j % 4 * 2 & 3;
            int high = w->qh[j / 8][k / 4][r][k % 4] >> j % 8 & 1;
            sub += ((low | high << 2) - 4) * x->q[16 * j + k];
        }
        dot += (scale[j] - 32) * sub;
    }
    return fmaf(lnr_f16_to_f32(w->d[r]) * x->d, (float)dot, acc);
}

#include "kernels/scalar/gemm_int_scalar.h"
