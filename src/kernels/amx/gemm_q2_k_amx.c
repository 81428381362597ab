/* Q2_K product on AMX: quant times scale is at most 3 * 15, a byte, so one plane is enough. */
#include "kernels/avx512vnni/q2_k_avx512vnni.h"
#include "kernels/kernels.h"

#define GEMM_NAME lnr_gemm_q2_k_q8a256_16x32_amx
#define GEMM_FEW  lnr_gemm_q2_k_q8a256_32x6_avx512vnni

#include "kernels/amx/tiles_amx.h"

#define N_PLANE  1
#define DOT_LOW  _tile_dpbsud
#define DOT_HIGH _tile_dpbsud

typedef struct scaling {
    __m512i both; /* in both words of each row's dword */
} scaling;

LNR_INLINE scaling scaling_of(__m512i scale) {
    return (scaling){_mm512_or_si512(scale, _mm512_slli_epi32(scale, 16))};
}

/* two products per word, without a carry from the lower to the upper */
LNR_INLINE void put(uint8_t *at, __m512i v, const scaling *s) {
    _mm512_store_si512(at, _mm512_mullo_epi16(v, s->both));
}

#include "kernels/amx/gemm_wide_amx.h"
