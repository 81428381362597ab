/* Q4_1 product, the specification: per block of 32, in order of k,
 *   acc = fma(d_w * d_x, (float)dot, acc), then acc = fma(m_w * d_x, (float)sum, acc),
 * with the exact integers dot = q_w . q_x and sum = sum of q_x. */
#include "base/f16.h"
#include "kernels/kernels.h"
#include "quant/q4_1.h"

#include <math.h>

#define GEMM_NAME lnr_gemm_q4_1_q8a32_16x1_scalar
#define BLOCK     32

typedef q4_1_panel weights;
typedef lnr_q8a32 acts;

static float add_block(const weights *w, size_t r, const acts *x, float acc) {
    int32_t dot = 0, sum = x->sum16[0] + x->sum16[1];
    for (int k = 0; k < 32; k++)
        dot += (w->q[k % 16 / 4][r][k % 4] >> k / 16 * 4 & 15) * x->q[k];
    acc = fmaf(lnr_f16_to_f32(w->d[r]) * x->d, (float)dot, acc);
    return fmaf(lnr_f16_to_f32(w->m[r]) * x->d, (float)sum, acc);
}

#include "kernels/scalar/gemm_int_scalar.h"
