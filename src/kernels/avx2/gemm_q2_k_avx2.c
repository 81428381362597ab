/* Q2_K product on AVX2. Quants 0..3 times -127..127 are at most 762 per pair, four groups 3048:
 * vpmaddubsw's 16 bits hold them. */
#include "kernels/avx2/scales6_avx2.h"
#include "kernels/inline.h"
#include "kernels/kernels.h"
#include "quant/q2_k.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q2_k_q8a256_16x3_avx2

typedef q2_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 16, N_GROUP = 4, SPAN = 4, N_WAY = 4 };

typedef struct header {
    __m256i scale[16]; /* int16: the scale twice per row */
    __m256i low[8];    /* int16: minima of sub-blocks 2 i and 2 i + 1 per row */
    __m256 d, dmin;
} header;

LNR_INLINE header unpack_header(const weights *w, int half) {
    header h;
    __m256i nibble = _mm256_set1_epi16(15);
    for (int i = 0; i < 8; i++) {
        __m256i both = _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)w->scales[i][8 * half]));
        __m256i scales = _mm256_and_si256(both, nibble);
        h.scale[2 * i] = first_twice(scales);
        h.scale[2 * i + 1] = second_twice(scales);
        h.low[i] = _mm256_srli_epi16(both, 4);
    }
    h.d = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half)));
    h.dmin = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->dmin + 8 * half)));
    return h;
}

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[4]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[set][g][8 * half]);
    __m256i two = _mm256_set1_epi8(3);
    v[0] = _mm256_and_si256(q, two);
    v[1] = _mm256_and_si256(_mm256_srli_epi16(q, 2), two);
    v[2] = _mm256_and_si256(_mm256_srli_epi16(q, 4), two);
    v[3] = _mm256_and_si256(_mm256_srli_epi16(q, 6), two);
}

LNR_INLINE __m256i pairs(__m256i v, __m256i x) {
    return _mm256_maddubs_epi16(v, x);
}

LNR_INLINE __m256i scaled(__m256i total, __m256i sum, const header *h, int j) {
    return _mm256_add_epi32(total, _mm256_madd_epi16(sum, h->scale[j]));
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    __m256i low = _mm256_setzero_si256();
    LNR_EACH(i, 8) {
        __m256i pair = _mm256_set1_epi32(lnr_dword(&x->sum16[2 * i]));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(h->low[i], pair));
    }
    __m256 dx = _mm256_set1_ps(x->d);
    acc = _mm256_fmadd_ps(_mm256_mul_ps(h->d, dx), _mm256_cvtepi32_ps(total), acc);
    return _mm256_fnmadd_ps(_mm256_mul_ps(h->dmin, dx), _mm256_cvtepi32_ps(low), acc);
}

#include "kernels/avx2/gemm_int_avx2.h"
