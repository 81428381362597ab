/* What keeps a compiler from computing less than a measuring loop says. */
#ifndef LNR_KERNELS_SIMD_UNKNOWN_H
#define LNR_KERNELS_SIMD_UNKNOWN_H

/* v is to be taken for unknown from here on: sums that were seen to begin alike and grow alike
 * would be computed once, and a product of constants before the loop. No instruction. */
#define LNR_UNKNOWN(v) __asm__ volatile("" : "+v"(v))

#endif
