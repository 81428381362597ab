/* Activations to int8 on AVX512: as on AVX2, with 16 values to a vector and narrowing in order. */
#include "kernels/inline.h"
#include "kernels/kernels.h"

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#define AMAX_MIN 0x1p-100f

/* Writes n (a multiple of 32) int8 and the sums of each 16; returns d. */
LNR_INLINE float quantize_block(const float *x, int n, int8_t *q, int16_t *sum16) {
    __m512i mask = _mm512_set1_epi32(0x7fffffff), top = _mm512_setzero_si512();
    for (int i = 0; i < n; i += 16) {
        __m512i bits = _mm512_castps_si512(_mm512_loadu_ps(x + i));
        top = _mm512_max_epi32(top, _mm512_and_si512(bits, mask)); /* no sign bit: order holds */
    }
    int bits = _mm512_reduce_max_epi32(top);
    float amax = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(bits)));
    bool finite = bits < 0x7f800000;
    if (!finite || amax < AMAX_MIN) {
        memset(q, 0, (size_t)n);
        memset(sum16, 0, (size_t)n / 16 * sizeof *sum16);
        return finite ? 0.0f : _mm_cvtss_f32(_mm_castsi128_ps(_mm_set1_epi32(0x7fc00000)));
    }
    __m512 inverse = _mm512_set1_ps(127.0f / amax);
    for (int i = 0; i < n; i += 32) {
        /* |v| <= 127: narrowing is exact */
        __m512i low = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + i), inverse));
        __m512i high = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + i + 16), inverse));
        __m256i b = _mm256_set_m128i(_mm512_cvtepi32_epi8(high), _mm512_cvtepi32_epi8(low));
        _mm256_storeu_si256((void *)(q + i), b);
        /* bytes to quadruples, then across the 128-bit lane: a sum per 16 bytes */
        __m256i s =
            _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), b), _mm256_set1_epi16(1));
        s = _mm256_add_epi32(s, _mm256_shuffle_epi32(s, 0x4e));
        s = _mm256_add_epi32(s, _mm256_shuffle_epi32(s, 0xb1));
        sum16[i / 16] = (int16_t)_mm256_extract_epi16(s, 0);
        sum16[i / 16 + 1] = (int16_t)_mm256_extract_epi16(s, 8);
    }
    return amax / 127.0f;
}

void lnr_quantize_f32_q8a32_1x16_avx512(const float *x, size_t n, void *out) {
    lnr_q8a32 *b = out;
    for (size_t i = 0; i < n / 32; i++, b++)
        b->d = quantize_block(x + 32 * i, 32, b->q, b->sum16);
}

void lnr_quantize_f32_q8a256_1x16_avx512(const float *x, size_t n, void *out) {
    lnr_q8a256 *b = out;
    for (size_t i = 0; i < n / 256; i++, b++) {
        b->d = quantize_block(x + 256 * i, 256, b->q, b->sum16);
        for (int j = 0; j < 8; j++)
            b->sum32[j] = (int16_t)(b->sum16[2 * j] + b->sum16[2 * j + 1]);
        memset(b->zero, 0, sizeof b->zero);
    }
}
