/* The tree of cached tokens; see kv_index.h. */
#include "cache/kv_index.h"

#include "backend/backend.h"
#include "base/hash.h"

#include <string.h>

uint64_t kv_index_hash(uint64_t before, const int32_t *token) {
    return lnr_fnv1a64(before, token, KV_BLOCK_TOKENS * sizeof *token);
}

static uint32_t *bucket_of(const kv_pool *p, uint64_t hash) {
    return &p->bucket[(hash ^ hash >> 32) & (p->n_buckets - 1)];
}

static const int32_t *tokens_of(const kv_pool *p, uint32_t block) {
    return p->token + (size_t)block * KV_BLOCK_TOKENS;
}

uint32_t kv_index_find(const kv_pool *p, uint32_t parent, uint64_t hash, const int32_t *token) {
    for (uint32_t id = *bucket_of(p, hash); id != KV_NONE; id = p->block[id].bucket_next) {
        const kv_block *b = &p->block[id];
        if (b->hash == hash && b->parent == parent &&
            memcmp(tokens_of(p, id), token, KV_BLOCK_TOKENS * sizeof *token) == 0)
            return id;
    }
    return KV_NONE;
}

uint32_t kv_index_nearest(const kv_pool *p, uint32_t parent, const int32_t *token, uint32_t n,
                          uint32_t *n_common) {
    uint32_t best = KV_NONE;
    *n_common = 0;
    uint32_t id = parent == KV_NONE ? p->root_child : p->block[parent].child;
    for (; id != KV_NONE; id = p->block[id].next) {
        const int32_t *have = tokens_of(p, id);
        uint32_t most = p->block[id].n_tokens < n ? p->block[id].n_tokens : n, i = 0;
        while (i < most && have[i] == token[i])
            i++;
        if (i > *n_common) {
            *n_common = i;
            best = id;
        }
    }
    return best;
}

uint32_t kv_index_path(const kv_pool *p, const int32_t *token, uint32_t n, uint32_t *block) {
    uint32_t n_found = 0, parent = KV_NONE, n_common;
    uint64_t hash = p->root_hash;
    for (; n - n_found >= KV_BLOCK_TOKENS; n_found += KV_BLOCK_TOKENS) {
        hash = kv_index_hash(hash, token + n_found);
        uint32_t next = kv_index_find(p, parent, hash, token + n_found);
        if (next == KV_NONE)
            break;
        block[n_found / KV_BLOCK_TOKENS] = parent = next;
    }
    uint32_t last = kv_index_nearest(p, parent, token + n_found, n - n_found, &n_common);
    if (last != KV_NONE)
        block[n_found / KV_BLOCK_TOKENS] = last;
    return n_found + n_common;
}

static uint32_t *first_child(kv_pool *p, uint32_t parent) {
    return parent == KV_NONE ? &p->root_child : &p->block[parent].child;
}

void kv_index_add(kv_pool *p, uint32_t block, uint32_t parent, const int32_t *token, uint32_t n,
                  uint64_t hash) {
    kv_block *b = &p->block[block];
    LNR_ASSERT(b->n_refs > 0 && b->n_tokens == 0 && n > 0 && n <= KV_BLOCK_TOKENS);
    memcpy(p->token + (size_t)block * KV_BLOCK_TOKENS, token, n * sizeof *token);
    uint32_t *first = first_child(p, parent);
    b->n_tokens = n;
    b->parent = parent;
    b->child = KV_NONE;
    b->prev = KV_NONE;
    b->next = *first;
    if (*first != KV_NONE)
        p->block[*first].prev = block;
    *first = block;
    if (n == KV_BLOCK_TOKENS) {
        uint32_t *bucket = bucket_of(p, hash);
        b->hash = hash;
        b->bucket_next = *bucket;
        *bucket = block;
    }
}

void kv_index_drop(kv_pool *p, uint32_t block) {
    kv_block *b = &p->block[block];
    LNR_ASSERT(b->n_tokens > 0 && b->child == KV_NONE);
    *(b->prev == KV_NONE ? first_child(p, b->parent) : &p->block[b->prev].next) = b->next;
    if (b->next != KV_NONE)
        p->block[b->next].prev = b->prev;
    if (b->n_tokens == KV_BLOCK_TOKENS) {
        uint32_t *link = bucket_of(p, b->hash);
        while (*link != block)
            link = &p->block[*link].bucket_next;
        *link = b->bucket_next;
        p->evicted[b->hash & (p->n_buckets - 1)] = b->hash;
    }
    b->n_tokens = 0;
}

bool kv_index_was_evicted(const kv_pool *p, uint64_t hash) {
    return p->evicted[hash & (p->n_buckets - 1)] == hash;
}
