/* The limits of AVX2: see simd/limits.h and simd/peak_maddubs.h. */
#include "kernels/avx2/simd_avx2.h"

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

LNR_INLINE vi vi_xor(vi a, vi b) {
    return _mm256_xor_si256(a, b);
}

LNR_INLINE vi vi_add16(vi a, vi b) {
    return _mm256_add_epi16(a, b);
}

LNR_INLINE vi vi_pairs(vi v, vi x) {
    return _mm256_maddubs_epi16(v, x);
}

#define PEAK_F32 lnr_peak_f32_avx2
#define PEAK_I8  lnr_peak_i8_avx2
#define READ     lnr_read_avx2
#include "kernels/simd/limits.h"
#include "kernels/simd/peak_maddubs.h"
