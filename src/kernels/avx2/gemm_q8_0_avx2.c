/* Q8_0 product on AVX2.
 *
 * vpmaddubsw saturates pairs to int16, and unsigned bytes to 255 against 127 would reach 64770 and
 * clip silently. So the sign moves over: |q| * (x with q's sign). |q| is at most 128, which vpabsb
 * yields as an unsigned byte even for -128, and x is never -128, so its negation is exact; pairs
 * stay at 2 * 128 * 127 = 32512. Two of them would clip, hence a widening per group. */
#include "kernels/inline.h"
#include "kernels/kernels.h"
#include "quant/q8_0.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q8_0_q8a32_16x3_avx2

typedef q8_0_panel weights;
typedef lnr_q8a32 acts;

enum { N_SUB = 1, N_GROUP = 8, SPAN = 1, N_WAY = 1 };

typedef struct header {
    __m256 d;
} header;

LNR_INLINE header unpack_header(const weights *w, int half) {
    return (header){_mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half)))};
}

/* v: the signed weights */
LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[1]) {
    (void)set;
    v[0] = _mm256_xor_si256(_mm256_loadu_si256((const void *)w->q[g][8 * half]),
                            _mm256_set1_epi8(-128));
}

LNR_INLINE __m256i pairs(__m256i v, __m256i x) {
    return _mm256_maddubs_epi16(_mm256_abs_epi8(v), _mm256_sign_epi8(x, v));
}

LNR_INLINE __m256i scaled(__m256i total, __m256i sum, const header *h, int j) {
    (void)h, (void)j; /* one sub-block, its scale is the block's */
    return _mm256_add_epi32(total, _mm256_madd_epi16(sum, _mm256_set1_epi16(1)));
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    return _mm256_fmadd_ps(_mm256_mul_ps(h->d, _mm256_set1_ps(x->d)), _mm256_cvtepi32_ps(total),
                           acc);
}

#include "kernels/avx2/gemm_int_avx2.h"
