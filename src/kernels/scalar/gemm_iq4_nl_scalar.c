/* IQ4_NL product, the specification: per block of 32, in order of k,
 *   acc = fma(d_w * d_x, (float)dot, acc), with dot the exact sum of table[q_w] * q_x. */
#include "base/f16.h"
#include "kernels/kernels.h"
#include "quant/iq4_nl.h"

#include <math.h>

#define GEMM_NAME lnr_gemm_iq4_nl_q8a32_16x1_scalar
#define BLOCK     32

typedef iq4_nl_panel weights;
typedef lnr_q8a32 acts;

static float add_block(const weights *w, size_t r, const acts *x, float acc) {
    int32_t dot = 0;
    for (int k = 0; k < 32; k++)
        dot += iq4_nl_table[w->q[k % 16 / 4][r][k % 4] >> k / 16 * 4 & 15] * x->q[k];
    return fmaf(lnr_f16_to_f32(w->d[r]) * x->d, (float)dot, acc);
}

#include "kernels/scalar/gemm_int_scalar.h"
