/* Floats as unsigned integers in the same order: what selection by radix works on. */
#ifndef LNR_SAMPLE_ORDER_H
#define LNR_SAMPLE_ORDER_H

#include "base/bits.h"

/* One digit of a key: 11, 11 and 10 bits from the top. */
#define ORDER_BINS 2048u

/* -0 and +0 are the same; not for NaN. */
static inline uint32_t order_key(float x) {
    uint32_t u = lnr_f32_bits(x + 0.0f);
    return u >> 31 ? ~u : u | 0x80000000u;
}

/* The number of a key; for a key cut to its upper bits a number not above those it was cut from. */
static inline float order_value(uint32_t key) {
    return lnr_f32_from_bits(key >> 31 ? key & 0x7fffffffu : ~key);
}

/* The smallest float that is not below x; x within the range of float. */
static inline float order_float_above(double x) {
    float f = (float)x;
    return (double)f < x ? order_value(order_key(f) + 1) : f;
}

#endif
