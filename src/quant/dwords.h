/* Four bytes at a time for packing: the same steps on each byte, whatever the machine's byte order.
 * One byte at a time made packing Q3_K and Q6_K ten times slower than reading the file. */
#ifndef LNR_QUANT_DWORDS_H
#define LNR_QUANT_DWORDS_H

#include <stdint.h>
#include <string.h>

static inline uint32_t dword_get(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void dword_put(uint8_t *p, uint32_t v) {
    memcpy(p, &v, sizeof v);
}

/* Bits shift.. of each byte, as many as mask (3, 15, 63) has. */
static inline uint32_t dword_bits(uint32_t v, int shift, uint32_t mask) {
    return v >> shift & mask * 0x01010101u;
}

#endif
