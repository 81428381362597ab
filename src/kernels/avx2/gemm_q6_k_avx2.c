/* Q6_K product on AVX2; the -32 is taken back once per block, as gemm_q6_k_avx512vnni.c shows.
 *
 * vpmaddubsw saturates pairs to int16. Quants 0..63 times -127..127 give at most 2 * 63 * 127 =
 * 16002 per pair, two groups 32004: nothing clips, but a third group would, so every two groups are
 * widened by vpmaddwd with the scale. In magnitude a whole block stays below 264 M. */
#include "kernels/avx2/q6_k_avx2.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q6_k_q8a256_16x3_avx2

enum { SPAN = 2 };

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
