/* How a block of Q5_1 unpacks to vectors of 8 rows and enters the float sum, for the products on
 * AVX2 and on AVX-VNNI. */
#ifndef LNR_KERNELS_AVX2_Q5_1_AVX2_H
#define LNR_KERNELS_AVX2_Q5_1_AVX2_H

#include "kernels/inline.h"
#include "quant/q5_1.h"

#include <immintrin.h>

typedef q5_1_panel weights;
typedef lnr_q8a32 acts;

enum { N_SUB = 2, N_GROUP = 4, N_WAY = 2 };

typedef struct header {
    __m256 d, m;
} header;

LNR_INLINE header unpack_header(const weights *w, int half) {
    return (header){_mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half))),
                    _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->m + 8 * half)))};
}

/* v with 16 added where `bit` of `high` is set */
LNR_INLINE __m256i add_fifth(__m256i v, __m256i high, int bit) {
    __m256i one = _mm256_set1_epi8((char)(1 << bit));
    __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(high, one), one);
    return _mm256_or_si256(v, _mm256_and_si256(set, _mm256_set1_epi8(16)));
}

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[2]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[g][8 * half]);
    __m256i high = _mm256_loadu_si256((const void *)w->qh[8 * half]);
    __m256i nibble = _mm256_set1_epi8(15);
    (void)set;
    v[0] = add_fifth(_mm256_and_si256(q, nibble), high, g);
    v[1] = add_fifth(_mm256_and_si256(_mm256_srli_epi16(q, 4), nibble), high, 4 + g);
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    __m256 dx = _mm256_set1_ps(x->d);
    __m256 sum = _mm256_set1_ps((float)(x->sum16[0] + x->sum16[1]));
    acc = _mm256_fmadd_ps(_mm256_mul_ps(h->d, dx), _mm256_cvtepi32_ps(total), acc);
    return _mm256_fmadd_ps(_mm256_mul_ps(h->m, dx), sum, acc);
}

#endif
