/* Sharing blocks between sequences; see kv_sequence.h and README.md. */
#include "cache/kv_sequence.h"

#include "backend/backend.h"
#include "base/alloc.h"
#include "base/checked.h"
#include "cache/kv_index.h"

#define BLOCK KV_BLOCK_TOKENS

lnr_status kv_sequence_init(kv_sequence *s, uint32_t n_tokens_max, lnr_error *err) {
    *s = (kv_sequence){.n_blocks_max = (uint32_t)lnr_div_up(n_tokens_max, BLOCK)};
    s->block = lnr_alloc_array(s->n_blocks_max, sizeof *s->block);
    if (s->block == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a sequence of %u tokens", n_tokens_max);
    return LNR_OK;
}

void kv_sequence_deinit(kv_sequence *s) {
    LNR_ASSERT(s->n_blocks == 0 && s->n_promised == 0);
    lnr_free(s->block);
    *s = (kv_sequence){0};
}

static uint32_t last_indexed(const kv_sequence *s) {
    return s->n_indexed ? s->block[s->n_indexed - 1] : KV_NONE;
}

static uint64_t hash_so_far(const kv_sequence *s, const kv_pool *p) {
    return s->n_indexed ? s->hash : p->root_hash;
}

/* The block for one more reference; a promised one is given back for it, as one less is needed. */
static void append(kv_sequence *s, kv_pool *p, uint32_t block) {
    if (s->n_promised > 0) {
        s->n_promised--;
        p->n_promised--;
    }
    s->block[s->n_blocks++] = block;
}

void kv_sequence_match_full(kv_sequence *s, kv_pool *p, const int32_t *token, uint32_t n_max) {
    LNR_ASSERT(s->n_blocks == lnr_div_up(s->n_tokens, BLOCK));
    while (!s->apart && s->n_tokens % BLOCK == 0 && n_max - s->n_tokens >= BLOCK) {
        const int32_t *next = token + s->n_tokens;
        uint64_t hash = kv_index_hash(hash_so_far(s, p), next);
        uint32_t found = kv_index_find(p, last_indexed(s), hash, next);
        if (found == KV_NONE)
            return;
        /* A block that only promises could still claim is not to be had. */
        if (p->block[found].n_refs == 0 && s->n_promised == 0 && kv_pool_available(p) == 0)
            return;
        kv_pool_ref(p, found);
        append(s, p, found);
        s->hash = hash;
        s->n_indexed++;
        s->n_tokens += BLOCK;
    }
}

/* A cached block that is not full, and whose tokens all agree, is continued where it stands. */
static bool take_over(kv_sequence *s, kv_pool *p, uint32_t block, uint32_t n_common) {
    const kv_block *b = &p->block[block];
    if (n_common < b->n_tokens || b->n_tokens == BLOCK || b->n_refs > 0)
        return false;
    if (s->n_promised == 0 && kv_pool_available(p) == 0)
        return false;
    kv_pool_ref(p, block);
    kv_index_drop(p, block);
    append(s, p, block);
    s->n_tokens += n_common;
    return true;
}

/* The first n positions of a block that others hold, or that goes on differently. */
static bool copy_part(kv_sequence *s, kv_pool *p, uint32_t from, uint32_t n, kv_match *out) {
    bool cached = p->block[from].n_refs == 0;
    uint32_t n_needed = (s->n_promised == 0 ? 1u : 0u) + (cached ? 1u : 0u);
    if (kv_pool_available(p) < n_needed)
        return false;
    if (cached)
        kv_pool_ref(p, from); /* so that it is not itself what makes room */
    out->copy_from = from;
    out->copy_to = kv_pool_take(p);
    if (cached)
        kv_pool_unref(p, from);
    append(s, p, out->copy_to);
    s->n_tokens += n;
    return true;
}

bool kv_sequence_copy_part(kv_sequence *s, kv_pool *p, const kv_sequence *other, uint32_t n_tokens,
                           kv_match *out) {
    LNR_ASSERT(s->n_tokens == s->n_blocks * BLOCK && other->n_tokens >= n_tokens);
    *out = (kv_match){.copy_from = KV_NONE, .copy_to = KV_NONE};
    if (s->apart || n_tokens - s->n_tokens >= BLOCK || n_tokens == s->n_tokens)
        return false;
    return copy_part(s, p, other->block[s->n_blocks], n_tokens - s->n_tokens, out);
}

void kv_sequence_match(kv_sequence *s, kv_pool *p, const int32_t *token, uint32_t n_max,
                       kv_match *out) {
    *out = (kv_match){.n_tokens = s->n_tokens,
                      .n_same = s->n_tokens,
                      .miss = KV_MISS_NEW,
                      .copy_from = KV_NONE,
                      .copy_to = KV_NONE};
    if (s->apart || s->n_tokens % BLOCK != 0)
        return;
    kv_sequence_match_full(s, p, token, n_max);
    out->n_tokens = out->n_same = s->n_tokens;
    uint32_t left = n_max - s->n_tokens, n_common;
    const int32_t *rest = token + s->n_tokens;
    uint32_t near = kv_index_nearest(p, last_indexed(s), rest, left, &n_common);
    bool differs = near != KV_NONE && n_common < p->block[near].n_tokens;
    bool beside = near == KV_NONE && s->n_tokens > 0 && p->block[last_indexed(s)].child != KV_NONE;
    if (near != KV_NONE && !take_over(s, p, near, n_common))
        copy_part(s, p, near, n_common, out);
    out->n_same += n_common;
    out->n_tokens = s->n_tokens;
    if (out->n_same == n_max)
        out->miss = KV_MISS_NONE;
    else if (left >= BLOCK && kv_index_was_evicted(p, kv_index_hash(hash_so_far(s, p), rest)))
        out->miss = KV_MISS_EVICTED;
    else if (differs || beside)
        out->miss = KV_MISS_EDITED;
}

bool kv_sequence_promise(kv_sequence *s, kv_pool *p, uint32_t n_tokens) {
    uint32_t need = (uint32_t)lnr_div_up(n_tokens, BLOCK), have = s->n_blocks + s->n_promised;
    LNR_ASSERT(need <= s->n_blocks_max);
    if (need <= have)
        return true;
    if (need - have > kv_pool_available(p))
        return false;
    s->n_promised += need - have;
    p->n_promised += need - have;
    return true;
}

bool kv_sequence_extend(kv_sequence *s, kv_pool *p, uint32_t n_tokens) {
    uint32_t need = (uint32_t)lnr_div_up(n_tokens, BLOCK);
    LNR_ASSERT(need <= s->n_blocks_max);
    while (s->n_blocks < need) {
        if (s->n_promised == 0 && kv_pool_available(p) == 0)
            return false;
        uint32_t block = kv_pool_take(p);
        append(s, p, block);
    }
    return true;
}

/* The next full block: entered, or exchanged for the one that already holds the same. */
static void enter(kv_sequence *s, kv_pool *p, const int32_t *token) {
    const int32_t *first = token + (size_t)s->n_indexed * BLOCK;
    uint64_t hash = kv_index_hash(hash_so_far(s, p), first);
    uint32_t own = s->block[s->n_indexed], same = kv_index_find(p, last_indexed(s), hash, first);
    if (same == KV_NONE) {
        kv_index_add(p, own, last_indexed(s), first, BLOCK, hash);
    } else {
        kv_pool_unref(p, own); /* first: with it the count of blocks to be had stays the same */
        kv_pool_ref(p, same);
        s->block[s->n_indexed] = same;
    }
    s->hash = hash;
    s->n_indexed++;
}

void kv_sequence_stored(kv_sequence *s, kv_pool *p, const int32_t *token, uint32_t n_tokens) {
    s->n_tokens = n_tokens;
    while (!s->apart && (s->n_indexed + 1) * BLOCK <= n_tokens)
        enter(s, p, token);
}

/* Enters the last, not full block, unless the index has its tokens already. */
static void enter_tail(kv_sequence *s, kv_pool *p, const int32_t *token) {
    uint32_t n = s->n_tokens - s->n_indexed * BLOCK, n_common;
    const int32_t *first = token + (size_t)s->n_indexed * BLOCK;
    uint32_t parent = last_indexed(s);
    uint32_t near = kv_index_nearest(p, parent, first, n, &n_common);
    if (near != KV_NONE && n_common == n)
        return;
    kv_index_add(p, s->block[s->n_indexed], parent, first, n, 0);
}

void kv_sequence_close(kv_sequence *s, kv_pool *p, const int32_t *token) {
    if (!s->apart && s->n_tokens > s->n_indexed * BLOCK)
        enter_tail(s, p, token);
    /* From the end: a block is then always cached later than those that go on from it, so that the
     * oldest cached one is a leaf of the tree and its loss strands no other. */
    while (s->n_blocks > 0)
        kv_pool_unref(p, s->block[--s->n_blocks]);
    p->n_promised -= s->n_promised;
    s->n_promised = s->n_tokens = s->n_indexed = 0;
}
