/* Random numbers as a function of (seed, position, draw index), never a stream (design rule 4.6).
 *
 * The three inputs go one after another through the finaliser of SplitMix64 (Steele, Lea, Flood
 * 2014, with Stafford's "Mix13" constants), a bijection of 64-bit words: for fixed others,
 * different positions or draws never give the same word. Nothing is stored, so rolling back or
 * replaying needs no care. Not for secrets. */
#ifndef LNR_BASE_RNG_H
#define LNR_BASE_RNG_H

#include <stdint.h>

static inline uint64_t lnr_rng_mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio: keeps 0 from mapping to 0 */
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint64_t lnr_rng_u64(uint64_t seed, uint64_t position, uint64_t draw) {
    return lnr_rng_mix(lnr_rng_mix(lnr_rng_mix(seed) ^ position) ^ draw);
}

/* In [0, 1), a multiple of 2^-53. */
static inline double lnr_rng_unit(uint64_t seed, uint64_t position, uint64_t draw) {
    return (double)(lnr_rng_u64(seed, position, draw) >> 11) * 0x1p-53;
}

/* floor(a * n / 2^64): maps a random word to 0..n-1, each with probability 1/n to within 2^-64. */
static inline uint64_t lnr_rng_scale(uint64_t a, uint64_t n) {
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, n0 = (uint32_t)n, n1 = n >> 32;
    uint64_t mid = a1 * n0 + (a0 * n0 >> 32); /* at most (2^32-1)^2 + 2^32-1: no wrap */
    uint64_t low = a0 * n1 + (uint32_t)mid;
    return a1 * n1 + (mid >> 32) + (low >> 32);
}

#endif
