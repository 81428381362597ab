/* MXFP4 product, the specification: per block of 32, in order of k,
 *   acc = fma(d_w * d_x, (float)dot, acc), with dot the exact sum of table[q_w] * q_x and d_w =
 * 2^(e - 128). */
#include "base/f16.h"
#include "kernels/kernels.h"
#include "quant/mxfp4.h"

#include <math.h>

#define GEMM_NAME lnr_gemm_mxfp4_q8a32_16x1_scalar
#define BLOCK     32

typedef mxfp4_panel weights;
typedef lnr_q8a32 acts;

static float add_block(const weights *w, size_t r, const acts *x, float acc) {
    int32_t dot = 0;
    for (int k = 0; k < 32; k++)
        dot += mxfp4_table[w->q[k % 16 / 4][r][k % 4] >> k / 16 * 4 & 15] * x->q[k];
    return fmaf(mxfp4_scale(w->e[r]) * x->d, (float)dot, acc);
}

#include "kernels/scalar/gemm_int_scalar.h"
