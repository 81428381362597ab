/* Rotation of adjacent pairs on AVX2. vfmaddsubps subtracts in even lanes and adds in odd ones, as
 * the first and the second element of a pair want it. */
#include "kernels/inline.h"
#include "kernels/kernels.h"

#include <immintrin.h>
#include <math.h>

void lnr_rope_norm_f32_f32_1x8_avx2(float *x, size_t n_rot, const float *c, const float *s) {
    size_t i = 0;
    for (; i + 4 <= n_rot / 2; i += 4) {
        __m128 c4 = _mm_loadu_ps(c + i), s4 = _mm_loadu_ps(s + i);
        __m256 c8 = _mm256_set_m128(_mm_unpackhi_ps(c4, c4), _mm_unpacklo_ps(c4, c4));
        __m256 s8 = _mm256_set_m128(_mm_unpackhi_ps(s4, s4), _mm_unpacklo_ps(s4, s4));
        __m256 v = _mm256_loadu_ps(x + 2 * i);
        __m256 x0 = _mm256_moveldup_ps(v), x1 = _mm256_movehdup_ps(v);
        /* even: x0 * c - x1 * s; odd: x0 * s + x1 * c */
        __m256 first = _mm256_blend_ps(c8, s8, 0xaa), second = _mm256_blend_ps(s8, c8, 0xaa);
        _mm256_storeu_ps(x + 2 * i, _mm256_fmaddsub_ps(x0, first, _mm256_mul_ps(x1, second)));
    }
    for (; i < n_rot / 2; i++) {
        float x0 = x[2 * i], x1 = x[2 * i + 1];
        x[2 * i] = fmaf(x0, c[i], -(x1 * s[i]));
        x[2 * i + 1] = fmaf(x0, s[i], x1 * c[i]);
    }
}
