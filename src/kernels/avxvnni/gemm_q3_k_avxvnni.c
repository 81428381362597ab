/* Q3_K product on AVX-VNNI. */
#include "kernels/avx2/q3_k_avx2.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q3_k_q8a256_16x3_avxvnni

enum { SPAN = N_GROUP };

LNR_INLINE __m256i dot(__m256i sum, __m256i v, __m256i x) {
    return _mm256_dpbusd_avx_epi32(sum, v, x);
}

LNR_INLINE __m256i scaled(__m256i total, __m256i sum, const header *h, int j) {
    __m256i scale = _mm256_srai_epi32(h->scale[j], 16); /* of the pair of equal scales one */
    return _mm256_add_epi32(total, _mm256_mullo_epi32(sum, scale));
}

#include "kernels/avx2/gemm_int_avx2.h"
