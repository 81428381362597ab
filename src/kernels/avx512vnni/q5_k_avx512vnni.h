/* How a block of Q5_K unpacks to vectors, for the products on AVX512-VNNI and on AMX. */
#ifndef LNR_KERNELS_AVX512VNNI_Q5_K_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_Q5_K_AVX512VNNI_H

#include "kernels/inline.h"
#include "quant/q5_k.h"

#include <immintrin.h>

typedef q5_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 8, N_GROUP = 8, N_WAY = 2, BIAS = 16 };

#include "kernels/avx512vnni/minima_avx512vnni.h"

/* v with 16 added where `bit` of `high` is set */
LNR_INLINE __m512i add_fifth(__m512i v, __m512i high, int bit) {
    __mmask64 set = _mm512_test_epi8_mask(high, _mm512_set1_epi8((char)(1 << bit)));
    return _mm512_mask_add_epi8(v, set, v, _mm512_set1_epi8(16));
}

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[2]) {
    __m512i q = _mm512_loadu_si512(w->q[set][g]), nibble = _mm512_set1_epi8(15);
    __m512i high = _mm512_loadu_si512(w->qh[g]);
    v[0] = add_fifth(_mm512_and_si512(q, nibble), high, 2 * set);
    v[1] = add_fifth(_mm512_and_si512(_mm512_srli_epi16(q, 4), nibble), high, 2 * set + 1);
}

#endif
