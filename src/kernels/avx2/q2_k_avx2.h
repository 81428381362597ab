/* How a block of Q2_K unpacks to vectors of 8 rows and enters the float sum, for the products on
 * AVX2 and on AVX-VNNI. */
#ifndef LNR_KERNELS_AVX2_Q2_K_AVX2_H
#define LNR_KERNELS_AVX2_Q2_K_AVX2_H

#include "kernels/avx2/scales6_avx2.h"
#include "kernels/inline.h"
#include "quant/q2_k.h"

#include <immintrin.h>

typedef q2_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 16, N_GROUP = 4, N_WAY = 4 };

typedef struct header {
    __m256i scale[16]; /* int16: the scale twice per row */
    __m256i low[8];    /* int16: minima of sub-blocks 2 i and 2 i + 1 per row */
    __m256 d, dmin;
} header;

LNR_INLINE header unpack_header(const weights *w, int half) {
    header h;
    __m256i nibble = _mm256_set1_epi16(15);
    for (int i = 0; i < 8; i++) {
        __m256i both = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)w->scales[i][8 * half]));
        __m256i scales = _mm256_and_si256(both, nibble);
        h.scale[2 * i] = first_twice(scales);
        h.scale[2 * i + 1] = second_twice(scales);
        h.low[i] = _mm256_srli_epi16(both, 4);
    }
    h.d = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half)));
    h.dmin = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->dmin + 8 * half)));
    return h;
}

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[4]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[set][g][8 * half]);
    __m256i two = _mm256_set1_epi8(3);
    v[0] = _mm256_and_si256(q, two);
    v[1] = _mm256_and_si256(_mm256_srli_epi16(q, 2), two);
    v[2] = _mm256_and_si256(_mm256_srli_epi16(q, 4), two);
    v[3] = _mm256_and_si256(_mm256_srli_epi16(q, 6), two);
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    __m256i low = _mm256_setzero_si256();
    LNR_EACH(i, 8) {
        __m256i pair = _mm256_set1_epi32(lnr_dword(&x->sum16[2 * i]));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(h->low[i], pair));
    }
    __m256 dx = _mm256_set1_ps(x->d);
    acc = _mm256_fmadd_ps(_mm256_mul_ps(h->d, dx), _mm256_cvtepi32_ps(total), acc);
    return _mm256_fnmadd_ps(_mm256_mul_ps(h->dmin, dx), _mm256_cvtepi32_ps(low), acc);
}

#endif
