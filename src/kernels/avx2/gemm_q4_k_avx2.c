/* Q4_K product on AVX2.
 *
 * vpmaddubsw takes unsigned * signed and saturates pairs to int16. Nibbles 0..15 times -127..127
 * give at most 2 * 15 * 127 = 3810, and the 8 groups of a sub-block 8 * 3810 = 30480: nothing
 * clips. One vpmaddwd with the scale in both halves then widens, multiplies and adds the two sums
 * of a row. */
#include "kernels/inline.h"
#include "kernels/kernels.h"
#include "quant/q4_k.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q4_k_q8a256_16x3_avx2

typedef q4_k_panel weights;
typedef lnr_q8a256 acts;

enum { N_SUB = 8, N_GROUP = 8, SPAN = 8, N_WAY = 2 };

typedef struct header {
    __m256i scale[8]; /* int16: the scale twice per row */
    __m256i low[4];   /* int16: minima of sub-blocks 2 i and 2 i + 1 per row */
    __m256 d, dmin;
} header;

/* 8 bytes of a line to the low byte of 8 dwords */
LNR_INLINE __m256i rows8(const uint8_t *p) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)p));
}

LNR_INLINE __m128i bytes16(const uint8_t *p) {
    return _mm_loadu_si128((const void *)p);
}

LNR_INLINE header unpack_header(const weights *w, int half) {
    header h;
    __m256i six = _mm256_set1_epi32(63);
    for (int j = 0; j < 8; j++) {
        __m256i s = _mm256_and_si256(rows8(w->scales[j / 4] + j % 4 * 16 + 8 * half), six);
        h.scale[j] = _mm256_or_si256(s, _mm256_slli_epi32(s, 16));
    }
    for (int i = 0; i < 2; i++) {
        size_t at = (size_t)i * 32 + (size_t)half * 16;
        __m128i a = bytes16(w->scales[0] + at), b = bytes16(w->scales[1] + at);
        __m128i c = bytes16(w->scales[2] + at);
        /* 16-bit shifts carry bits between bytes; the masks keep only those that stayed in theirs
         */
        __m128i top = _mm_and_si128(_mm_srli_epi16(a, 2), _mm_set1_epi8(0x30));
        __m128i mid = _mm_and_si128(_mm_srli_epi16(b, 4), _mm_set1_epi8(0x0c));
        __m128i end = _mm_and_si128(_mm_srli_epi16(c, 6), _mm_set1_epi8(0x03));
        h.low[i] = _mm256_cvtepu8_epi16(_mm_and_si128(c, _mm_set1_epi8(63)));
        h.low[2 + i] = _mm256_cvtepu8_epi16(_mm_or_si128(_mm_or_si128(top, mid), end));
    }
    h.d = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->d + 8 * half)));
    h.dmin = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(w->dmin + 8 * half)));
    return h;
}

LNR_INLINE void unpack_quants(const weights *w, int half, int set, int g, __m256i v[2]) {
    __m256i q = _mm256_loadu_si256((const void *)w->q[set][g][8 * half]);
    __m256i nibble = _mm256_set1_epi8(15);
    v[0] = _mm256_and_si256(q, nibble);
    v[1] = _mm256_and_si256(_mm256_srli_epi16(q, 4), nibble);
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

#include "kernels/avx2/gemm_int_avx2.h"
