/* Q3_K product on AVX512-VNNI. The quants are 0..7, and sums start at -4 * sum(x): they are then at
 * most 16 * 4 * 127 in magnitude. */
#include "kernels/avx512vnni/q3_k_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q3_k_q8a256_32x6_avx512vnni

enum { SPAN = 4, START = 1 };

LNR_INLINE void starts(const acts *x, int32_t *start) {
    __m512i sum = _mm512_cvtepi16_epi32(_mm256_loadu_si256((const void *)x->sum16));
    _mm512_storeu_si512(start, _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_slli_epi32(sum, 2)));
}

LNR_INLINE __m512i begin(const header *h, const acts *x) {
    (void)h, (void)x;
    return _mm512_setzero_si512();
}

LNR_INLINE __m512i scaled(__m512i total, __m512i sum, const header *h, int j) {
    return _mm512_dpwssd_epi32(total, sum, h->scale[j]);
}

LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i total, __m512 acc) {
    return _mm512_fmadd_ps(_mm512_mul_ps(h->d, _mm512_set1_ps(x->d)), _mm512_cvtepi32_ps(total),
                           acc);
}

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
