/* Activations to int8 on AVX512. As in the scalar kernel amax is the maximum of the bits of |x|,
 * and vcvtps2dq rounds to nearest even as the default control word says.
 *
 * 128 values go together: four 32-wide blocks or half a 256-wide one. What is left of a vector
 * after each step of narrowing is shared with the next one's, so that maxima, divisions and sums
 * cost little more for four blocks than for one. */
#include "kernels/inline.h"
#include "kernels/kernels.h"

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#define AMAX_MIN 0x1p-100f

/* |x| of 16 values as bits, whose order as integers is that of the values with NaN on top. */
LNR_INLINE __m512i magnitude(const float *x) {
    __m512i bits = _mm512_castps_si512(_mm512_loadu_ps(x));
    return _mm512_and_si512(bits, _mm512_set1_epi32(0x7fffffff));
}

/* Element [i][j] of a 4 x 4 matrix of dwords to [j][i]. */
LNR_INLINE __m512i transposed(__m512i v) {
    return _mm512_permutexvar_epi32(
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), v);
}

/* 64 values times the inverse of their half to bytes; at most 127 in magnitude, so no pack
 * saturates. */
LNR_INLINE __m512i narrow64(const float *x, __m512 first, __m512 second) {
    __m512i a = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x), first));
    __m512i b = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + 16), first));
    __m512i c = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + 32), second));
    __m512i d = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + 48), second));
    __m512i packed = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
    return transposed(packed); /* the packs leave dword j of a, b, c and d in 128-bit lane j */
}

/* The sums of each 16 of 128 bytes, in order. */
LNR_INLINE __m128i sums_of_16(__m512i q0, __m512i q1) {
    __m512i one8 = _mm512_set1_epi8(1), one16 = _mm512_set1_epi16(1);
    __m512i s0 = _mm512_madd_epi16(_mm512_maddubs_epi16(one8, q0), one16);
    __m512i s1 = _mm512_madd_epi16(_mm512_maddubs_epi16(one8, q1), one16);
    /* 4 dwords of each 128-bit lane to one: s0's in the lane's first dword, s1's in the second */
    __m512i s = _mm512_add_epi32(_mm512_unpacklo_epi32(s0, s1), _mm512_unpackhi_epi32(s0, s1));
    s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, _MM_PERM_BADC));
    return _mm256_castsi256_si128(_mm512_cvtepi32_epi16(transposed(s)));
}

/* The four maxima of four vectors. */
LNR_INLINE __m128i four_maxima(const __m512i m[4]) {
    __m512i a = _mm512_max_epi32(_mm512_unpacklo_epi32(m[0], m[1]), /* 0 1 0 1 in each lane */
                                 _mm512_unpackhi_epi32(m[0], m[1]));
    __m512i b =
        _mm512_max_epi32(_mm512_unpacklo_epi32(m[2], m[3]), _mm512_unpackhi_epi32(m[2], m[3]));
    a = _mm512_max_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b)); /* 0 1 2 3 */
    __m256i c = _mm256_max_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
    return _mm_max_epi32(_mm256_castsi256_si128(c), _mm256_extracti128_si256(c, 1));
}

/* amax not finite, or below AMAX_MIN: q and the sums are zero, and this is d. */
LNR_INLINE float d_of_zeros(float amax) {
    return amax < AMAX_MIN ? 0.0f : _mm_cvtss_f32(_mm_castsi128_ps(_mm_set1_epi32(0x7fc00000)));
}

/* Any block of 32, alone. */
static void quantize_one(const float *x, lnr_q8a32 *b) {
    int bits = _mm512_reduce_max_epi32(_mm512_max_epi32(magnitude(x), magnitude(x + 16)));
    float amax = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(bits)));
    if (bits >= 0x7f800000 || amax < AMAX_MIN) {
        memset(b, 0, sizeof *b);
        b->d = d_of_zeros(amax);
        return;
    }
    __m512 inverse = _mm512_set1_ps(127.0f / amax);
    __m512i low = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x), inverse));
    __m512i high = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x + 16), inverse));
    _mm_storeu_si128((void *)b->q, _mm512_cvtepi32_epi8(low));
    _mm_storeu_si128((void *)(b->q + 16), _mm512_cvtepi32_epi8(high));
    b->sum16[0] = (int16_t)_mm512_reduce_add_epi32(low);
    b->sum16[1] = (int16_t)_mm512_reduce_add_epi32(high);
    b->d = amax / 127.0f;
}

