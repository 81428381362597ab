/* Q8_0 product on AVX2.
 *
 * vpmaddubsw saturates pairs to int16, and unsigned bytes to 255 against 127 would reach 64770 and
 * clip silently. So the sign moves over: |q| * (x with q's sign). |q| is at most 128, which vpabsb
 * yields as an unsigned byte even for -128, and x is never -128, so its negation is exact; pairs
 * stay at 2 * 128 * 127 = 32512. Two of them would clip, hence a widening per group. */
#include "kernels/avx2/q8_0_avx2.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q8_0_q8a32_16x3_avx2

enum { SPAN = 1 };

LNR_INLINE __m256i pairs(__m256i v, __m256i x) {
    return _mm256_maddubs_epi16(_mm256_abs_epi8(v), _mm256_sign_epi8(x, v));
}

LNR_INLINE __m256i dot(__m256i sum, __m256i v, __m256i x) {
    return _mm256_add_epi16(sum, pairs(v, x));
}

LNR_INLINE __m256i scaled(__m256i total, __m256i sum, const header *h, int j) {
    (void)h, (void)j; /* one sub-block, its scale is the block's */
    return _mm256_add_epi32(total, _mm256_madd_epi16(sum, _mm256_set1_epi16(1)));
}

#include "kernels/avx2/gemm_int_avx2.h"
