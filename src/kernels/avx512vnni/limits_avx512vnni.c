/* The limits of AVX512-VNNI: the int8 peak, see simd/peak_dpbusd.h. */
#include "kernels/inline.h"

#include <immintrin.h>

typedef __m512i vi;

LNR_INLINE vi vi_zero(void) {
    return _mm512_setzero_si512();
}

LNR_INLINE vi vi_load(const void *p) {
    return _mm512_loadu_si512(p);
}

LNR_INLINE void vi_store(void *p, vi v) {
    _mm512_storeu_si512(p, v);
}

LNR_INLINE vi vi_dot4(vi sum, vi v, vi x) {
    return _mm512_dpbusd_epi32(sum, v, x);
}

enum { SUMS = 16 };

#define PEAK_I8 lnr_peak_i8_avx512vnni
#include "kernels/simd/peak_dpbusd.h"
