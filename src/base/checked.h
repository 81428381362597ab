/* Integer arithmetic on numbers from outside: every product and sum says whether it wrapped.
 *
 * Each function returns true and stores the result, or returns false and leaves *out unset. */
#ifndef LNR_BASE_CHECKED_H
#define LNR_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool lnr_mul_size(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool lnr_add_size(size_t a, size_t b, size_t *out) {
    return !__builtin_add_overflow(a, b, out);
}

static inline bool lnr_mul_u64(uint64_t a, uint64_t b, uint64_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool lnr_add_u64(uint64_t a, uint64_t b, uint64_t *out) {
    return !__builtin_add_overflow(a, b, out);
}

/* Rounds up to a multiple of align, which is a power of two. */
static inline bool lnr_align_up_u64(uint64_t a, uint64_t align, uint64_t *out) {
    uint64_t sum;
    if (__builtin_add_overflow(a, align - 1, &sum))
        return false;
    *out = sum & ~(align - 1);
    return true;
}

/* For sizes of our own that cannot wrap. */
static inline size_t lnr_round_up(size_t a, size_t multiple) {
    return (a + multiple - 1) / multiple * multiple;
}

static inline size_t lnr_div_up(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

#endif
