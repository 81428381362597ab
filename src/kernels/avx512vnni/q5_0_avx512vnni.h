/* How a block of Q5_0 unpacks to vectors, for the products on AVX512-VNNI and on AMX. */
#ifndef LNR_KERNELS_AVX512VNNI_Q5_0_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_Q5_0_AVX512VNNI_H

#include "kernels/inline.h"
#include "quant/q5_0.h"

#include <immintrin.h>

typedef q5_0_panel weights;
typedef lnr_q8a32 acts;

enum { N_SUB = 2, N_GROUP = 4, N_WAY = 2 };

typedef struct header {
    __m512 d;
} header;

LNR_INLINE header unpack_header(const weights *w) {
    return (header){_mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->d))};
}

/* v with 16 added where `bit` of `high` is set */
LNR_INLINE __m512i add_fifth(__m512i v, __m512i high, int bit) {
    __mmask64 set = _mm512_test_epi8_mask(high, _mm512_set1_epi8((char)(1 << bit)));
    return _mm512_mask_add_epi8(v, set, v, _mm512_set1_epi8(16));
}

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[2]) {
    __m512i q = _mm512_loadu_si512(w->q[g]), nibble = _mm512_set1_epi8(15);
    __m512i high = _mm512_loadu_si512(w->qh);
    (void)set;
    v[0] = add_fifth(_mm512_and_si512(q, nibble), high, g);
    v[1] = add_fifth(_mm512_and_si512(_mm512_srli_epi16(q, 4), nibble), high, 4 + g);
}

#endif
