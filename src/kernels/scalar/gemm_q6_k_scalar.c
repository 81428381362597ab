/* Q6_K product, the specification: per super-block of 256, in order of k,
 *   acc = fma(d_w * d_x, (float)dot, acc),
 * with the exact integer dot = sum over sub-blocks of 16 of scale * ((q_w - 32) . q_x).
 * |dot| <= 16 * 128 * 16 * 32 * 127 = 133 M fits; so does every partial sum. */
#include "base/f16.h"
#include "kernels/kernels.h"
#include "quant/q6_k.h"

#include <math.h>

#define GEMM_NAME lnr_gemm_q6_k_q8a256_16x1_scalar
#define BLOCK     256

typedef q6_k_panel weights;
typedef lnr_q8a256 acts;

static int quant(const weights *w, size_t r, int sub, int k) {
    const uint8_t(*planes)[LNR_PANEL_ROWS][4] = w->q[sub / 4][k / 4];
    int high = 0;
    if (sub % 4 < 3)
        return planes[sub % 4][r][k % 4] & 63;
    for (int plane = 0; plane < 3; plane++)
        high |= planes[plane][r][k % 4] >> 6 << 2 * plane;
    return high;
}

static float add_block(const weights *w, size_t r, const acts *x, float acc) {
    int32_t dot = 0;
    for (int j = 0; j < 16; j++) {
        int32_t sub = 0;
        for (int k = 0; k < 16; k++)
            sub += (quant(w, r, j, k) - 32) * x->q[16 * j + k];
        dot += w->scales[j][r] * sub;
    }
    return fmaf(lnr_f16_to_f32(w->d[r]) * x->d, (float)dot, acc);
}

#include "kernels/scalar/gemm_int_scalar.h"
