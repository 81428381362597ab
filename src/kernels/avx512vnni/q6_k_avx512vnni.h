/* How a block of Q6_K unpacks to vectors, for the products on AVX512-VNNI and on AMX. */
#ifndef LNR_KERNELS_AVX512VNNI_Q6_K_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_Q6_K_AVX512VNNI_H

#include "kernels/inline.h"
#include "quant/q6_k.h"

#include <immintrin.h>

typedef q6_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 16, N_GROUP = 4, N_WAY = 4 };

typedef struct header {
    __m512i scale[16]; /* int16 pair per row: the scale and zero */
    __m512 d;
} header;

LNR_INLINE header unpack_header(const weights *w) {
    header h;
    LNR_EACH(j, 16) {
        __m256i s = _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)w->scales[j]));
        h.scale[j] = _mm512_cvtepu16_epi32(s);
    }
    h.d = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->d));
    return h;
}

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[4]) {
    __m512i six = _mm512_set1_epi8(63);
    __m512i a = _mm512_loadu_si512(w->q[set][g][0]), b = _mm512_loadu_si512(w->q[set][g][1]);
    __m512i c = _mm512_loadu_si512(w->q[set][g][2]);
    /* the fourth value's bits 0-1 from bits 6-7 of a, 2-3 from b, 4-5 from c */
    __m512i low = _mm512_and_si512(_mm512_srli_epi16(a, 6), _mm512_set1_epi8(0x03));
    __m512i mid = _mm512_and_si512(_mm512_srli_epi16(b, 4), _mm512_set1_epi8(0x0c));
    __m512i top = _mm512_and_si512(_mm512_srli_epi16(c, 2), _mm512_set1_epi8(0x30));
    v[0] = _mm512_and_si512(a, six);
    v[1] = _mm512_and_si512(b, six);
    v[2] = _mm512_and_si512(c, six);
    v[3] = _mm512_or_si512(_mm512_or_si512(low, mid), top);
}

#endif
