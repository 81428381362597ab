/* The words met lately in one text, with their tokens: a text repeats its words, and merging one
 * again costs a dozen look-ups in tables far larger than the processor's caches.
 *
 * Direct-mapped, one cache line a word, owned by one call of encode, so that nothing is shared.
 * What a word becomes depends on its bytes alone; hitting or missing changes no result. */
#ifndef LNR_TEXT_WORD_CACHE_H
#define LNR_TEXT_WORD_CACHE_H

#include "base/slice.h"
#include "text/tokenizer.h"

/* 256 KiB: stays in a core's second-level cache. */
#define WORD_CACHE_WORDS     4096
#define WORD_CACHE_BYTES_MAX 15 /* longest word */
#define WORD_CACHE_IDS_MAX   11 /* most tokens */

typedef struct cached_word {
    uint64_t key[2]; /* the bytes, zeros, and in the last byte their number; all zero: empty */
    uint32_t n;
    int32_t id[WORD_CACHE_IDS_MAX];
} cached_word;

typedef struct word_cache {
    cached_word *word; /* (WORD_CACHE_WORDS) owned; NULL: remembers nothing */
} word_cache;

/* A shorter text has too few words to repeat: c remembers nothing. */
#define WORD_CACHE_TEXT_MIN 2048

/* False when memory is short; c needs no word_cache_deinit then. */
bool word_cache_init(word_cache *c, size_t n_text_bytes);
void word_cache_deinit(word_cache *c);

/* The place for a word, to be looked at with word_cache_hit; NULL if it cannot be remembered. */
static inline cached_word *word_cache_place(const word_cache *c, lnr_str word, uint64_t key[2]) {
    if (c->word == NULL || word.n > WORD_CACHE_BYTES_MAX)
        return NULL;
    char bytes[16] = {0};
    memcpy(bytes, word.p, word.n);
    bytes[15] = (char)word.n;
    memcpy(key, bytes, 16);
    uint64_t hash = (key[0] ^ key[1] * 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
    return &c->word[hash >> 52]; /* the top 12 bits: WORD_CACHE_WORDS places */
}

static inline bool word_cache_hit(const cached_word *w, const uint64_t key[2]) {
    return w->key[0] == key[0] && w->key[1] == key[1];
}

/* Replaces what was at the place; more than WORD_CACHE_IDS_MAX tokens are not remembered. */
void word_cache_store(cached_word *w, const uint64_t key[2], const int32_t *id, size_t n);

#endif
