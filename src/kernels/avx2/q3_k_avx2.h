/* How a block of Q3_K unpacks to vectors of 8 rows and enters the float sum, for the products on
 * AVX2 and on AVX-VNNI. */
#ifndef LNR_KERNELS_AVX2_Q3_K_AVX2_H
#define LNR_KERNELS_AVX2_Q3_K_AVX2_H

#include "kernels/avx2/scales6_avx2.h"
#include "kernels/inline.h"
#include "quant/q3_k.h"

#include <immintrin.h>

typedef q3_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 16, N_GROUP = 4, N_WAY = 4 };

typedef struct header {
    __m256i scale[16]; /* int16: the scale twice per row */
    __m256i pair[8];   /* int16: scales of sub-blocks 2 i and 2 i + 1 per row */
    __m256 d;
} header;

LNR_INLINE header unpack_header(const weights *w, int half) {
    header h;
    for (int i = 0; i < 4; i++) /* the even sub-block in the low half of each row's dword */
        h.pair[i] =
            _mm256_or_si256(scales6_value(w->scales, half, 2 * i),
                            _mm256_slli_epi32(scales6_value(w->scales, half, 2 * i + 1), 16));
    scales6_pairs(w->scales, half, h.pair + 4);
    for (int i = 0; i < 8; i++) {
        h.pair[i] = _mm256_sub_epi16(h.pair[i], _mm256_set1_epi16(32));
        h.scale[2 * i] = first_twice(h.pair[i]);
        h.scale[2 * i + 1] = second_twice(h.pair[i]);
    }
    h.d = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half)));
    return h;
}

/* v with 4 added where `bit` of `high` is set */
LNR_INLINE __m256i add_third(__m256i v, __m256i high, int bit) {
    __m256i one = _mm256_set1_epi8((char)(1 << bit));
    __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(high, one), one);
    return _mm256_or_si256(v, _mm256_and_si256(set, _mm256_set1_epi8(4)));
}

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[4]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[set][g][8 * half]);
    __m256i high = _mm256_loadu_si256((const void *)w->qh[set / 2][g][8 * half]);
    __m256i two = _mm256_set1_epi8(3);
    int bit = set % 2 * 4;
    v[0] = add_third(_mm256_and_si256(q, two), high, bit);
    v[1] = add_third(_mm256_and_si256(_mm256_srli_epi16(q, 2), two), high, bit + 1);
    v[2] = add_third(_mm256_and_si256(_mm256_srli_epi16(q, 4), two), high, bit + 2);
    v[3] = add_third(_mm256_and_si256(_mm256_srli_epi16(q, 6), two), high, bit + 3);
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    __m256i offset = _mm256_setzero_si256();
    LNR_EACH(i, 8) {
        __m256i pair = _mm256_set1_epi32(lnr_dword(&x->sum16[2 * i]));
        offset = _mm256_add_epi32(offset, _mm256_madd_epi16(h->pair[i], pair));
    }
    total = _mm256_sub_epi32(total, _mm256_slli_epi32(offset, 2));
    return _mm256_fmadd_ps(_mm256_mul_ps(h->d, _mm256_set1_ps(x->d)), _mm256_cvtepi32_ps(total),
                           acc);
}

#endif
