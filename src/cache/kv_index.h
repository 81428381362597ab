/* Which tokens the blocks hold: a tree, in which a block's children are the blocks that went on
 * from it.
 *
 * A full block is found through a hash of all tokens up to its end and then verified: its own
 * tokens are compared, and it must be a child of the block found before, whose tokens were compared
 * in their turn. So a match is a match of all tokens, whatever the hash says. A block that is not
 * full is a leaf and has no hash; the children of the last match are looked through for the one
 * that agrees longest. */
#ifndef LNR_CACHE_KV_INDEX_H
#define LNR_CACHE_KV_INDEX_H

#include "cache/kv_pool.h"

/* The hash of a full block with these tokens whose predecessor has hash `before`. */
uint64_t kv_index_hash(uint64_t before, const int32_t *token);

/* The full child of parent (KV_NONE: the beginning) with these tokens, or KV_NONE. */
uint32_t kv_index_find(const kv_pool *p, uint32_t parent, uint64_t hash, const int32_t *token);

/* The child of parent that shares most of the n tokens, *n_common of them (at least 1); KV_NONE if
 * there is none. */
uint32_t kv_index_nearest(const kv_pool *p, uint32_t parent, const int32_t *token, uint32_t n,
                          uint32_t *n_common);

/* The blocks that hold the longest stored beginning of n tokens, the last perhaps only in part: how
 * many tokens that are. block: room for n / KV_BLOCK_TOKENS, rounded up. */
uint32_t kv_index_path(const kv_pool *p, const int32_t *token, uint32_t n, uint32_t *block);

/* Enters a block that is held and not in the index, with n tokens (1 to KV_BLOCK_TOKENS; hash
 * counts if it is full). A full one must not be there yet (kv_index_find). */
void kv_index_add(kv_pool *p, uint32_t block, uint32_t parent, const int32_t *token, uint32_t n,
                  uint64_t hash);

/* Takes a block without children out, remembering a full one as evicted. */
void kv_index_drop(kv_pool *p, uint32_t block);

/* Whether a full block with this hash was dropped lately. A guess for statistics: by hash alone,
 * and forgotten after a while. */
bool kv_index_was_evicted(const kv_pool *p, uint64_t hash);

#endif
