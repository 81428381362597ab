/* Q5_K product on AVX512-VNNI: Q4_K's with a fifth bit. */
#include "kernels/avx512vnni/q5_k_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q5_k_q8a256_32x6_avx512vnni

enum { SPAN = 4, START = 1 };

LNR_INLINE void starts(const acts *x, int32_t *start) {
    __m512i sum = _mm512_cvtepi16_epi32(_mm256_loadu_si256((const void *)x->sum16));
    _mm512_storeu_si512(start, _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_slli_epi32(sum, 4)));
}

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
