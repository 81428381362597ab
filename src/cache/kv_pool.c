/* Block accounting of the KV cache; see kv_pool.h. */
#include "cache/kv_pool.h"

#include "backend/backend.h"
#include "base/alloc.h"
#include "base/checked.h"

lnr_status kv_pool_init(kv_pool *p, uint32_t n_blocks, lnr_error *err) {
    *p = (kv_pool){.n_blocks = n_blocks, .n_free = n_blocks};
    p->free_stack = lnr_alloc_array(n_blocks, sizeof *p->free_stack);
    p->n_refs = lnr_alloc_array(n_blocks, sizeof *p->n_refs);
    if (p->free_stack == NULL || p->n_refs == NULL) {
        kv_pool_deinit(p);
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory to account for %u KV blocks", n_blocks);
    }
    for (uint32_t i = 0; i < n_blocks; i++)
        p->free_stack[i] = n_blocks - 1 - i; /* block 0 is handed out first */
    return LNR_OK;
}

void kv_pool_deinit(kv_pool *p) {
    lnr_free(p->free_stack);
    lnr_free(p->n_refs);
    *p = (kv_pool){0};
}

bool kv_pool_take(kv_pool *p, uint32_t *block) {
    if (p->n_free == 0)
        return false;
    *block = p->free_stack[--p->n_free];
    LNR_ASSERT(p->n_refs[*block] == 0);
    p->n_refs[*block] = 1;
    return true;
}

void kv_pool_ref(kv_pool *p, uint32_t block) {
    LNR_ASSERT(p->n_refs[block] > 0);
    p->n_refs[block]++;
}

void kv_pool_unref(kv_pool *p, uint32_t block) {
    LNR_ASSERT(p->n_refs[block] > 0);
    if (--p->n_refs[block] == 0)
        p->free_stack[p->n_free++] = block;
}

lnr_status kv_sequence_init(kv_sequence *s, uint32_t n_tokens_max, lnr_error *err) {
    *s = (kv_sequence){.n_blocks_max = (uint32_t)lnr_div_up(n_tokens_max, KV_BLOCK_TOKENS)};
    s->block = lnr_alloc_array(s->n_blocks_max, sizeof *s->block);
    if (s->block == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a sequence of %u tokens", n_tokens_max);
    return LNR_OK;
}

void kv_sequence_clear(kv_sequence *s, kv_pool *p) {
    for (uint32_t i = 0; i < s->n_blocks; i++)
        kv_pool_unref(p, s->block[i]);
    s->n_blocks = 0;
    s->n_tokens = 0;
}

void kv_sequence_deinit(kv_sequence *s, kv_pool *p) {
    kv_sequence_clear(s, p);
    lnr_free(s->block);
    *s = (kv_sequence){0};
}

bool kv_sequence_reserve(kv_sequence *s, kv_pool *p, uint32_t n_tokens) {
    uint32_t need = (uint32_t)lnr_div_up(n_tokens, KV_BLOCK_TOKENS);
    if (need <= s->n_blocks)
        return true;
    if (need > s->n_blocks_max || need - s->n_blocks > p->n_free)
        return false;
    while (s->n_blocks < need)
        (void)kv_pool_take(p, &s->block[s->n_blocks++]); /* there are enough: checked above */
    return true;
}
