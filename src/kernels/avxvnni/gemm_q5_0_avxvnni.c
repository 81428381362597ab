/* Q5_0 product on AVX-VNNI. */
#include "kernels/avx2/q5_0_avx2.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q5_0_q8a32_16x3_avxvnni

enum { SPAN = N_GROUP };

LNR_INLINE __m256i dot(__m256i sum, __m256i v, __m256i x) {
    return _mm256_dpbusd_avx_epi32(sum, v, x);
}

LNR_INLINE __m256i scaled(__m256i total, __m256i sum, const header *h, int j) {
    (void)h, (void)j; /* the whole block has one scale */
    return _mm256_add_epi32(total, sum);
}

#include "kernels/avx2/gemm_int_avx2.h"
