/* Q3_K product on AVX512-VNNI. The quants stay 0..7; the -4 is taken back once per block:
 *   sum_j s_j ((q - 4) . x)_j = sum_j s_j (q . x)_j - 4 * sum_j s_j * sum(x)_j,
 * the last sum by vpdpwssd over pairs of sub-blocks. Each side stays below 8 M in magnitude. */
#include "kernels/avx512vnni/q3_k_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q3_k_q8a256_32x6_avx512vnni

LNR_INLINE __m512i scaled(__m512i total, __m512i sum, const header *h, int j) {
    return _mm512_add_epi32(total, _mm512_mullo_epi32(sum, h->scale[j]));
}

LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i total, __m512 acc) {
    __m512i offset = _mm512_setzero_si512();
    for (int i = 0; i < 8; i++) {
        __m512i pair = _mm512_set1_epi32(lnr_dword(&x->sum16[2 * i]));
        offset = _mm512_dpwssd_epi32(offset, h->pair[i], pair);
    }
    total = _mm512_sub_epi32(total, _mm512_slli_epi32(offset, 2));
    return _mm512_fmadd_ps(_mm512_mul_ps(h->d, _mm512_set1_ps(x->d)), _mm512_cvtepi32_ps(total),
                           acc);
}

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
