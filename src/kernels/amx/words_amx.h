/* What Q6_K and IQ4_XS share on AMX: scale * (q - OFFSET) is a word; its lower byte, unsigned, and
 * its upper one, signed, are the two planes. |scale| <= 128 and |q - OFFSET| <= 32 for Q6_K, 32 and
 * 127 for IQ4_XS: the upper byte is within -16..16, and the planes' sums below 255 * 127 * 256
 * = 8.3 M and 16 * 127 * 256 = 0.6 M. */
#include "kernels/amx/tiles_amx.h"

#define N_PLANE  2
#define DOT_LOW  _tile_dpbsud
#define DOT_HIGH _tile_dpbssd

/* A scale as signed bytes beside zeros, for the even quants and for the odd ones, and OFFSET times
 * it as words. */
typedef struct scaling {
    __m512i even, odd, offset;
} scaling;

LNR_INLINE scaling scaling_of(__m512i scale) {
    __m512i words = _mm512_mask_blend_epi16(0xaaaaaaaau, scale, _mm512_slli_epi32(scale, 16));
    __m512i even = _mm512_and_si512(words, _mm512_set1_epi16(0xff));
    return (scaling){even, _mm512_slli_epi16(even, 8),
                     _mm512_mullo_epi16(words, _mm512_set1_epi16(OFFSET))};
}

/* maddubs adds a zero to each product: at most 241 * 32 or 63 * 128 in magnitude, within a word */
LNR_INLINE void put(uint8_t *at, __m512i v, const scaling *s) {
    __m512i even = _mm512_sub_epi16(_mm512_maddubs_epi16(v, s->even), s->offset);
    __m512i odd = _mm512_sub_epi16(_mm512_maddubs_epi16(v, s->odd), s->offset);
    __mmask64 upper = 0xaaaaaaaaaaaaaaaau;
    _mm512_store_si512(at, _mm512_mask_blend_epi8(upper, even, _mm512_slli_epi16(odd, 8)));
    _mm512_store_si512(at + PLANE, _mm512_mask_blend_epi8(upper, _mm512_srli_epi16(even, 8), odd));
}

LNR_INLINE __m512i joined(__m512i low, __m512i high) {
    return _mm512_add_epi32(low, _mm512_slli_epi32(high, 8));
}

#include "kernels/amx/finish_scale_amx.h"
