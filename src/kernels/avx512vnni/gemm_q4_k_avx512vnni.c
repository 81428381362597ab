/* Q4_K product on AVX512-VNNI. */
#include "kernels/avx512vnni/q4_k_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q4_k_q8a256_32x6_avx512vnni

enum { SPAN = 8, START = 1 };

LNR_INLINE void starts(const acts *x, int32_t *start) {
    __m256i sum = _mm256_cvtepi16_epi32(_mm_loadu_si128((const void *)x->sum32));
    sum = _mm256_sub_epi32(_mm256_setzero_si256(), _mm256_slli_epi32(sum, 3));
    _mm256_storeu_si256((void *)start, sum);
}

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
