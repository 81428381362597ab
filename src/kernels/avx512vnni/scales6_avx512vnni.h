/* The four lines of 64 six-bit values of quant/scales6.h, a byte each. */
#ifndef LNR_KERNELS_AVX512VNNI_SCALES6_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_SCALES6_AVX512VNNI_H

#include "kernels/inline.h"

#include <immintrin.h>

LNR_INLINE void scales6_lines(const uint8_t scales[3][64], __m512i line[4]) {
    __m512i a = _mm512_loadu_si512(scales[0]), b = _mm512_loadu_si512(scales[1]);
    __m512i c = _mm512_loadu_si512(scales[2]), six = _mm512_set1_epi8(63);
    /* 16-bit shifts carry bits between bytes; the masks keep only those that stayed in theirs */
    __m512i top = _mm512_and_si512(_mm512_srli_epi16(a, 2), _mm512_set1_epi8(0x30));
    __m512i mid = _mm512_and_si512(_mm512_srli_epi16(b, 4), _mm512_set1_epi8(0x0c));
    __m512i end = _mm512_and_si512(_mm512_srli_epi16(c, 6), _mm512_set1_epi8(0x03));
    line[0] = _mm512_and_si512(a, six);
    line[1] = _mm512_and_si512(b, six);
    line[2] = _mm512_and_si512(c, six);
    line[3] = _mm512_or_si512(_mm512_or_si512(top, mid), end);
}

#endif
