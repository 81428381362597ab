/* How a block of MXFP4 unpacks to vectors of 8 rows and enters the float sum, for the products on
 * AVX2 and on AVX-VNNI. */
#ifndef LNR_KERNELS_AVX2_MXFP4_AVX2_H
#define LNR_KERNELS_AVX2_MXFP4_AVX2_H

#include "kernels/inline.h"
#include "quant/mxfp4.h"

#include <immintrin.h>

typedef mxfp4_panel weights;
typedef lnr_q8a32 acts;

enum { N_SUB = 2, N_GROUP = 4, N_WAY = 2 };

typedef struct header {
    __m256 d;
} header;

/* 2^(e - 128) as mxfp4_scale builds it from bits: denormal for e < 2, NaN for 255 */
LNR_INLINE header unpack_header(const weights *w, int half) {
    __m256i e = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(w->e + 8 * half)));
    __m256i bits = _mm256_slli_epi32(_mm256_sub_epi32(e, _mm256_set1_epi32(1)), 23);
    __m256i denormal = _mm256_sllv_epi32(_mm256_set1_epi32(0x00200000), e);
    __m256i nan = _mm256_cmpeq_epi32(e, _mm256_set1_epi32(255));
    bits = _mm256_blendv_epi8(bits, denormal, _mm256_cmpgt_epi32(_mm256_set1_epi32(2), e));
    bits = _mm256_blendv_epi8(bits, _mm256_set1_epi32(0x7fc00000), nan);
    return (header){_mm256_castsi256_ps(bits)};
}

/* plus 12: unsigned, as the first operand of vpmaddubsw must be */
LNR_INLINE __m256i table(void) {
    __m256i t = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)mxfp4_table));
    return _mm256_add_epi8(t, _mm256_set1_epi8(12));
}

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[2]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[g][8 * half]);
    __m256i nibble = _mm256_set1_epi8(15), t = table();
    (void)set;
    v[0] = _mm256_shuffle_epi8(t, _mm256_and_si256(q, nibble));
    v[1] = _mm256_shuffle_epi8(t, _mm256_and_si256(_mm256_srli_epi16(q, 4), nibble));
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    int offset = 12 * (x->sum16[0] + x->sum16[1]);
    total = _mm256_sub_epi32(total, _mm256_set1_epi32(offset));
    return _mm256_fmadd_ps(_mm256_mul_ps(h->d, _mm256_set1_ps(x->d)), _mm256_cvtepi32_ps(total),
                           acc);
}

#endif
