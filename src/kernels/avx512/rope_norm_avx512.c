/* Rotation of adjacent pairs on AVX512. vfmaddsubps subtracts in even lanes and adds in odd ones,
 * as the first and the second element of a pair want it. */
#include "kernels/inline.h"
#include "kernels/kernels.h"

#include <immintrin.h>

/* n (1 to 8) pairs. */
LNR_INLINE void rotate_pairs(float *x, const float *c, const float *s, size_t n) {
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    __mmask8 pairs = (__mmask8)((1u << n) - 1);
    __mmask16 lanes = (__mmask16)((1u << 2 * n) - 1);
    __m512 cc = _mm512_castps256_ps512(_mm256_maskz_loadu_ps(pairs, c));
    __m512 ss = _mm512_castps256_ps512(_mm256_maskz_loadu_ps(pairs, s));
    cc = _mm512_permutexvar_ps(twice, cc);
    ss = _mm512_permutexvar_ps(twice, ss);
    __m512 v = _mm512_maskz_loadu_ps(lanes, x);
    __m512 x0 = _mm512_moveldup_ps(v), x1 = _mm512_movehdup_ps(v);
    /* even: x0 * c - x1 * s; odd: x0 * s + x1 * c */
    __m512 first = _mm512_mask_blend_ps(0xaaaa, cc, ss);
    __m512 second = _mm512_mask_blend_ps(0xaaaa, ss, cc);
    v = _mm512_fmaddsub_ps(x0, first, _mm512_mul_ps(x1, second));
    _mm512_mask_storeu_ps(x, lanes, v);
}

void lnr_rope_norm_f32_f32_1x16_avx512(float *x, size_t n_rot, const float *c, const float *s) {
    size_t n = n_rot / 2, i = 0;
    for (; i + 8 <= n; i += 8)
        rotate_pairs(x + 2 * i, c + i, s + i, 8);
    if (i < n)
        rotate_pairs(x + 2 * i, c + i, s + i, n - i);
}
