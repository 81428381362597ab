/* IQ4_NL product on AVX2.
 *
 * The table's entries are signed, -127 to 113, and vpmaddubsw's first operand is not: so the sign
 * moves over, |t| * (x with t's sign), exact since x is never -128. It saturates pairs to int16;
 * they stay at 2 * 127 * 127 = 32258, but two of them would clip, hence a widening per group. */
#include "kernels/avx2/iq4_nl_avx2.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_iq4_nl_q8a32_16x3_avx2

enum { SPAN = 1 };

LNR_INLINE __m256i pairs(__m256i v, __m256i x) {
    return _mm256_maddubs_epi16(_mm256_abs_epi8(v), _mm256_sign_epi8(x, v));
}

LNR_INLINE __m256i dot(__m256i sum, __m256i v, __m256i x) {
    return _mm256_add_epi16(sum, pairs(v, x));
}

LNR_INLINE __m256i scaled(__m256i total, __m256i sum, const header *h, int j) {
    (void)h, (void)j; /* both halves of the block have its scale */
    return _mm256_add_epi32(total, _mm256_madd_epi16(sum, _mm256_set1_epi16(1)));
}

#include "kernels/avx2/gemm_int_avx2.h"
