/* IQ4_XS product on AVX512-VNNI. The table is looked up plus 128, and sums start at -128 * sum(x).
 * They are at most 32 * 127 * 127 in magnitude, too much for 16 bits, so scales are multiplied in
 * by vpmulld. */
#include "kernels/avx512vnni/iq4_xs_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_iq4_xs_q8a256_32x6_avx512vnni

enum { SPAN = 8, START = 1 };

LNR_INLINE void starts(const acts *x, int32_t *start) {
    __m256i sum = _mm256_cvtepi16_epi32(_mm_loadu_si128((const void *)x->sum32));
    sum = _mm256_sub_epi32(_mm256_setzero_si256(), _mm256_slli_epi32(sum, 7));
    _mm256_storeu_si256((void *)start, sum);
}

LNR_INLINE __m512i begin(const header *h, const acts *x) {
    (void)h, (void)x;
    return _mm512_setzero_si512();
}

LNR_INLINE __m512i scaled(__m512i total, __m512i sum, const header *h, int j) {
    return _mm512_add_epi32(total, _mm512_mullo_epi32(sum, h->scale[j]));
}

LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i total, __m512 acc) {
    return _mm512_fmadd_ps(_mm512_mul_ps(h->d, _mm512_set1_ps(x->d)), _mm512_cvtepi32_ps(total),
                           acc);
}

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
