/* IQ4_NL product on AVX-VNNI. The quants are signed and vpdpbusd's first operand is not: so the
 * sign moves over, |q| * (x with q's sign), exact since x is never -128. */
#include "kernels/avx2/iq4_nl_avx2.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_iq4_nl_q8a32_16x3_avxvnni

enum { SPAN = N_GROUP };

LNR_INLINE __m256i dot(__m256i sum, __m256i v, __m256i x) {
    return _mm256_dpbusd_avx_epi32(sum, _mm256_abs_epi8(v), _mm256_sign_epi8(x, v));
}

LNR_INLINE __m256i scaled(__m256i total, __m256i sum, const header *h, int j) {
    (void)h, (void)j; /* the whole block has one scale */
    return _mm256_add_epi32(total, sum);
}

#include "kernels/avx2/gemm_int_avx2.h"
