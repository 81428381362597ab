/* IQ4_XS product, the specification: per super-block of 256, in order of k,
 *   acc = fma(d_w * d_x, (float)dot, acc),
 * with the exact integer dot = sum over sub-blocks of 32 of (scale - 32) * (table[q_w] . q_x).
 * |dot| <= 8 * 32 * 32 * 127 * 127 = 132 M fits. */
#include "base/f16.h"
#include "kernels/kernels.h"
#include "quant/iq4_nl.h"
#include "quant/iq4_xs.h"

#include <math.h>

#define GEMM_NAME lnr_gemm_iq4_xs_q8a256_16x1_scalar
#define BLOCK     256

typedef iq4_xs_panel weights;
typedef lnr_q8a256 acts;

static float add_block(const weights *w, size_t r, const acts *x, float acc) {
    int32_t dot = 0;
    for (int j = 0; j < 8; j++) {
        int32_t sub = 0;
        int low = w->scales_l[j / 2][r] >> j % 2 * 4 & 15, high = w->scales_h[r] >> 2 * j & 3;
        for (int k = 0; k < 32; k++)
            sub += iq4_nl_table[w->q[j / 2][k / 4][r][k % 4] >> j % 2 * 4 & 15] * x->q[32 * j + k];
        dot += ((low | high << 4) - 32) * sub;
    }
    return fmaf(lnr_f16_to_f32(w->d[r]) * x->d, (float)dot, acc);
}

#include "kernels/scalar/gemm_int_scalar.h"
