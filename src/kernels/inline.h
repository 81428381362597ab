/* What the SIMD kernels ask of the compiler: inlining and unrolling, without which arrays of vectors
 * would live in memory instead of registers. */
#ifndef LNR_KERNELS_INLINE_H
#define LNR_KERNELS_INLINE_H

#include <stdint.h>
#include <string.h>

#define LNR_INLINE static inline __attribute__((always_inline))

/* Before a loop with a small constant count. */
#if defined(__clang__)
#define LNR_UNROLL _Pragma("clang loop unroll(full)")
#else
#define LNR_UNROLL _Pragma("GCC unroll 16")
#endif

/* Four bytes of any kind, to be broadcast. */
LNR_INLINE int32_t lnr_dword(const void *p) {
    int32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

#endif
