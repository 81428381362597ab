/* What Q4_K and Q5_K share on AVX2: 6-bit scales and minima. One vpmaddwd with the scale in both
 * halves of a row's dword widens, multiplies and adds the two 16-bit sums of the row. The including
 * file has defined weights, with the fields d, dmin and scales, and acts. */
#include "kernels/avx2/scales6_avx2.h"

typedef struct header {
    __m256i scale[8]; /* int16: the scale twice per row */
    __m256i low[4];   /* int16: minima of sub-blocks 2 i and 2 i + 1 per row */
    __m256 d, dmin;
} header;

LNR_INLINE header unpack_header(const weights *w, int half) {
    header h;
    for (int j = 0; j < 8; j++)
        h.scale[j] = first_twice(scales6_value(w->scales, half, j));
    scales6_pairs(w->scales, half, h.low);
    h.d = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half)));
    h.dmin = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->dmin + 8 * half)));
    return h;
}

LNR_INLINE __m256i pairs(__m256i v, __m256i x) {
    return _mm256_maddubs_epi16(v, x);
}

LNR_INLINE __m256i scaled(__m256i total, __m256i sum, const header *h, int j) {
    return _mm256_add_epi32(total, _mm256_madd_epi16(sum, h->scale[j]));
}

LNR_INLINE __m256 finish(const header *h, const acts *x, __m256i total, __m256 acc) {
    __m256i low = _mm256_setzero_si256();
    LNR_EACH(i, 4) {
        __m256i pair = _mm256_set1_epi32(lnr_dword(&x->sum32[2 * i]));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(h->low[i], pair));
    }
    __m256 dx = _mm256_set1_ps(x->d);
    acc = _mm256_fmadd_ps(_mm256_mul_ps(h->d, dx), _mm256_cvtepi32_ps(total), acc);
    return _mm256_fnmadd_ps(_mm256_mul_ps(h->dmin, dx), _mm256_cvtepi32_ps(low), acc);
}
