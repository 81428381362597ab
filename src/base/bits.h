/* The bits of floating-point numbers, and back. */
#ifndef LNR_BASE_BITS_H
#define LNR_BASE_BITS_H

#include <stdint.h>
#include <string.h>

static inline uint32_t lnr_f32_bits(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float lnr_f32_from_bits(uint32_t u) {
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static inline uint64_t lnr_f64_bits(double x) {
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline double lnr_f64_from_bits(uint64_t u) {
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

#endif