/* Four blocks of 32; false, and nothing written, if one of them is all zeros or not finite. */
LNR_INLINE bool quantize_four(const float *x, lnr_q8a32 *b) {
    __m512i m[4];
    LNR_EACH(i, 4) {
        m[i] = _mm512_max_epi32(magnitude(x + 32 * i), magnitude(x + 32 * i + 16));
    }
    __m128i bits = four_maxima(m);
    __m128 amax = _mm_castsi128_ps(bits);
    __mmask8 usual = _mm_cmp_ps_mask(amax, _mm_set1_ps(AMAX_MIN), _CMP_GE_OQ) &
                     _mm_cmplt_epi32_mask(bits, _mm_set1_epi32(0x7f800000));
    if (usual != 15)
        return false;
    __m128 top = _mm_set1_ps(127.0f), d = _mm_div_ps(amax, top);
    __m512 inverse = _mm512_broadcast_f32x4(_mm_div_ps(top, amax));
    __m512i q0 = narrow64(x, _mm512_permute_ps(inverse, 0x00), _mm512_permute_ps(inverse, 0x55));
    __m512i q1 =
        narrow64(x + 64, _mm512_permute_ps(inverse, 0xaa), _mm512_permute_ps(inverse, 0xff));
    __m128i sums = sums_of_16(q0, q1);
    __m128i tail[2] = {_mm_unpacklo_epi32(sums, _mm_castps_si128(d)),
                       _mm_unpackhi_epi32(sums, _mm_castps_si128(d))};
    LNR_EACH(i, 2) { /* sum16 and d of two blocks lie in each tail as the block has them */
        __m512i q = i ? q1 : q0;
        _mm256_storeu_si256((void *)b[2 * i].q, _mm512_castsi512_si256(q));
        _mm256_storeu_si256((void *)b[2 * i + 1].q, _mm512_extracti64x4_epi64(q, 1));
        _mm_storel_epi64((void *)b[2 * i].sum16, tail[i]);
        _mm_storel_epi64((void *)b[2 * i + 1].sum16, _mm_unpackhi_epi64(tail[i], tail[i]));
    }
    return true;
}

void lnr_quantize_f32_q8a32_1x16_avx512(const float *x, size_t n, void *out) {
    lnr_q8a32 *b = out;
    for (size_t left = n / 32; left > 0;) {
        if (left >= 4 && quantize_four(x, b)) {
            x += 128, b += 4, left -= 4;
            continue;
        }
        quantize_one(x, b);
        x += 32, b++, left--;
    }
}

static void quantize_wide(const float *x, lnr_q8a256 *b) {
    __m512i m = magnitude(x);
    for (int i = 16; i < 256; i += 16)
        m = _mm512_max_epi32(m, magnitude(x + i));
    int bits = _mm512_reduce_max_epi32(m);
    float amax = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(bits)));
    if (bits >= 0x7f800000 || amax < AMAX_MIN) {
        memset(b, 0, sizeof *b);
        b->d = d_of_zeros(amax);
        return;
    }
    __m512 inverse = _mm512_set1_ps(127.0f / amax);
    LNR_EACH(i, 2) {
        __m512i q0 = narrow64(x + 128 * i, inverse, inverse);
        __m512i q1 = narrow64(x + 128 * i + 64, inverse, inverse);
        __m128i sums = sums_of_16(q0, q1);
        __m128i wide = _mm_madd_epi16(sums, _mm_set1_epi16(1));
        _mm512_storeu_si512(b->q + 128 * i, q0);
        _mm512_storeu_si512(b->q + 128 * i + 64, q1);
        _mm_storeu_si128((void *)(b->sum16 + 8 * i), sums);
        _mm_storel_epi64((void *)(b->sum32 + 4 * i), _mm_packs_epi32(wide, wide));
    }
    b->d = amax / 127.0f;
    memset(b->zero, 0, sizeof b->zero);
}

void lnr_quantize_f32_q8a256_1x16_avx512(const float *x, size_t n, void *out) {
    lnr_q8a256 *b = out;
    for (size_t i = 0; i < n / 256; i++)
        quantize_wide(x + 256 * i, b + i);
}
