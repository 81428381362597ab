/* How a block of Q3_K unpacks to vectors, for the products on AVX512-VNNI and on AMX. */
#ifndef LNR_KERNELS_AVX512VNNI_Q3_K_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_Q3_K_AVX512VNNI_H

#include "kernels/avx512vnni/scales6_avx512vnni.h"
#include "kernels/inline.h"
#include "quant/q3_k.h"

#include <immintrin.h>

typedef q3_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 16, N_GROUP = 4, N_WAY = 4 };

typedef struct header {
    __m512i scale[16]; /* int16 pair per row: the scale and zero */
    __m512 d;
} header;

/* Of 16 bytes the i-th, as int16 pair with zero. */
LNR_INLINE __m512i scale_of(__m512i line, int i) {
    __m128i s = i == 0   ? _mm512_castsi512_si128(line)
                : i == 1 ? _mm512_extracti32x4_epi32(line, 1)
                : i == 2 ? _mm512_extracti32x4_epi32(line, 2)
                         : _mm512_extracti32x4_epi32(line, 3);
    return _mm512_cvtepu16_epi32(_mm256_cvtepi8_epi16(s));
}

LNR_INLINE header unpack_header(const weights *w) {
    header h;
    __m512i line[4], offset = _mm512_set1_epi8(32), first = _mm512_set1_epi32(0xffff);
    scales6_lines(w->scales, line);
    LNR_EACH(l, 4) {
        line[l] = _mm512_sub_epi8(line[l], offset);
    }
    LNR_EACH(l, 2) {
        LNR_EACH(i, 4) {
            h.scale[4 * l + i] = scale_of(line[l], i);
        }
        LNR_EACH(i, 2) { /* two sub-blocks side by side */
            __m512i pair = _mm512_cvtepi8_epi16(i ? _mm512_extracti64x4_epi64(line[2 + l], 1)
                                                  : _mm512_castsi512_si256(line[2 + l]));
            h.scale[8 + 4 * l + 2 * i] = _mm512_and_si512(pair, first);
            h.scale[8 + 4 * l + 2 * i + 1] = _mm512_srli_epi32(pair, 16);
        }
    }
    h.d = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->d));
    return h;
}

/* v with 4 added where `bit` of `high` is set */
LNR_INLINE __m512i add_third(__m512i v, __m512i high, int bit) {
    __mmask64 set = _mm512_test_epi8_mask(high, _mm512_set1_epi8((char)(1 << bit)));
    return _mm512_mask_add_epi8(v, set, v, _mm512_set1_epi8(4));
}

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[4]) {
    __m512i q = _mm512_loadu_si512(w->q[set][g]), two = _mm512_set1_epi8(3);
    __m512i high = _mm512_loadu_si512(w->qh[set / 2][g]);
    int bit = set % 2 * 4;
    v[0] = add_third(_mm512_and_si512(q, two), high, bit);
    v[1] = add_third(_mm512_and_si512(_mm512_srli_epi16(q, 2), two), high, bit + 1);
    v[2] = add_third(_mm512_and_si512(_mm512_srli_epi16(q, 4), two), high, bit + 2);
    v[3] = add_third(_mm512_and_si512(_mm512_srli_epi16(q, 6), two), high, bit + 3);
}

#endif
