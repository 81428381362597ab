/* The blocks of one sequence, in order of position, and how sequences share them.
 *
 * What is computed depends on the tokens alone, down to the last bit. So a sequence that begins
 * like an earlier one takes its blocks instead of computing them, and of two sequences that
 * computed the same block at the same time one gives its own away. One thread (the engine's owner).
 */
#ifndef LNR_CACHE_KV_SEQUENCE_H
#define LNR_CACHE_KV_SEQUENCE_H

#include "cache/kv_pool.h"

typedef struct kv_sequence {
    uint32_t *block; /* (n_blocks_max). owned */
    uint32_t n_blocks, n_blocks_max;
    uint32_t n_tokens; /* positions whose K and V are stored */
    uint32_t
        n_indexed; /* leading blocks that are in the index; the rest is this sequence's alone */
    uint32_t n_promised; /* blocks that it may still take, counted in the pool's promises */
    uint64_t hash;       /* of the tokens in the first n_indexed blocks */
    bool apart;          /* shares nothing: takes no block from the index and enters none */
} kv_sequence;

/* Why reuse ended where it did. */
typedef enum kv_miss { KV_MISS_NONE, KV_MISS_NEW, KV_MISS_EDITED, KV_MISS_EVICTED } kv_miss;

typedef struct kv_match {
    uint32_t n_tokens; /* stored positions that the sequence now has */
    uint32_t n_same;   /* tokens that agree with the cached ones: the first that does not has this
                          position. More than n_tokens where a part of a block is not usable */
    kv_miss miss;
    uint32_t copy_from, copy_to; /* before anything else happens, the caller makes the second a copy
                                    of the first; KV_NONE: nothing to copy */
} kv_match;

lnr_status kv_sequence_init(kv_sequence *s, uint32_t n_tokens_max, lnr_error *err);
void kv_sequence_deinit(kv_sequence *s); /* it holds no blocks any more */

/* Takes further blocks that hold token[s->n_tokens ...], at most up to n_max tokens in all. The
 * sequence must hold no block behind its n_tokens positions. */
void kv_sequence_match(kv_sequence *s, kv_pool *p, const int32_t *token, uint32_t n_max,
                       kv_match *out);

/* Goes on to n_tokens with a copy of the part that `other` has in its next block: false if there is
 * no room, else as out says. Both have the same whole blocks before it. */
bool kv_sequence_copy_part(kv_sequence *s, kv_pool *p, const kv_sequence *other, uint32_t n_tokens,
                           kv_match *out);

/* Only whole blocks that are there by now, up to n_max tokens. */
void kv_sequence_match_full(kv_sequence *s, kv_pool *p, const int32_t *token, uint32_t n_max);

/* Promises blocks for n_tokens positions in all, those held included; false: not that many are
 * available, and nothing changes. */
bool kv_sequence_promise(kv_sequence *s, kv_pool *p, uint32_t n_tokens);

/* Takes blocks for n_tokens positions in all, promised ones first; false: none was available. */
bool kv_sequence_extend(kv_sequence *s, kv_pool *p, uint32_t n_tokens);

/* Positions up to n_tokens are stored now: enters the blocks that became full into the index. */
void kv_sequence_stored(kv_sequence *s, kv_pool *p, const int32_t *token, uint32_t n_tokens);

/* Gives everything back; what is stored stays cached. */
void kv_sequence_close(kv_sequence *s, kv_pool *p, const int32_t *token);

#endif
