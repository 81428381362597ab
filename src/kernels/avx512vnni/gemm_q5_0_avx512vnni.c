/* Q5_0 product on AVX512-VNNI. The quants are 0..31, and sums start at -16 * sum(x).
 * Low and high nibbles are the block's halves of 16 weights, sub-blocks to the skeleton. */
#include "kernels/avx512vnni/q5_0_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q5_0_q8a32_32x6_avx512vnni

enum { SPAN = 8, START = 1 };

LNR_INLINE void starts(const acts *x, int32_t *start) {
    *start = -16 * (x->sum16[0] + x->sum16[1]);
}

LNR_INLINE __m512i begin(const header *h, const acts *x) {
    (void)h, (void)x;
    return _mm512_setzero_si512();
}

LNR_INLINE __m512i scaled(__m512i total, __m512i sum, const header *h, int j) {
    (void)h, (void)j; /* both halves of the block have its scale */
    return _mm512_add_epi32(total, sum);
}

LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i total, __m512 acc) {
    return _mm512_fmadd_ps(_mm512_mul_ps(h->d, _mm512_set1_ps(x->d)), _mm512_cvtepi32_ps(total),
                           acc);
}

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
