/* How a block of IQ4_NL unpacks to vectors of 8 rows and enters the float sum, for the products on
 * AVX2 and on AVX-VNNI. */
#ifndef LNR_KERNELS_AVX2_IQ4_NL_AVX2_H
#define LNR_KERNELS_AVX2_IQ4_NL_AVX2_H

#include "kernels/inline.h"
#include "quant/iq4_nl.h"

#include <immintrin.h>

typedef iq4_nl_panel weights;
typedef lnr_q8a32 acts;

enum { N_SUB = 2, N_GROUP = 4, N_WAY = 2 };

typedef struct header {
    __m256 d;
} header;

LNR_INLINE header unpack_header(const weights *w, int half) {
    return (header){_mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half)))};
}

LNR_INLINE __m256i table(void) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)iq4_nl_table));
}

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[2]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[g][8 * half]);
    __m256i nibble = _mm256_set1_epi8(15), t = table();
    (void)set;
    v[0] = _mm256_shuffle_epi8(t, _mm256_and_si256(q, nibble));
    v[1] = _mm256_shuffle_epi8(t, _mm256_and_si256(_mm256_srli_epi16(q, 4), nibble));
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    return _mm256_fmadd_ps(_mm256_mul_ps(h->d, _mm256_set1_ps(x->d)), _mm256_cvtepi32_ps(total),
                           acc);
}

#endif
