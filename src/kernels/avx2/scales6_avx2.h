/* The six-bit values of quant/scales6.h for 8 of the 16 rows, and pairs of 16-bit scales. */
#ifndef LNR_KERNELS_AVX2_SCALES6_AVX2_H
#define LNR_KERNELS_AVX2_SCALES6_AVX2_H

#include "kernels/inline.h"

#include <immintrin.h>

/* Value j (0..7), a dword per row. */
LNR_INLINE __m256i scales6_value(const uint8_t scales[3][64], int half, int j) {
    const uint8_t *p = scales[j / 4] + j % 4 * 16 + 8 * half;
    return _mm256_and_si256(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)p)),
                            _mm256_set1_epi32(63));
}

/* pair[i]: values 8 + 2 i and 9 + 2 i, two int16 per row. */
LNR_INLINE void scales6_pairs(const uint8_t scales[3][64], int half, __m256i pair[4]) {
    for (int i = 0; i < 2; i++) {
        int at = 32 * i + 16 * half;
        __m128i a = _mm_loadu_si128((const void *)(scales[0] + at));
        __m128i b = _mm_loadu_si128((const void *)(scales[1] + at));
        __m128i c = _mm_loadu_si128((const void *)(scales[2] + at));
        /* 16-bit shifts carry bits between bytes; the masks keep only those that stayed in theirs
         */
        __m128i top = _mm_and_si128(_mm_srli_epi16(a, 2), _mm_set1_epi8(0x30));
        __m128i mid = _mm_and_si128(_mm_srli_epi16(b, 4), _mm_set1_epi8(0x0c));
        __m128i end = _mm_and_si128(_mm_srli_epi16(c, 6), _mm_set1_epi8(0x03));
        pair[i] = _mm256_cvtepu8_epi16(_mm_and_si128(c, _mm_set1_epi8(63)));
        pair[2 + i] = _mm256_cvtepu8_epi16(_mm_or_si128(_mm_or_si128(top, mid), end));
    }
}

/* Of a pair of int16 per row the first, and the second, in both places. */
LNR_INLINE __m256i first_twice(__m256i pair) {
    return _mm256_blend_epi16(pair, _mm256_slli_epi32(pair, 16), 0xaa);
}

LNR_INLINE __m256i second_twice(__m256i pair) {
    return _mm256_blend_epi16(_mm256_srli_epi32(pair, 16), pair, 0xaa);
}

#endif
