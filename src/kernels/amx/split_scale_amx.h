/* What Q4_K and Q5_K share on AMX: the 6-bit scale is cut in halves of 3 bits,
 *   q * scale = q * (scale & 7) + 8 * (q * (scale >> 3)),
 * and q times a half is at most 31 * 7 = 217: a byte. So one 16-bit product yields two bytes,
 * without a carry from the lower to the upper. A plane's sum is at most 217 * 127 * 256 = 7 M. */
#include "kernels/amx/tiles_amx.h"

#define N_PLANE  2
#define DOT_LOW  _tile_dpbsud
#define DOT_HIGH _tile_dpbsud

typedef struct scaling {
    __m512i low, high; /* in both words of each row's dword */
} scaling;

LNR_INLINE scaling scaling_of(__m512i scale) {
    __m512i words = _mm512_or_si512(scale, _mm512_slli_epi32(scale, 16));
    return (scaling){_mm512_and_si512(words, _mm512_set1_epi16(7)), _mm512_srli_epi16(words, 3)};
}

LNR_INLINE void put(uint8_t *at, __m512i v, const scaling *s) {
    _mm512_store_si512(at, _mm512_mullo_epi16(v, s->low));
    _mm512_store_si512(at + PLANE, _mm512_mullo_epi16(v, s->high));
}

LNR_INLINE __m512i joined(__m512i low, __m512i high) {
    return _mm512_add_epi32(low, _mm512_slli_epi32(high, 3));
}
