/* Q4_K product on AVX2.
 *
 * vpmaddubsw saturates pairs to int16. Nibbles 0..15 times -127..127 give at most 2 * 15 * 127 =
 * 3810, and the 8 groups of a sub-block 8 * 3810 = 30480: nothing clips. */
#include "kernels/inline.h"
#include "kernels/kernels.h"
#include "quant/q4_k.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q4_k_q8a256_16x3_avx2

typedef q4_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 8, N_GROUP = 8, SPAN = 8, N_WAY = 2 };

#include "kernels/avx2/minima_avx2.h"

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[2]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[set][g][8 * half]);
    __m256i nibble = _mm256_set1_epi8(15);
    v[0] = _mm256_and_si256(q, nibble);
    v[1] = _mm256_and_si256(_mm256_srli_epi16(q, 4), nibble);
}

#include "kernels/avx2/gemm_int_avx2.h"
