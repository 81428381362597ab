/* How a block of Q4_1 unpacks to vectors, for the products on AVX512-VNNI and on AMX. */
#ifndef LNR_KERNELS_AVX512VNNI_Q4_1_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_Q4_1_AVX512VNNI_H

#include "kernels/inline.h"
#include "quant/q4_1.h"

#include <immintrin.h>

typedef q4_1_panel weights;
typedef lnr_q8a32 acts;

enum { N_SUB = 2, N_GROUP = 4, N_WAY = 2 };

typedef struct header {
    __m512 d, m;
} header;

LNR_INLINE header unpack_header(const weights *w) {
    return (header){_mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->d)),
                    _mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->m))};
}

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[2]) {
    __m512i q = _mm512_loadu_si512(w->q[g]), nibble = _mm512_set1_epi8(15);
    (void)set;
    v[0] = _mm512_and_si512(q, nibble);
    v[1] = _mm512_and_si512(_mm512_srli_epi16(q, 4), nibble);
}

LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i total, __m512 acc) {
    __m512 dx = _mm512_set1_ps(x->d);
    __m512 sum = _mm512_set1_ps((float)(x->sum16[0] + x->sum16[1]));
    acc = _mm512_fmadd_ps(_mm512_mul_ps(h->d, dx), _mm512_cvtepi32_ps(total), acc);
    return _mm512_fmadd_ps(_mm512_mul_ps(h->m, dx), sum, acc);
}

#endif
