/* How a block of Q8_0 unpacks to vectors, for the products on AVX512-VNNI and on AMX. */
#ifndef LNR_KERNELS_AVX512VNNI_Q8_0_AVX512VNNI_H
#define LNR_KERNELS_AVX512VNNI_Q8_0_AVX512VNNI_H

#include "kernels/inline.h"
#include "quant/q8_0.h"

#include <immintrin.h>

typedef q8_0_panel weights;
typedef lnr_q8a32 acts;

enum { N_SUB = 1, N_GROUP = 8, N_WAY = 1 };

typedef struct header {
    __m512 d;
} header;

LNR_INLINE header unpack_header(const weights *w) {
    return (header){_mm512_cvtph_ps(_mm256_loadu_si256((const void *)w->d))};
}

LNR_INLINE void unpack_quants(const weights *w, int set, int g, __m512i v[1]) {
    (void)set;
    v[0] = _mm512_loadu_si512(w->q[g]);
}

#endif
