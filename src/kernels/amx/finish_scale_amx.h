/* The float part of a format without minima. The including file has defined header and acts. */
LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i total, __m512 acc) {
    return _mm512_fmadd_ps(_mm512_mul_ps(h->d, _mm512_set1_ps(x->d)), _mm512_cvtepi32_ps(total),
                           acc);
}
