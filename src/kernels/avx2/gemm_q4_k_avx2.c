/* Q4_K product on AVX2.
 *
 * vpmaddubsw saturates pairs to int16. Nibbles 0..15 times -127..127 give at most 2 * 15 * 127 =
 * 3810, and the 8 groups of a sub-block 8 * 3810 = 30480: nothing clips. */
#include "kernels/avx2/q4_k_avx2.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q4_k_q8a256_16x3_avx2

enum { SPAN = 8 };

LNR_INLINE __m256i pairs(__m256i v, __m256i x) {
    return _mm256_maddubs_epi16(v, x);
}

LNR_INLINE __m256i dot(__m256i sum, __m256i v, __m256i x) {
    return _mm256_add_epi16(sum, pairs(v, x));
}

LNR_INLINE __m256i scaled(__m256i total, __m256i sum, const header *h, int j) {
    return _mm256_add_epi32(total, _mm256_madd_epi16(sum, h->scale[j]));
}

#include "kernels/avx2/gemm_int_avx2.h"
