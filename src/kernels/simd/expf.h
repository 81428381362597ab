/* lnr_expf and lnr_tanhf of base/math.h on vectors: the same operations in the same order, lane by
 * lane. */
#ifndef LNR_KERNELS_SIMD_EXPF_H
#define LNR_KERNELS_SIMD_EXPF_H

#include "base/math.h"

/* Of lanes that are not above LNR_EXPF_MAX, or NaN. */
LNR_INLINE vf vf_exp_small(vf x) {
    vf t = vf_fma(x, vf_set1(LNR_LOG2E_F), vf_set1(LNR_EXPF_ROUND));
    vf n = vf_sub(t, vf_set1(LNR_EXPF_ROUND));
    vf r = vf_fma(n, vf_set1(-LNR_LN2_HI_F), x);
    r = vf_fma(n, vf_set1(-LNR_LN2_LO_F), r);
    vf p = vf_fma(vf_set1(LNR_EXPF_C6), r, vf_set1(LNR_EXPF_C5));
    p = vf_fma(p, r, vf_set1(LNR_EXPF_C4));
    p = vf_fma(p, r, vf_set1(LNR_EXPF_C3));
    p = vf_fma(p, r, vf_set1(LNR_EXPF_C2));
    p = vf_fma(p, r, vf_set1(1.0f));
    p = vf_fma(p, r, vf_set1(1.0f));
    vf y = vf_mul(p, vf_power_of_two(t));
    return vf_select(vmask_less(x, vf_set1(LNR_EXPF_MIN)), vf_set1(0.0f), y);
}

LNR_INLINE vf vf_exp(vf x) {
    vf y = vf_exp_small(x);
    return vf_select(vmask_less(vf_set1(LNR_EXPF_MAX), x), vf_set1(__builtin_inff()), y);
}

LNR_INLINE vf vf_tanh(vf x) {
    vf one = vf_set1(1.0f), a = vf_abs(x);
    vf e = vf_exp(vf_mul(vf_set1(-2.0f), a));
    vf y = vf_div(vf_sub(one, e), vf_add(one, e));
    vf s = vf_mul(a, a);
    vf p = vf_fma(vf_set1(LNR_TANHF_C9), s, vf_set1(LNR_TANHF_C7));
    p = vf_fma(p, s, vf_set1(LNR_TANHF_C5));
    p = vf_fma(p, s, vf_set1(LNR_TANHF_C3));
    vf small = vf_fma(vf_mul(a, s), p, a);
    return vf_with_sign(vf_select(vmask_less(a, vf_set1(LNR_TANHF_SMALL)), small, y), x);
}

#endif
