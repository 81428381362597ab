/* Q5_1 product on AVX512-VNNI. Low and high nibbles are the block's halves of 16 weights,
 * sub-blocks to the skeleton. */
#include "kernels/avx512vnni/q5_1_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q5_1_q8a32_32x6_avx512vnni

enum { SPAN = 8, START = 0 };

LNR_INLINE void starts(const acts *x, int32_t *start) {
    (void)x, (void)start;
}

LNR_INLINE __m512i begin(const header *h, const acts *x) {
    (void)h, (void)x;
    return _mm512_setzero_si512();
}

LNR_INLINE __m512i scaled(__m512i total, __m512i sum, const header *h, int j) {
    (void)h, (void)j; /* both halves of the block have its scale */
    return _mm512_add_epi32(total, sum);
}

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
