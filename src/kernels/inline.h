/* What the SIMD kernels ask of the compiler: inlining and unrolling, without which arrays of
 * vectors would live in memory instead of registers. */
#ifndef LNR_KERNELS_INLINE_H
#define LNR_KERNELS_INLINE_H

#include <stdint.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LNR_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LNR_SANITIZED
#endif

/* LNR_UNROLL stands before a loop with a small constant count. Sanitizers check every access in
 * every copy of a body, which would take a compiler minutes per kernel: their builds keep calls and
 * loops. */
#if defined(LNR_SANITIZED)
#define LNR_INLINE static inline
#define LNR_UNROLL
#elif defined(__clang__)
#define LNR_INLINE static inline __attribute__((always_inline))
#define LNR_UNROLL _Pragma("clang loop unroll(full)")
#else
#define LNR_INLINE static inline __attribute__((always_inline))
#define LNR_UNROLL _Pragma("GCC unroll 16")
#endif

/* An unrolled loop over i = 0..n-1, n a constant after inlining. */
#define LNR_EACH(i, n) LNR_UNROLL for (int i = 0; i < (n); i++)

/* A function of its own: of one that swallows many unrolled ones compilers lose the oversight and
 * keep copies of what lies in memory. */
#define LNR_NOINLINE static __attribute__((noinline))

/* Four bytes of any kind, to be broadcast. */
LNR_INLINE int32_t lnr_dword(const void *p) {
    int32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

#endif
