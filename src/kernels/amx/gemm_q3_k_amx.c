/* Q3_K product on AMX. (q - 4) * scale is within -124..128; negated it fits a signed byte, so one
 * plane is enough, and the block is subtracted instead of added. That changes no bit: a product's
 * sign is exact, and the accumulator, which starts at +0, never is -0 (x - x is +0, and every
 * product is a multiple of the least denormal, so that none rounds to zero). */
#include "kernels/avx512vnni/q3_k_avx512vnni.h"
#include "kernels/kernels.h"

#define GEMM_NAME lnr_gemm_q3_k_q8a256_16x32_amx
#define GEMM_FEW  lnr_gemm_q3_k_q8a256_32x6_avx512vnni

#include "kernels/amx/tiles_amx.h"

#define N_PLANE  1
#define DOT_LOW  _tile_dpbssd
#define DOT_HIGH _tile_dpbssd

/* -scale as signed bytes beside zeros, for the even quants and for the odd ones, and 4 times it in
 * every byte */
typedef struct scaling {
    __m512i even, odd, offset;
} scaling;

LNR_INLINE scaling scaling_of(__m512i scale) {
    __m512i minus = _mm512_sub_epi32(_mm512_setzero_si512(), scale);
    __m512i words = _mm512_mask_blend_epi16(0xaaaaaaaau, minus, _mm512_slli_epi32(minus, 16));
    __m512i even = _mm512_and_si512(words, _mm512_set1_epi16(0xff));
    __m512i odd = _mm512_slli_epi16(even, 8), bytes = _mm512_or_si512(even, odd);
    __m512i twice = _mm512_add_epi8(bytes, bytes);
    return (scaling){even, odd, _mm512_add_epi8(twice, twice)};
}

/* q * -scale modulo 256, then 4 * -scale off: the difference is a signed byte */
LNR_INLINE void put(uint8_t *at, __m512i v, const scaling *s) {
    __m512i even = _mm512_maddubs_epi16(v, s->even), odd = _mm512_maddubs_epi16(v, s->odd);
    __m512i both = _mm512_mask_blend_epi8(0xaaaaaaaaaaaaaaaau, even, _mm512_slli_epi16(odd, 8));
    _mm512_store_si512(at, _mm512_sub_epi8(both, s->offset));
}

LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i minus_total, __m512 acc) {
    return _mm512_fnmadd_ps(_mm512_mul_ps(h->d, _mm512_set1_ps(x->d)),
                            _mm512_cvtepi32_ps(minus_total), acc);
}

#include "kernels/amx/gemm_wide_amx.h"
