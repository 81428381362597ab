/* What Q4_K and Q5_K share in 256-bit vectors: 6-bit scales and minima. The including file has
 * defined weights, with the fields d, dmin and scales, and acts. */
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
