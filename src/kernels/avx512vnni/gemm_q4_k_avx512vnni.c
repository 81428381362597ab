/* Q4_K product on AVX512-VNNI. The format's minima are one more small product: pairs of minima with
 * pairs of the activations' sums, by vpdpwssd. */
#include "kernels/inline.h"
#include "kernels/kernels.h"
#include "quant/q4_k.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q4_k_q8a256_32x6_avx512vnni

typedef q4_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 8, N_GROUP = 8, N_WAY = 2 };

typedef struct header {
    __m512i scale[8]; /* int32 per row */
    __m512i low[4];   /* int16: minima of sub-blocks 2 i and 2 i + 1 per row */
    __m512 d, dmin;
} header;

LNR_INLINE header unpack_header(const weights *w) {
    header h;
    __m512i a = _mm512_loadu_si512(w->scales[0]), b = _mm512_loadu_si512(w->scales[1]);
    __m512i c = _mm512_loadu_si512(w->scales[2]), six = _mm512_set1_epi8(63);
    /* 16-bit shifts carry bits between bytes; the masks keep only those that stayed in theirs */
    __m512i top = _mm512_and_si512(_mm512_srli_epi16(a, 2), _mm512_set1_epi8(0x30));
    __m512i mid = _mm512_and_si512(_mm512_srli_epi16(b, 4), _mm512_set1_epi8(0x0c));
    __m512i end = _mm512_and_si512(_mm512_srli_epi16(c, 6), _mm512_set1_epi8(0x03));
    __m512i fourth = _mm512_or_si512(_mm512_or_si512(top, mid), end);
    a = _mm512_and_si512(a, six);
    b = _mm512_and_si512(b, six);
    c = _mm512_and_si512(c, six);
    h.scale[0] = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(a));
    h.scale[1] = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(a, 1));
    h.scale[2] = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(a, 2));
    h.scale[3] = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(a, 3));
    h.scale[4] = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(b));
    h.scale[5] = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(b, 1));
    h.scale[6] = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(b, 2));
    h.scale[7] = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(b, 3));
    h.low[0] = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(c));
    h.low[1] = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(c, 1));
    h.low[2] = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(fourth));
    h.low[3] = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(fourth, 1));
    h.d = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->d));
    h.dmin = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->dmin));
    return h;
}

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[2]) {
    __m512i q = _mm512_loadu_si512(w->q[set][g]), nibble = _mm512_set1_epi8(15);
    v[0] = _mm512_and_si512(q, nibble);
    v[1] = _mm512_and_si512(_mm512_srli_epi16(q, 4), nibble);
}

LNR_INLINE __m512i scaled(__m512i total, __m512i sum, const header *h, int j) {
    return _mm512_add_epi32(total, _mm512_mullo_epi32(sum, h->scale[j]));
}

LNR_INLINE __m512 finish(const header *h, const acts *x, __m512i total, __m512 acc) {
    __m512i low = _mm512_setzero_si512();
    for (int i = 0; i < 4; i++) {
        __m512i pair = _mm512_set1_epi32(lnr_dword(&x->sum32[2 * i]));
        low = _mm512_dpwssd_epi32(low, h->low[i], pair);
    }
    __m512 dx = _mm512_set1_ps(x->d);
    acc = _mm512_fmadd_ps(_mm512_mul_ps(h->d, dx), _mm512_cvtepi32_ps(total), acc);
    return _mm512_fnmadd_ps(_mm512_mul_ps(h->dmin, dx), _mm512_cvtepi32_ps(low), acc);
}

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
