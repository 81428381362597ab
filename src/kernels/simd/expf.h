/* lnr_expf of base/math.h on vectors: the same operations in the same order, lane by lane. */
#ifndef LNR_KERNELS_SIMD_EXPF_H
#define LNR_KERNELS_SIMD_EXPF_H

#include "base/math.h"

LNR_INLINE vf vf_exp(vf x) {
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
    y = vf_select(vmask_less(x, vf_set1(LNR_EXPF_MIN)), vf_set1(0.0f), y);
    return vf_select(vmask_less(vf_set1(LNR_EXPF_MAX), x), vf_set1(__builtin_inff()), y);
}

#endif
