/* IQ4_XS product on AVX512-VNNI. The table is looked up plus 128, which is taken back once per
 * block: sum_j s_j (t . x)_j = sum_j s_j ((t + 128) . x)_j - 128 * sum_j s_j * sum(x)_j. In
 * magnitude the first sum is at most 8 * 32 * 32 * 241 * 127 = 251 M and the second times 128 at
 * most 133 M: int32 holds both. */
#include "kernels/avx512vnni/iq4_xs_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_iq4_xs_q8a256_32x6_avx512vnni

LNR_INLINE __m512i scaled(__m512i total, __m512i sum, const header *h, int j) {
    return _mm512_add_epi32(total, _mm512_mullo_epi32(sum, h->scale[j]));
}

LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i total, __m512 acc) {
    __m512i offset = _mm512_setzero_si512();
    for (int i = 0; i < 4; i++) {
        __m512i pair = _mm512_set1_epi32(lnr_dword(&x->sum32[2 * i]));
        offset = _mm512_dpwssd_epi32(offset, h->pair[i], pair);
    }
    total = _mm512_sub_epi32(total, _mm512_slli_epi32(offset, 7));
    return _mm512_fmadd_ps(_mm512_mul_ps(h->d, _mm512_set1_ps(x->d)), _mm512_cvtepi32_ps(total),
                           acc);
}

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
