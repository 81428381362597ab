/* Activations to int8 on AVX2. As in the scalar kernel amax is the maximum of the bits of |x|, and
 * vcvtps2dq rounds to nearest even as the default control word says. */
#include "kernels/inline.h"
#include "kernels/kernels.h"

#include <immintrin.h>
#include <stdbool.h>

#define AMAX_MIN 0x1p-100f

/* Writes n (a multiple of 32) int8 and the sums of each 16; returns d. */
LNR_INLINE float quantize_block(const float *x, int n, int8_t *q, int16_t *sum16) {
    __m256i mask = _mm256_set1_epi32(0x7fffffff), top = _mm256_setzero_si256();
    for (int i = 0; i < n; i += 8) {
        __m256i bits = _mm256_castps_si256(_mm256_loadu_ps(x + i));
        top = _mm256_max_epi32(top, _mm256_and_si256(bits, mask)); /* no sign bit: order holds */
    }
    __m128i t = _mm_max_epi32(_mm256_castsi256_si128(top), _mm256_extracti128_si256(top, 1));
    t = _mm_max_epi32(t, _mm_shuffle_epi32(t, 0x4e));
    t = _mm_max_epi32(t, _mm_shuffle_epi32(t, 0xb1));
    float amax = _mm_cvtss_f32(_mm_castsi128_ps(t));
    bool finite = _mm_cvtsi128_si32(t) < 0x7f800000;
    if (!finite || amax < AMAX_MIN) {
        memset(q, 0, (size_t)n);
        memset(sum16, 0, (size_t)n / 16 * sizeof *sum16);
        return finite ? 0.0f : _mm_cvtss_f32(_mm_castsi128_ps(_mm_set1_epi32(0x7fc00000)));
    }
    __m256 inverse = _mm256_set1_ps(127.0f / amax);
    /* the two packs interleave 128-bit lanes; this puts the dwords back in order */
    __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for (int i = 0; i < n; i += 32) {
        __m256i v[4];
        LNR_EACH(j, 4) {
            v[j] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i + 8 * j), inverse));
        }
        __m256i b =
            _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
        b = _mm256_permutevar8x32_epi32(b, order);
        _mm256_storeu_si256((void *)(q + i), b);
        /* bytes to pairs (at most 254), to quadruples, then across the lane: a sum per 16 bytes */
        __m256i s = _mm256_maddubs_epi16(_mm256_set1_epi8(1), b);
        s = _mm256_madd_epi16(s, _mm256_set1_epi16(1));
        s = _mm256_add_epi32(s, _mm256_shuffle_epi32(s, 0x4e));
        s = _mm256_add_epi32(s, _mm256_shuffle_epi32(s, 0xb1));
        sum16[i / 16] = (int16_t)_mm256_extract_epi16(s, 0);
        sum16[i / 16 + 1] = (int16_t)_mm256_extract_epi16(s, 8);
    }
    return amax / 127.0f;
}

void lnr_quantize_f32_q8a32_1x8_avx2(const float *x, size_t n, void *out) {
    lnr_q8a32 *b = out;
    for (size_t i = 0; i < n / 32; i++, b++)
        b->d = quantize_block(x + 32 * i, 32, b->q, b->sum16);
}

void lnr_quantize_f32_q8a256_1x8_avx2(const float *x, size_t n, void *out) {
    lnr_q8a256 *b = out;
    for (size_t i = 0; i < n / 256; i++, b++) {
        b->d = quantize_block(x + 256 * i, 256, b->q, b->sum16);
        for (int j = 0; j < 8; j++)
            b->sum32[j] = (int16_t)(b->sum16[2 * j] + b->sum16[2 * j + 1]);
        memset(b->zero, 0, sizeof b->zero);
    }
}
