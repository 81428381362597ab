/* How a block of IQ4_XS unpacks to vectors of 8 rows and enters the float sum, for the products on
 * AVX2 and on AVX-VNNI. */
#ifndef LNR_KERNELS_AVX2_IQ4_XS_AVX2_H
#define LNR_KERNELS_AVX2_IQ4_XS_AVX2_H

#include "kernels/avx2/scales6_avx2.h"
#include "kernels/inline.h"
#include "quant/iq4_nl.h"
#include "quant/iq4_xs.h"

#include <immintrin.h>

typedef iq4_xs_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 8, N_GROUP = 8, N_WAY = 2 };

typedef struct header {
    __m256i scale[8]; /* int16: the scale twice per row */
    __m256 d;
} header;

LNR_INLINE header unpack_header(const weights *w, int half) {
    header h;
    __m128i high16 = _mm_loadu_si128((const void *)(w->scales_h + 8 * half));
    __m256i nibble = _mm256_set1_epi32(15), top = _mm256_set1_epi32(0x30);
    __m256i offset = _mm256_set1_epi32(32);
    /* the top bits of sub-block 0 in their place */
    __m256i high = _mm256_slli_epi32(_mm256_cvtepu16_epi32(high16), 4);
    for (int i = 0; i < 4; i++) {
        __m256i low =
            _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(w->scales_l[i] + 8 * half)));
        __m256i a = _mm256_or_si256(_mm256_and_si256(low, nibble), _mm256_and_si256(high, top));
        high = _mm256_srli_epi32(high, 2);
        __m256i b = _mm256_or_si256(_mm256_srli_epi32(low, 4), _mm256_and_si256(high, top));
        high = _mm256_srli_epi32(high, 2);
        h.scale[2 * i] = first_twice(_mm256_sub_epi32(a, offset));
        h.scale[2 * i + 1] = first_twice(_mm256_sub_epi32(b, offset));
    }
    h.d = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half)));
    return h;
}

LNR_INLINE __m256i table(void) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)iq4_nl_table));
}

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[2]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[set][g][8 * half]);
    __m256i nibble = _mm256_set1_epi8(15), t = table();
    v[0] = _mm256_shuffle_epi8(t, _mm256_and_si256(q, nibble));
    v[1] = _mm256_shuffle_epi8(t, _mm256_and_si256(_mm256_srli_epi16(q, 4), nibble));
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    return _mm256_fmadd_ps(_mm256_mul_ps(h->d, _mm256_set1_ps(x->d)), _mm256_cvtepi32_ps(total),
                           acc);
}

#endif
