/* How a block of Q8_0 unpacks to vectors of 8 rows and enters the float sum, for the products on
 * AVX2 and on AVX-VNNI. */
#ifndef LNR_KERNELS_AVX2_Q8_0_AVX2_H
#define LNR_KERNELS_AVX2_Q8_0_AVX2_H

#include "kernels/inline.h"
#include "quant/q8_0.h"

#include <immintrin.h>

typedef q8_0_panel weights;
typedef lnr_q8a32 acts;

enum { N_SUB = 1, N_GROUP = 8, N_WAY = 1 };

typedef struct header {
    __m256 d;
} header;

LNR_INLINE header unpack_header(const weights *w, int half) {
    return (header){_mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half)))};
}

/* v: the signed weights */
LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[1]) {
    (void)set;
    v[0] = _mm256_xor_si256(_mm256_loadu_si256((const void *)w->q[g][8 * half]),
                            _mm256_set1_epi8(-128));
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    return _mm256_fmadd_ps(_mm256_mul_ps(h->d, _mm256_set1_ps(x->d)), _mm256_cvtepi32_ps(total),
                           acc);
}

#endif
