/* Q5_1 product on AVX2.
 *
 * vpmaddubsw saturates pairs to int16. Quants 0..31 times -127..127 give at most 2 * 31 * 127 =
 * 7874 per pair, four groups 31496: nothing clips. */
#include "kernels/avx2/q5_1_avx2.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q5_1_q8a32_16x3_avx2

enum { SPAN = 4 };

LNR_INLINE __m256i pairs(__m256i v, __m256i x) {
    return _mm256_maddubs_epi16(v, x);
}

LNR_INLINE __m256i dot(__m256i sum, __m256i v, __m256i x) {
    return _mm256_add_epi16(sum, pairs(v, x));
}

LNR_INLINE __m256i scaled(__m256i total, __m256i sum, const header *h, int j) {
    (void)h, (void)j; /* both halves of the block have its scale */
    return _mm256_add_epi32(total, _mm256_madd_epi16(sum, _mm256_set1_epi16(1)));
}

#include "kernels/avx2/gemm_int_avx2.h"
