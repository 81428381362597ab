/* Q2_K product, the specification: per super-block of 256, in order of k,
 *   acc = fma(d_w * d_x, (float)dot, acc), then acc = fma(-(dmin_w * d_x), (float)low, acc),
 * with the exact integers dot = sum over sub-blocks of scale * (q_w . q_x) and
 * low = sum of min * sum(q_x). |dot| <= 16 * 15 * 16 * 3 * 127 = 1.5 M fits. */
#include "base/f16.h"
#include "kernels/kernels.h"
#include "quant/q2_k.h"

#include <math.h>

#define GEMM_NAME lnr_gemm_q2_k_q8a256_16x1_scalar
#define BLOCK     256

typedef q2_k_panel weights;
typedef lnr_q8a256 acts;

static float add_block(const weights *w, size_t r, const acts *x, float acc) {
    int32_t dot = 0, low = 0;
    for (int j = 0; j < 16; j++) {
        int32_t sub = 0;
        int scale = w->scales[j / 2][r][j % 2];
        for (int k = 0; k < 16; k++)
            sub += (w->q[j / 4][k / 4][r][k % 4] >> j % 4 * 2 & 3) * x->q[16 * j + k];
        dot += (scale & 15) * sub;
        low += (scale >> 4) * x->sum16[j];
    }
    acc = fmaf(lnr_f16_to_f32(w->d[r]) * x->d, (float)dot, acc);
    return fmaf(-(lnr_f16_to_f32(w->dmin[r]) * x->d), (float)low, acc);
}

#include "kernels/scalar/gemm_int_scalar.h"
