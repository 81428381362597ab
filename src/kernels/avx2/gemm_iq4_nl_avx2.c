/* IQ4_NL product on AVX2.
 *
 * The table's entries are signed, -127 to 113, and vpmaddubsw's first operand is not: so the sign
 * moves over, |t| * (x with t's sign), exact since x is never -128. It saturates pairs to int16;
 * they stay at 2 * 127 * 127 = 32258, but two of them would clip, hence a widening per group. */
#include "kernels/inline.h"
#include "kernels/kernels.h"
#include "quant/iq4_nl.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_iq4_nl_q8a32_16x3_avx2

typedef iq4_nl_panel weights;
typedef lnr_q8a32 acts;

enum { N_SUB = 2, N_GROUP = 4, SPAN = 1, N_WAY = 2 };

typedef struct header {
    __m256 d;
} header;

LNR_INLINE header unpack_header(const weights *w, int half) {
    return (header){_mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half)))};
}

LNR_INLINE __m256i table(void) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)iq4_nl_table));
}

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[2]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[g][8 * half]);
    __m256i nibble = _mm256_set1_epi8(15), t = table();
    (void)set;
    v[0] = _mm256_shuffle_epi8(t, _mm256_and_si256(q, nibble));
    v[1] = _mm256_shuffle_epi8(t, _mm256_and_si256(_mm256_srli_epi16(q, 4), nibble));
}

LNR_INLINE __m256i pairs(__m256i v, __m256i x) {
    return _mm256_maddubs_epi16(_mm256_abs_epi8(v), _mm256_sign_epi8(x, v));
}

LNR_INLINE __m256i scaled(__m256i total, __m256i sum, const header *h, int j) {
    (void)h, (void)j; /* both halves of the block have its scale */
    return _mm256_add_epi32(total, _mm256_madd_epi16(sum, _mm256_set1_epi16(1)));
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    return _mm256_fmadd_ps(_mm256_mul_ps(h->d, _mm256_set1_ps(x->d)), _mm256_cvtepi32_ps(total),
                           acc);
}

#include "kernels/avx2/gemm_int_avx2.h"
