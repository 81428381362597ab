/* See hash.h. */
#include "base/hash.h"

#include <string.h>

uint64_t lnr_fnv1a64(uint64_t hash, const void *p, size_t n) {
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ b[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t mix(uint64_t a, uint64_t b) {
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* 8 bytes a step, each folded by a 64 x 64 -> 128 bit product (the idea of wyhash). */
uint64_t lnr_hash64(uint64_t seed, const void *p, size_t n) {
    const uint8_t *b = p;
    uint64_t h = seed ^ 0x9e3779b97f4a7c15u;
    uint64_t w;
    size_t left = n;
    for (; left >= 8; left -= 8, b += 8) {
        memcpy(&w, b, 8);
        h = mix(h ^ w, 0xd6e8feb86659fd93u);
    }
    w = 0;
    if (left)
        memcpy(&w, b, left);
    h = mix(h ^ w, 0xa0761d6478bd642fu);
    return mix(h ^ n, 0xe7037ed1a0b428dbu);
}

/* The seed is the address of this variable: with address-space layout randomisation it differs from
 * run to run. */
uint64_t lnr_hash_seeded(const void *p, size_t n) {
    static const char seed_here;
    return lnr_hash64((uint64_t)(uintptr_t)&seed_here, p, n);
}
