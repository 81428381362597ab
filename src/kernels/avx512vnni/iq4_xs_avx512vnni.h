/* How a block of IQ4_XS unpacks to vectors, for the products on AVX512-VNNI and on AMX. */
#ifndef LNR_KERNELS_AVX512VNNI_IQ4_XS_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_IQ4_XS_AVX512VNNI_H

#include "kernels/inline.h"
#include "quant/iq4_nl.h"
#include "quant/iq4_xs.h"

#include <immintrin.h>

typedef iq4_xs_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 8, N_GROUP = 8, N_WAY = 2 };

typedef struct header {
    __m512i scale[8]; /* int32 per row */
    __m512 d;
} header;

LNR_INLINE header unpack_header(const weights *w) {
    header h;
    __m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)w->scales_h));
    __m512i nibble = _mm512_set1_epi32(15), top = _mm512_set1_epi32(0x30);
    __m512i offset = _mm512_set1_epi32(32);
    high = _mm512_slli_epi32(high, 4); /* the top bits of sub-block 0 in their place */
    for (int i = 0; i < 4; i++) {
        __m512i low = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)w->scales_l[i]));
        __m512i a = _mm512_or_si512(_mm512_and_si512(low, nibble), _mm512_and_si512(high, top));
        high = _mm512_srli_epi32(high, 2);
        __m512i b = _mm512_or_si512(_mm512_srli_epi32(low, 4), _mm512_and_si512(high, top));
        high = _mm512_srli_epi32(high, 2);
        h.scale[2 * i] = _mm512_sub_epi32(a, offset);
        h.scale[2 * i + 1] = _mm512_sub_epi32(b, offset);
    }
    h.d = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->d));
    return h;
}

/* plus 128: unsigned, as the first operand of vpdpbusd must be */
LNR_INLINE __m512i table(void) {
    __m512i t = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)iq4_nl_table));
    return _mm512_xor_si512(t, _mm512_set1_epi8(-128));
}

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[2]) {
    __m512i q = _mm512_loadu_si512(w->q[set][g]), nibble = _mm512_set1_epi8(15), t = table();
    v[0] = _mm512_shuffle_epi8(t, _mm512_and_si512(q, nibble));
    v[1] = _mm512_shuffle_epi8(t, _mm512_and_si512(_mm512_srli_epi16(q, 4), nibble));
}

#endif
