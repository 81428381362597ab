/* Q5_K product, the specification: per super-block of 256, in order of k,
 *   acc = fma(d_w * d_x, (float)dot, acc), then acc = fma(-(dmin_w * d_x), (float)low, acc),
 * with the exact integers dot = sum over sub-blocks of scale * (q_w . q_x) and
 * low = sum of min * sum(q_x). |dot| <= 8 * 63 * 32 * 31 * 127 = 64 M fits. */
#include "base/f16.h"
#include "kernels/kernels.h"
#include "quant/q5_k.h"

#include <math.h>

#define GEMM_NAME lnr_gemm_q5_k_q8a256_16x1_scalar
#define BLOCK     256

typedef q5_k_panel weights;
typedef lnr_q8a256 acts;

static float add_block(const weights *w, size_t r, const acts *x, float acc) {
    uint8_t scale[16];
    int32_t dot = 0, low = 0;
    scales6_from_panel(w->scales, r, scale);
    for (int j = 0; j < 8; j++) {
        int32_t sub = 0;
        for (int k = 0; k < 32; k++) {
            int q = w->q[j / 2][k / 4][r][k % 4] >> j % 2 * 4 & 15;
            sub += (q | (w->qh[k / 4][r][k % 4] >> j & 1) << 4) * x->q[32 * j + k];
        }
        dot += scale[j] * sub;
        low += scale[8 + j] * x->sum32[j];
    }
    acc = fmaf(lnr_f16_to_f32(w->d[r]) * x->d, (float)dot, acc);
    return fmaf(-(lnr_f16_to_f32(w->dmin[r]) * x->d), (float)low, acc);
}

#include "kernels/scalar/gemm_int_scalar.h"
