/* How a block of Q6_K unpacks to vectors of 8 rows and enters the float sum, for the products on
 * AVX2 and on AVX-VNNI. */
#ifndef LNR_KERNELS_AVX2_Q6_K_AVX2_H
#define LNR_KERNELS_AVX2_Q6_K_AVX2_H

#include "kernels/inline.h"
#include "quant/q6_k.h"

#include <immintrin.h>

typedef q6_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 16, N_GROUP = 4, N_WAY = 4 };

typedef struct header {
    __m256i scale[16]; /* int16: the scale twice per row */
    __m256i pair[8];   /* int16: scales of sub-blocks 2 i and 2 i + 1 per row */
    __m256 d;
} header;

LNR_INLINE header unpack_header(const weights *w, int half) {
    header h;
    for (int j = 0; j < 16; j++) {
        __m128i s = _mm_cvtepi8_epi16(_mm_loadl_epi64((const void *)(w->scales[j] + 8 * half)));
        __m256i wide = _mm256_cvtepu16_epi32(s);
        h.scale[j] = _mm256_or_si256(wide, _mm256_slli_epi32(wide, 16));
    }
    for (int i = 0; i < 8; i++) /* even sub-block in the low half of each row's dword */
        h.pair[i] = _mm256_blend_epi16(h.scale[2 * i], h.scale[2 * i + 1], 0xaa);
    h.d = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half)));
    return h;
}

LNR_INLINE __m256i line(const weights *w, int half, int set, int g, int plane) {
    return _mm256_loadu_si256((const void *)w->q[set][g][plane][8 * half]);
}

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[4]) {
    __m256i six = _mm256_set1_epi8(63);
    __m256i a = line(w, half, set, g, 0), b = line(w, half, set, g, 1),
            c = line(w, half, set, g, 2);
    /* the fourth value's bits 0-1 from bits 6-7 of a, 2-3 from b, 4-5 from c */
    __m256i low = _mm256_and_si256(_mm256_srli_epi16(a, 6), _mm256_set1_epi8(0x03));
    __m256i mid = _mm256_and_si256(_mm256_srli_epi16(b, 4), _mm256_set1_epi8(0x0c));
    __m256i top = _mm256_and_si256(_mm256_srli_epi16(c, 2), _mm256_set1_epi8(0x30));
    v[0] = _mm256_and_si256(a, six);
    v[1] = _mm256_and_si256(b, six);
    v[2] = _mm256_and_si256(c, six);
    v[3] = _mm256_or_si256(_mm256_or_si256(low, mid), top);
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    __m256i offset = _mm256_setzero_si256();
    LNR_EACH(i, 8) {
        __m256i pair = _mm256_set1_epi32(lnr_dword(&x->sum16[2 * i]));
        offset = _mm256_add_epi32(offset, _mm256_madd_epi16(h->pair[i], pair));
    }
    total = _mm256_sub_epi32(total, _mm256_slli_epi32(offset, 5));
    return _mm256_fmadd_ps(_mm256_mul_ps(h->d, _mm256_set1_ps(x->d)), _mm256_cvtepi32_ps(total),
                           acc);
}

#endif
