/* The limits of AVX-VNNI: the int8 peak, see simd/peak_dpbusd.h. */
#include "kernels/inline.h"

#include <immintrin.h>

typedef __m256i vi;

LNR_INLINE vi vi_zero(void) {
    return _mm256_setzero_si256();
}

LNR_INLINE vi vi_load(const void *p) {
    return _mm256_loadu_si256(p);
}

LNR_INLINE void vi_store(void *p, vi v) {
    _mm256_storeu_si256(p, v);
}

LNR_INLINE vi vi_dot4(vi sum, vi v, vi x) {
    return _mm256_dpbusd_avx_epi32(sum, v, x);
}

enum { SUMS = 14 }; /* with the two factors all 16 registers */

#define PEAK_I8 lnr_peak_i8_avxvnni
#include "kernels/simd/peak_dpbusd.h"
