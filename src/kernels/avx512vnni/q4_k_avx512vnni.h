/* How a block of Q4_K unpacks to vectors, for the products on AVX512-VNNI and on AMX. */
#ifndef LNR_KERNELS_AVX512VNNI_Q4_K_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_Q4_K_AVX512VNNI_H

#include "kernels/inline.h"
#include "quant/q4_k.h"

#include <immintrin.h>

typedef q4_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 8, N_GROUP = 8, N_WAY = 2, BIAS = 8 };

#include "kernels/avx512vnni/minima_avx512vnni.h"

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[2]) {
    __m512i q = _mm512_loadu_si512(w->q[set][g]), nibble = _mm512_set1_epi8(15);
    v[0] = _mm512_and_si512(q, nibble);
    v[1] = _mm512_and_si512(_mm512_srli_epi16(q, 4), nibble);
}

#endif
