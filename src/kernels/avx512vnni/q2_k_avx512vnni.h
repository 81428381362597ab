/* How a block of Q2_K unpacks to vectors, for the products on AVX512-VNNI and on AMX. */
#ifndef LNR_KERNELS_AVX512VNNI_Q2_K_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_Q2_K_AVX512VNNI_H

#include "kernels/inline.h"
#include "quant/q2_k.h"

#include <immintrin.h>

typedef q2_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 16, N_GROUP = 4, N_WAY = 4 };

typedef struct header {
    __m512i scale[16]; /* int32 per row */
    __m512i low[8];    /* int16: minima of sub-blocks 2 i and 2 i + 1 per row */
    __m512 d, dmin;
} header;

LNR_INLINE header unpack_header(const weights *w) {
    header h;
    __m512i nibble = _mm512_set1_epi16(15), first = _mm512_set1_epi32(15);
    for (int i = 0; i < 8; i++) {
        __m512i both = _mm512_cvtepu8_epi16(_mm256_loadu_si256((const void *)w->scales[i]));
        h.scale[2 * i] = _mm512_and_si512(both, first);
        h.scale[2 * i + 1] = _mm512_and_si512(_mm512_srli_epi32(both, 16), first);
        h.low[i] = _mm512_and_si512(_mm512_srli_epi16(both, 4), nibble);
    }
    h.d = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->d));
    h.dmin = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->dmin));
    return h;
}

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[4]) {
    __m512i q = _mm512_loadu_si512(w->q[set][g]), two = _mm512_set1_epi8(3);
    v[0] = _mm512_and_si512(q, two);
    v[1] = _mm512_and_si512(_mm512_srli_epi16(q, 2), two);
    v[2] = _mm512_and_si512(_mm512_srli_epi16(q, 4), two);
    v[3] = _mm512_and_si512(_mm512_srli_epi16(q, 6), two);
}

LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i total, __m512 acc) {
    __m512i low = _mm512_setzero_si512();
    for (int i = 0; i < 8; i++) {
        __m512i pair = _mm512_set1_epi32(lnr_dword(&x->sum16[2 * i]));
        low = _mm512_dpwssd_epi32(low, h->low[i], pair);
    }
    __m512 dx = _mm512_set1_ps(x->d);
    acc = _mm512_fmadd_ps(_mm512_mul_ps(h->d, dx), _mm512_cvtepi32_ps(total), acc);
    return _mm512_fnmadd_ps(_mm512_mul_ps(h->dmin, dx), _mm512_cvtepi32_ps(low), acc);
}

#endif
