/* Hash functions: FNV-1a 64 where the value is part of a contract (logits hash), and a seeded one
 * for tables whose keys come from outside. */
#ifndef LNR_BASE_HASH_H
#define LNR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define LNR_FNV1A64_INIT 0xcbf29ce484222325u

/* FNV-1a 64 of n bytes, continuing from hash (LNR_FNV1A64_INIT to begin).
 * Fowler, Noll, Vo; draft-eastlake-fnv. */
uint64_t lnr_fnv1a64(uint64_t hash, const void *p, size_t n);

/* Fast, for large data: checksums of our own files. The value is part of their format. */
uint64_t lnr_hash64(uint64_t seed, const void *p, size_t n);

/* Not stable between runs; fast; well mixed in its low bits. */
uint64_t lnr_hash_seeded(const void *p, size_t n);

#endif
