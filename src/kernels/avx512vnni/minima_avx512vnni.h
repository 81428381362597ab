/* What Q4_K and Q5_K share on AVX512-VNNI: 6-bit scales and minima. The minima are one more small
 * product: pairs of minima with pairs of the activations' sums, by vpdpwssd.
 *
 * Sums start at -BIAS * sum(x), as if the quants were signed: |sum| <= 32 * 8 * 127 = 32512 for
 * Q4_K with BIAS 8, and 16 * 16 * 127, the same, for half a sub-block of Q5_K with 16. What that
 * takes from the total, sum_j scale_j * BIAS * sum(x)_j, is where the total begins.
 *
 * The including file has defined weights, with the fields d, dmin and scales, acts and BIAS. */
#include "kernels/avx512vnni/scales6_avx512vnni.h"

typedef struct header {
    __m512i scale[8]; /* int32 per row, also an int16 pair with zero */
    __m512i back[4];  /* int16: BIAS * scales of sub-blocks 2 i and 2 i + 1 per row */
    __m512i low[4];   /* int16: minima of sub-blocks 2 i and 2 i + 1 per row */
    __m512 d, dmin;
} header;

LNR_INLINE header unpack_header(const weights *w) {
    header h;
    __m512i line[4];
    scales6_lines(w->scales, line);
    LNR_EACH(i, 2) {
        h.scale[4 * i] = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(line[i]));
        h.scale[4 * i + 1] = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(line[i], 1));
        h.scale[4 * i + 2] = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(line[i], 2));
        h.scale[4 * i + 3] = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(line[i], 3));
        h.low[2 * i] = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(line[2 + i]));
        h.low[2 * i + 1] = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(line[2 + i], 1));
    }
    LNR_EACH(i, 4) {
        __m512i pair = _mm512_or_si512(h.scale[2 * i], _mm512_slli_epi32(h.scale[2 * i + 1], 16));
        h.back[i] = _mm512_mullo_epi16(pair, _mm512_set1_epi16(BIAS));
    }
    h.d = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->d));
    h.dmin = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->dmin));
    return h;
}

LNR_INLINE __m512i begin(const header *h, const acts *x) {
    __m512i total = _mm512_setzero_si512();
    LNR_EACH(i, 4) {
        __m512i pair = _mm512_set1_epi32(lnr_dword(&x->sum32[2 * i]));
        total = _mm512_dpwssd_epi32(total, h->back[i], pair);
    }
    return total;
}

LNR_INLINE __m512i scaled(__m512i total, __m512i sum, const header *h, int j) {
    return _mm512_dpwssd_epi32(total, sum, h->scale[j]);
}

LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i total, __m512 acc) {
    __m512i low = _mm512_setzero_si512();
    LNR_EACH(i, 4) {
        __m512i pair = _mm512_set1_epi32(lnr_dword(&x->sum32[2 * i]));
        low = _mm512_dpwssd_epi32(low, h->low[i], pair);
    }
    __m512 dx = _mm512_set1_ps(x->d);
    acc = _mm512_fmadd_ps(_mm512_mul_ps(h->d, dx), _mm512_cvtepi32_ps(total), acc);
    return _mm512_fnmadd_ps(_mm512_mul_ps(h->dmin, dx), _mm512_cvtepi32_ps(low), acc);
}
