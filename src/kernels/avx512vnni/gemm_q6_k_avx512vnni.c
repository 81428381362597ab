/* Q6_K product on AVX512-VNNI. The quants are 0..63, and sums start at -32 * sum(x): those of 8
 * quants are then at most 8 * 32 * 127 = 32512 in magnitude. */
#include "kernels/avx512vnni/q6_k_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q6_k_q8a256_32x6_avx512vnni

enum { SPAN = 2, START = 1 };

/* -32 * sums over 8, which the activation blocks do not hold */
LNR_INLINE void starts(const acts *x, int32_t *start) {
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    LNR_EACH(i, 2) {
        __m512i four[2];
        LNR_EACH(j, 2) {
            __m512i two = _mm512_maddubs_epi16(_mm512_set1_epi8(32),
                                               _mm512_loadu_si512(x->q + 128 * i + 64 * j));
            four[j] = _mm512_madd_epi16(two, _mm512_set1_epi16(-1));
        }
        __m512i sum = _mm512_add_epi32(_mm512_permutex2var_epi32(four[0], even, four[1]),
                                       _mm512_permutex2var_epi32(four[0], odd, four[1]));
        _mm512_storeu_si512(start + 16 * i, sum);
    }
}

LNR_INLINE __m512i begin(const header *h, const acts *x) {
    (void)h, (void)x;
    return _mm512_setzero_si512();
}

LNR_INLINE __m512i scaled(__m512i total, __m512i sum, const header *h, int j) {
    return _mm512_dpwssd_epi32(total, sum, h->scale[j]);
}

LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i total, __m512 acc) {
    return _mm512_fmadd_ps(_mm512_mul_ps(h->d, _mm512_set1_ps(x->d)), _mm512_cvtepi32_ps(total),
                           acc);
}

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
