/* Which KV blocks are free, held or cached: ids and counts only, the memory belongs to the backend.
 *
 * A block holds KV_BLOCK_TOKENS positions of all layers. It is free, or held by one or more
 * sequences, or cached: nobody holds it, but it is in the index (kv_index.h) and stays until its
 * room is needed, the longest unused first. A promise is a count of blocks that a sequence may
 * still take; cached blocks serve promises too, so keeping them costs nobody anything. README.md
 * beside this file has the rules. One thread (the engine's owner). */
#ifndef LNR_CACHE_KV_POOL_H
#define LNR_CACHE_KV_POOL_H

#include "base/fail.h"

#include <stdbool.h>

#define KV_NONE UINT32_MAX /* no block */

typedef struct kv_block {
    uint32_t n_refs;       /* sequences that hold it */
    uint32_t n_tokens;     /* of its positions that the index vouches for; 0: not in the index */
    uint32_t parent;       /* the block before it; KV_NONE: a sequence begins with it */
    uint32_t child;        /* one of the blocks that go on from it; the others are its siblings */
    uint32_t prev, next;   /* siblings */
    uint32_t older, newer; /* cached blocks by last use */
    uint32_t bucket_next;  /* full blocks of the same bucket */
    uint64_t hash;         /* full blocks: of all tokens up to the end of it */
} kv_block;

typedef struct kv_pool {
    uint32_t n_blocks, n_free, n_cached;
    uint32_t n_shared;       /* held by more than one */
    uint32_t n_promised;     /* at most n_free + n_cached */
    uint32_t *free_stack;    /* (n_blocks): ids; the first n_free are free. owned */
    kv_block *block;         /* (n_blocks). owned */
    int32_t *token;          /* (n_blocks, KV_BLOCK_TOKENS): of the blocks in the index. owned */
    uint32_t oldest, newest; /* of the cached */

    uint32_t root_child; /* the index: one of the blocks that begin a sequence */
    uint64_t root_hash;  /* stands for everything K and V depend on besides the tokens */
    uint32_t *bucket;    /* (n_buckets): full blocks by hash. owned */
    uint64_t *evicted;   /* (n_buckets): hashes of full blocks dropped lately. owned */
    uint32_t n_buckets;  /* a power of two */
} kv_pool;

lnr_status kv_pool_init(kv_pool *p, uint32_t n_blocks, uint64_t root_hash, lnr_error *err);
void kv_pool_deinit(kv_pool *p);

/* Blocks that are neither held nor promised. */
uint32_t kv_pool_available(const kv_pool *p);

/* One reference to a block that holds nothing yet, drops a cached one if none is free. The caller
 * has seen to it that one is available, or gives up a promise for it first. */
uint32_t kv_pool_take(kv_pool *p);
void kv_pool_ref(kv_pool *p, uint32_t block);   /* held or cached before */
void kv_pool_unref(kv_pool *p, uint32_t block); /* the last reference caches or frees it */

#endif
