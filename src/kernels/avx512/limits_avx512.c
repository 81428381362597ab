/* The limits of AVX512: see simd/limits.h and simd/peak_maddubs.h. */
#include "kernels/avx512/simd_avx512.h"

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

LNR_INLINE vi vi_xor(vi a, vi b) {
    return _mm512_xor_si512(a, b);
}

LNR_INLINE vi vi_add16(vi a, vi b) {
    return _mm512_add_epi16(a, b);
}

LNR_INLINE vi vi_pairs(vi v, vi x) {
    return _mm512_maddubs_epi16(v, x);
}

#define PEAK_F32 lnr_peak_f32_avx512
#define PEAK_I8  lnr_peak_i8_avx512
#define READ     lnr_read_avx512
#include "kernels/simd/limits.h"
#include "kernels/simd/peak_maddubs.h"
