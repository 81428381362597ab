/* How a block of Q5_K unpacks to vectors of 8 rows and enters the float sum, for the products on
 * AVX2 and on AVX-VNNI. */
#ifndef LNR_KERNELS_AVX2_Q5_K_AVX2_H
#define LNR_KERNELS_AVX2_Q5_K_AVX2_H

#include "kernels/inline.h"
#include "quant/q5_k.h"

#include <immintrin.h>

typedef q5_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 8, N_GROUP = 8, N_WAY = 2 };

#include "kernels/avx2/minima_avx2.h"

/* v with 16 added where `bit` of `high` is set */
LNR_INLINE __m256i add_fifth(__m256i v, __m256i high, int bit) {
    __m256i one = _mm256_set1_epi8((char)(1 << bit));
    __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(high, one), one);
    return _mm256_or_si256(v, _mm256_and_si256(set, _mm256_set1_epi8(16)));
}

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[2]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[set][g][8 * half]);
    __m256i high = _mm256_loadu_si256((const void *)w->qh[g][8 * half]);
    __m256i nibble = _mm256_set1_epi8(15);
    v[0] = add_fifth(_mm256_and_si256(q, nibble), high, 2 * set);
    v[1] = add_fifth(_mm256_and_si256(_mm256_srli_epi16(q, 4), nibble), high, 2 * set + 1);
}

#endif
