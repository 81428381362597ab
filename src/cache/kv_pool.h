/* Which KV blocks are free and which sequence uses which: ids only, the memory belongs to the
 * backend.
 *
 * A block holds KV_BLOCK_TOKENS positions of all layers and is reference-counted, so that sequences
 * can share a common beginning. README.md beside this file holds the rules. One thread (the
 * engine's owner). */
#ifndef LNR_CACHE_KV_POOL_H
#define LNR_CACHE_KV_POOL_H

#include "base/fail.h"

#include <stdbool.h>

typedef struct kv_pool {
    uint32_t n_blocks, n_free;
    uint32_t *free_stack; /* (n_blocks): ids; the first n_free are free. owned */
    uint32_t *n_refs;     /* (n_blocks). owned */
} kv_pool;

lnr_status kv_pool_init(kv_pool *p, uint32_t n_blocks, lnr_error *err);
void kv_pool_deinit(kv_pool *p);

/* One reference to a free block; false if there is none. */
bool kv_pool_take(kv_pool *p, uint32_t *block);
void kv_pool_ref(kv_pool *p, uint32_t block);
void kv_pool_unref(kv_pool *p, uint32_t block); /* the last reference frees it */

/* The blocks of one sequence, in order of position. */
typedef struct kv_sequence {
    uint32_t *block; /* (n_blocks_max). owned */
    uint32_t n_blocks, n_blocks_max;
    uint32_t n_tokens; /* positions whose K and V are stored */
} kv_sequence;

lnr_status kv_sequence_init(kv_sequence *s, uint32_t n_tokens_max, lnr_error *err);
void kv_sequence_deinit(kv_sequence *s, kv_pool *p); /* gives its blocks back */
void kv_sequence_clear(kv_sequence *s, kv_pool *p);

/* Blocks for n_tokens positions in all; takes all that are missing or none. False: not enough are
 * free, or more than n_tokens_max. */
bool kv_sequence_reserve(kv_sequence *s, kv_pool *p, uint32_t n_tokens);

#endif
