/* Block accounting of the KV cache; see kv_pool.h. */
#include "cache/kv_pool.h"

#include "backend/backend.h"
#include "base/alloc.h"
#include "cache/kv_index.h"

lnr_status kv_pool_init(kv_pool *p, uint32_t n_blocks, uint64_t root_hash, lnr_error *err) {
    *p = (kv_pool){.n_blocks = n_blocks,
                   .n_free = n_blocks,
                   .oldest = KV_NONE,
                   .newest = KV_NONE,
                   .root_child = KV_NONE,
                   .root_hash = root_hash,
                   .n_buckets = 1};
    while (p->n_buckets < n_blocks && p->n_buckets < 1u << 30)
        p->n_buckets *= 2;
    p->free_stack = lnr_alloc_array(n_blocks, sizeof *p->free_stack);
    p->block = lnr_alloc_array(n_blocks, sizeof *p->block);
    p->token = lnr_alloc_array(n_blocks, KV_BLOCK_TOKENS * sizeof *p->token);
    p->bucket = lnr_alloc_array(p->n_buckets, sizeof *p->bucket);
    p->evicted = lnr_alloc_array(p->n_buckets, sizeof *p->evicted);
    if (!p->free_stack || !p->block || !p->token || !p->bucket || !p->evicted) {
        kv_pool_deinit(p);
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory to account for %u KV blocks", n_blocks);
    }
    for (uint32_t i = 0; i < n_blocks; i++)
        p->free_stack[i] = n_blocks - 1 - i; /* block 0 is handed out first */
    for (uint32_t i = 0; i < p->n_buckets; i++)
        p->bucket[i] = KV_NONE;
    return LNR_OK;
}

void kv_pool_deinit(kv_pool *p) {
    lnr_free(p->free_stack);
    lnr_free(p->block);
    lnr_free(p->token);
    lnr_free(p->bucket);
    lnr_free(p->evicted);
    *p = (kv_pool){0};
}

uint32_t kv_pool_available(const kv_pool *p) {
    LNR_ASSERT(p->n_promised <= p->n_free + p->n_cached);
    return p->n_free + p->n_cached - p->n_promised;
}

/* ---- the cached ones, by last use
 * ---------------------------------------------------------------- */

static void cached_remove(kv_pool *p, uint32_t id) {
    kv_block *b = &p->block[id];
    *(b->older == KV_NONE ? &p->oldest : &p->block[b->older].newer) = b->newer;
    *(b->newer == KV_NONE ? &p->newest : &p->block[b->newer].older) = b->older;
    p->n_cached--;
}

static void cached_add(kv_pool *p, uint32_t id) {
    kv_block *b = &p->block[id];
    b->newer = KV_NONE;
    b->older = p->newest;
    *(p->newest == KV_NONE ? &p->oldest : &p->block[p->newest].newer) = id;
    p->newest = id;
    p->n_cached++;
}

/* ---- references
 * ---------------------------------------------------------------------------------- */

uint32_t kv_pool_take(kv_pool *p) {
    LNR_ASSERT(p->n_free + p->n_cached > 0);
    if (p->n_free == 0) {
        uint32_t id = p->oldest;
        kv_index_drop(p, id);
        cached_remove(p, id);
        p->free_stack[p->n_free++] = id;
    }
    uint32_t id = p->free_stack[--p->n_free];
    LNR_ASSERT(p->block[id].n_refs == 0 && p->block[id].n_tokens == 0);
    p->block[id].n_refs = 1;
    return id;
}

void kv_pool_ref(kv_pool *p, uint32_t block) {
    LNR_ASSERT(p->block[block].n_refs > 0 || p->block[block].n_tokens > 0);
    uint32_t n_before = p->block[block].n_refs++;
    if (n_before == 0)
        cached_remove(p, block);
    p->n_shared += n_before == 1;
}

void kv_pool_unref(kv_pool *p, uint32_t block) {
    LNR_ASSERT(p->block[block].n_refs > 0);
    uint32_t n_left = --p->block[block].n_refs;
    p->n_shared -= n_left == 1;
    if (n_left > 0)
        return;
    if (p->block[block].n_tokens > 0)
        cached_add(p, block);
    else
        p->free_stack[p->n_free++] = block;
}
