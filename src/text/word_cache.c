/* See word_cache.h. */
#include "text/word_cache.h"

#include "base/alloc.h"

bool word_cache_init(word_cache *c, size_t n_text_bytes) {
    c->word = NULL;
    if (n_text_bytes < WORD_CACHE_TEXT_MIN)
        return true;
    c->word = lnr_alloc_array(WORD_CACHE_WORDS, sizeof *c->word);
    return c->word != NULL;
}

void word_cache_deinit(word_cache *c) {
    lnr_free(c->word);
    c->word = NULL;
}

void word_cache_store(cached_word *w, const uint64_t key[2], const int32_t *id, size_t n) {
    if (n > WORD_CACHE_IDS_MAX)
        return;
    w->key[0] = key[0];
    w->key[1] = key[1];
    w->n = (uint32_t)n;
    if (n)
        memcpy(w->id, id, n * sizeof *id);
}
