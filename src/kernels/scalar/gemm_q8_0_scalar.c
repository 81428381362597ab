/* Q8_0 product, the specification: per block of 32, in order of k,
 *   acc = fma(d_w * d_x, (float)dot, acc), with dot the exact sum of q_w * q_x.
 * |dot| <= 32 * 128 * 127, below 2^20. */
#include "base/f16.h"
#include "kernels/kernels.h"
#include "quant/q8_0.h"

#include <math.h>

#define GEMM_NAME lnr_gemm_q8_0_q8a32_16x1_scalar
#define BLOCK     32

typedef q8_0_panel weights;
typedef lnr_q8a32 acts;

static float add_block(const weights *w, size_t r, const acts *x, float acc) {
    int32_t dot = 0;
    for (int k = 0; k < 32; k++)
        dot += (w->q[k / 4][r][k % 4] - 128) * x->q[k];
    return fmaf(lnr_f16_to_f32(w->d[r]) * x->d, (float)dot, acc);
}

#include "kernels/scalar/gemm_int_scalar.h"
