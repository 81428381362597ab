/* How a block of Q4_0 unpacks to vectors, for the products on AVX512-VNNI and on AMX. */
#ifndef LNR_KERNELS_AVX512VNNI_Q4_0_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_Q4_0_AVX512VNNI_H

#include "kernels/inline.h"
#include "quant/q4_0.h"

#include <immintrin.h>

typedef q4_0_panel weights;
typedef lnr_q8a32 acts;

enum { N_SUB = 2, N_GROUP = 4, N_WAY = 2 };

typedef struct header {
    __m512 d;
} header;

LNR_INLINE header unpack_header(const weights *w) {
    return (header){_mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->d))};
}

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[2]) {
    __m512i q = _mm512_loadu_si512(w->q[g]), nibble = _mm512_set1_epi8(15);
    (void)set;
    v[0] = _mm512_and_si512(q, nibble);
    v[1] = _mm512_and_si512(_mm512_srli_epi16(q, 4), nibble);
}

#endif
