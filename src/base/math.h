/* Float and double functions whose bits are the same on every machine (design section 4).
 *
 * The one idea: everything is made of + - * / and fma, which IEEE 754 rounds in one way only, in an
 * order that is written down here and is part of the result. libm's own exp or sin give other bits
 * with another version or CPU and are not used. lnr_expf and lnr_tanhf are the rules that the SIMD
 * kernels follow lane by lane, from the constants below; the double functions (math.c) serve tables
 * and sampling. Needs round-to-nearest (os_fp_default) and -ffp-contract=off. */
#ifndef LNR_BASE_MATH_H
#define LNR_BASE_MATH_H

#include "base/bits.h"

/* Correctly rounded a * b + c; one instruction where the target has it. */
static inline float lnr_fmaf(float a, float b, float c) {
    return __builtin_fmaf(a, b, c);
}

static inline double lnr_fma(double a, double b, double c) {
    return __builtin_fma(a, b, c);
}

/* lnr_expf's constants. LN2_HI has 15 significant bits, so n * LN2_HI and x - n * LN2_HI are exact
 * for every n that occurs. C2..C6 are our own Remez fit of exp(r) = 1 + r + r^2 (C2 + ... + C6 r^4)
 * for |r| <= ln(2) / 2 in relative error (3.2e-9), each rounded to float before the next was
 * fitted. Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the sum. */
#define LNR_EXPF_MIN   (-87.0f) /* below: +0 */
#define LNR_EXPF_MAX   88.0f    /* above: +inf */
#define LNR_EXPF_ROUND 12582912.0f
#define LNR_LOG2E_F    0x1.715476p+0f
#define LNR_LN2_HI_F   0x1.62e4p-1f
#define LNR_LN2_LO_F   0x1.7f7d1cp-20f
#define LNR_EXPF_C2    0x1.fffffcp-2f
#define LNR_EXPF_C3    0x1.55548cp-3f
#define LNR_EXPF_C4    0x1.555858p-5f
#define LNR_EXPF_C5    0x1.123de0p-7f
#define LNR_EXPF_C6    0x1.6ac6b2p-10f

/* e^x. x < -87 gives +0, x > 88 gives +inf, a NaN stays one, e^0 is exactly 1; over all floats the
 * largest error is 0.892 ulp (at -0x1.765026p+2). A SIMD version computes every lane and then
 * selects by the two comparisons (both false for a NaN, whose lane is a NaN already). */
static inline float lnr_expf(float x) {
    float t = lnr_fmaf(x, LNR_LOG2E_F, LNR_EXPF_ROUND);
    float n = t - LNR_EXPF_ROUND;
    float r = lnr_fmaf(n, -LNR_LN2_HI_F, x);
    r = lnr_fmaf(n, -LNR_LN2_LO_F, r);
    float p = lnr_fmaf(LNR_EXPF_C6, r, LNR_EXPF_C5);
    p = lnr_fmaf(p, r, LNR_EXPF_C4);
    p = lnr_fmaf(p, r, LNR_EXPF_C3);
    p = lnr_fmaf(p, r, LNR_EXPF_C2);
    p = lnr_fmaf(p, r, 1.0f);
    p = lnr_fmaf(p, r, 1.0f);
    /* 2^n, n = bits(t) - bits(1.5 * 2^23) in -126..127: n + 127 in the exponent field; the shift
     * drops the rest of t's bits. */
    float scale = lnr_f32_from_bits((lnr_f32_bits(t) + 127u) << 23);
    float y = p * scale;
    if (x < LNR_EXPF_MIN)
        y = 0.0f;
    if (x > LNR_EXPF_MAX)
        y = __builtin_inff();
    return y;
}

/* lnr_tanhf's constants: up to SMALL the series x + x^3 (C3 + C5 x^2 + ...), whose next term is
 * below 2^-26 of the sum. */
#define LNR_TANHF_SMALL 0.25f
#define LNR_TANHF_C3    (-1.0f / 3.0f)
#define LNR_TANHF_C5    (2.0f / 15.0f)
#define LNR_TANHF_C7    (-17.0f / 315.0f)
#define LNR_TANHF_C9    (62.0f / 2835.0f)

/* tanh x, odd to the bit: tanh(+-0) = +-0, tanh(+-inf) = +-1, a NaN stays one; over all floats the
 * largest error is 2.93 ulp (at 0x1.02693ap-2). Above SMALL it is (1 - e) / (1 + e) with e = exp(-2
 * |x|), where 1 - e does not cancel. A SIMD version computes both and selects. */
static inline float lnr_tanhf(float x) {
    float a = lnr_f32_from_bits(lnr_f32_bits(x) & 0x7fffffffu);
    float e = lnr_expf(-2.0f * a);
    float y = (1.0f - e) / (1.0f + e);
    float s = a * a;
    float p = lnr_fmaf(LNR_TANHF_C9, s, LNR_TANHF_C7);
    p = lnr_fmaf(p, s, LNR_TANHF_C5);
    p = lnr_fmaf(p, s, LNR_TANHF_C3);
    if (a < LNR_TANHF_SMALL)
        y = lnr_fmaf(a * s, p, a);
    return lnr_f32_from_bits(lnr_f32_bits(y) | (lnr_f32_bits(x) & 0x80000000u));
}

/* Functions in double, for tables and sampling; special cases as C's Annex F has them, except that
 * no exception flag is promised. Errors measured over the sweeps in tests/unit/base/test_math.c. */
double lnr_exp(double x); /* below 0x1p-1022 the result is rounded twice */
double lnr_log(double x);
double lnr_pow(double x, double y);

/* Absolute error below 2e-16 for |x| <= 2^40. Beyond that NaN, as for infinities: no table of ours
 * goes there, and a reduction by a 1200-bit pi would be code that nothing uses. */
#define LNR_SIN_MAX 0x1p40
double lnr_sin(double x);
double lnr_cos(double x);

#endif
