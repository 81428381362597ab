/* Q2_K product on AVX512-VNNI. The minima are one more small product: pairs of minima with pairs of
 * the activations' sums, by vpdpwssd. */
#include "kernels/avx512vnni/q2_k_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q2_k_q8a256_32x6_avx512vnni

enum { SPAN = 4, START = 0 };

LNR_INLINE void starts(const acts *x, int32_t *start) {
    (void)x, (void)start;
}

LNR_INLINE __m512i begin(const header *h, const acts *x) {
    (void)h, (void)x;
    return _mm512_setzero_si512();
}

LNR_INLINE __m512i scaled(__m512i total, __m512i sum, const header *h, int j) {
    return _mm512_dpwssd_epi32(total, sum, h->scale[j]);
}

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
