/* How a block of Q4_K unpacks to vectors of 8 rows and enters the float sum, for the products on
 * AVX2 and on AVX-VNNI. */
#ifndef LNR_KERNELS_AVX2_Q4_K_AVX2_H
#define LNR_KERNELS_AVX2_Q4_K_AVX2_H

#include "kernels/inline.h"
#include "quant/q4_k.h"

#include <immintrin.h>

typedef q4_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 8, N_GROUP = 8, N_WAY = 2 };

#include "kernels/avx2/minima_avx2.h"

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[2]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[set][g][8 * half]);
    __m256i nibble = _mm256_set1_epi8(15);
    v[0] = _mm256_and_si256(q, nibble);
    v[1] = _mm256_and_si256(_mm256_srli_epi16(q, 4), nibble);
}

#endif
