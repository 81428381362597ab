/* Loops that measure what one core can do at most: multiply-adds in registers, and reading memory.
 *
 * They stand among the kernels because only intrinsics reach a level's limit. Each returns
 * something that depends on all of its work and is known beforehand, so that neither a compiler nor
 * a mistake can leave work out unnoticed. LIMIT rows of kernels.def list them. */
#ifndef LNR_KERNELS_LIMITS_H
#define LNR_KERNELS_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define LNR_PEAK_VALUES 4096

/* n rounds of independent multiply-adds, from x and y: LNR_PEAK_VALUES ones each, bytes for peak_i8
 * and floats for peak_f32. *macs is how many it were; the result is the sum of all products, which
 * must be the same number. */
#define LNR_PEAK_ROUNDS_MAX ((size_t)1 << 20)
typedef uint64_t lnr_peak_i8_fn(size_t n, const void *x, const void *y, uint64_t *macs);
typedef lnr_peak_i8_fn lnr_peak_f32_fn;

/* How the reading goes through the region: from its start to its end, the same with prefetches
 * ahead, or from the start of each quarter at once. */
typedef enum lnr_read_mode { LNR_READ_PLAIN, LNR_READ_PREFETCH, LNR_READ_STREAMS } lnr_read_mode;
#define LNR_READ_MODES 3
#define LNR_READ_UNIT  4096 /* a region's size is a multiple of it; 64 bytes aligned */

/* The exclusive or of all 64-bit words of p[0..n). */
typedef uint64_t lnr_read_fn(const void *p, size_t n, lnr_read_mode mode);

#define KERNEL(...)
#define LIMIT(op, isa, needs) lnr_##op##_fn lnr_##op##_##isa;
#include "kernels/kernels.def"
#undef LIMIT
#undef KERNEL

typedef enum lnr_limit_op { LNR_LIMIT_peak_i8, LNR_LIMIT_peak_f32, LNR_LIMIT_read } lnr_limit_op;

typedef struct lnr_limit_row {
    lnr_limit_op op;
    const char *isa;
    uint32_t needs;    /* LNR_CPU_ bits */
    void (*run)(void); /* an lnr_<op>_fn, to be cast back */
} lnr_limit_row;

/* The whole list, in its order. */
const lnr_limit_row *kernels_limits(size_t *n_rows);

#endif
