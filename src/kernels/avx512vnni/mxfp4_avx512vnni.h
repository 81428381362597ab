/* How a block of MXFP4 unpacks to vectors, for the products on AVX512-VNNI and on AMX. */
#ifndef LNR_KERNELS_AVX512VNNI_MXFP4_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_MXFP4_AVX512VNNI_H

#include "kernels/inline.h"
#include "quant/mxfp4.h"

#include <immintrin.h>

typedef mxfp4_panel weights;
typedef lnr_q8a32 acts;

enum { N_SUB = 2, N_GROUP = 4, N_WAY = 2 };

typedef struct header {
    __m512 d;
} header;

/* 2^(e - 128) as mxfp4_scale builds it from bits: denormal for e < 2, NaN for 255 */
LNR_INLINE header unpack_header(const weights *w) {
    __m512i e = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)w->e));
    __m512i bits = _mm512_slli_epi32(_mm512_sub_epi32(e, _mm512_set1_epi32(1)), 23);
    __mmask16 small = _mm512_cmplt_epi32_mask(e, _mm512_set1_epi32(2));
    __mmask16 nan = _mm512_cmpeq_epi32_mask(e, _mm512_set1_epi32(255));
    bits = _mm512_mask_sllv_epi32(bits, small, _mm512_set1_epi32(0x00200000), e);
    bits = _mm512_mask_mov_epi32(bits, nan, _mm512_set1_epi32(0x7fc00000));
    return (header){_mm512_castsi512_ps(bits)};
}

/* plus 12: unsigned, as the first operand of vpdpbusd must be */
LNR_INLINE __m512i table(void) {
    __m512i t = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)mxfp4_table));
    return _mm512_add_epi8(t, _mm512_set1_epi8(12));
}

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[2]) {
    __m512i q = _mm512_loadu_si512(w->q[g]), nibble = _mm512_set1_epi8(15), t = table();
    (void)set;
    v[0] = _mm512_shuffle_epi8(t, _mm512_and_si512(q, nibble));
    v[1] = _mm512_shuffle_epi8(t, _mm512_and_si512(_mm512_srli_epi16(q, 4), nibble));
}

#endif
