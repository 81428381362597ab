/* Vectors of floats on AVX2, under the names that the kernels written once for every width use. */
#ifndef LNR_KERNELS_AVX2_SIMD_AVX2_H
#define LNR_KERNELS_AVX2_SIMD_AVX2_H

#include "kernels/inline.h"

#include <immintrin.h>
#include <stddef.h>

#define LANES 8

typedef __m256 vf;
typedef __m256 vmask; /* all bits of a lane */

LNR_INLINE vf vf_set1(float x) {
    return _mm256_set1_ps(x);
}

LNR_INLINE vf vf_load(const float *p) {
    return _mm256_loadu_ps(p);
}

LNR_INLINE void vf_store(float *p, vf v) {
    _mm256_storeu_ps(p, v);
}

/* To L2: L1 has too few buffers for what memory has under way. */
LNR_INLINE void vf_prefetch(const void *p) {
    _mm_prefetch(p, _MM_HINT_T1);
}

LNR_INLINE vf vf_load_half(const uint16_t *p) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const void *)p));
}

/* To halves, rounded to nearest even whatever the control word says. */
LNR_INLINE void vf_store_half(uint16_t *p, vf v) {
    _mm_storeu_si128((void *)p, _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}

LNR_INLINE float vf_half(uint16_t h) {
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(h)));
}

LNR_INLINE vf vf_load_byte(const int8_t *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)p)));
}

LNR_INLINE vf vf_load_bfloat(const uint16_t *p) {
    __m256i v = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(v, 16));
}

/* The lanes i with lo <= first + i < hi. */
LNR_INLINE vmask vmask_range(int first, int lo, int hi) {
    __m256i i =
        _mm256_add_epi32(_mm256_set1_epi32(first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    __m256i under = _mm256_cmpgt_epi32(_mm256_set1_epi32(lo), i);
    return _mm256_castsi256_ps(
        _mm256_andnot_si256(under, _mm256_cmpgt_epi32(_mm256_set1_epi32(hi), i)));
}

/* n < LANES elements; the other lanes are +0 and their memory is not touched. */
LNR_INLINE vf vf_load_first(const float *p, size_t n) {
    return _mm256_maskload_ps(p, _mm256_castps_si256(vmask_range(0, 0, (int)n)));
}

LNR_INLINE void vf_store_first(float *p, size_t n, vf v) {
    _mm256_maskstore_ps(p, _mm256_castps_si256(vmask_range(0, 0, (int)n)), v);
}

LNR_INLINE vf vf_load_half_first(const uint16_t *p, size_t n) {
    uint16_t h[LANES] = {0};
    for (size_t i = 0; i < n; i++)
        h[i] = p[i];
    return vf_load_half(h);
}

LNR_INLINE vf vf_add(vf a, vf b) {
    return _mm256_add_ps(a, b);
}

LNR_INLINE vf vf_sub(vf a, vf b) {
    return _mm256_sub_ps(a, b);
}

LNR_INLINE vf vf_mul(vf a, vf b) {
    return _mm256_mul_ps(a, b);
}

LNR_INLINE vf vf_div(vf a, vf b) {
    return _mm256_div_ps(a, b);
}

/* a * b + c, a * b - c */
LNR_INLINE vf vf_fma(vf a, vf b, vf c) {
    return _mm256_fmadd_ps(a, b, c);
}

LNR_INLINE vf vf_fms(vf a, vf b, vf c) {
    return _mm256_fmsub_ps(a, b, c);
}

LNR_INLINE vf vf_negate(vf a) {
    return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f));
}

LNR_INLINE vf vf_abs(vf a) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

/* a, which is not negative, with the sign of b */
LNR_INLINE vf vf_with_sign(vf a, vf b) {
    return _mm256_or_ps(a, _mm256_and_ps(b, _mm256_set1_ps(-0.0f)));
}

/* a > b ? a : b, so b where either is NaN */
LNR_INLINE vf vf_max(vf a, vf b) {
    return _mm256_max_ps(a, b);
}

/* m ? a : b */
LNR_INLINE vf vf_select(vmask m, vf a, vf b) {
    return _mm256_blendv_ps(b, a, m);
}

/* a < b; false where either is NaN */
LNR_INLINE vmask vmask_less(vf a, vf b) {
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}

/* 2^n for t = n + LNR_EXPF_ROUND, see lnr_expf. */
LNR_INLINE vf vf_power_of_two(vf t) {
    __m256i n = _mm256_add_epi32(_mm256_castps_si256(t), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(n, 23));
}

/* The maximum of the lanes; there is no NaN among them. */
LNR_INLINE float vf_max_lanes(vf v) {
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

/* The sum of 16 partials in the canonical order: j + 8, + 4, + 2, + 1. */
LNR_INLINE float vf_sum16(const vf p[16 / LANES]) {
    __m256 eight = _mm256_add_ps(p[0], p[1]);
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

#include "kernels/simd/expf.h"

#endif
