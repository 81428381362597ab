/* WordPiece ("bert"): words are cut into the longest tokens that they begin with.
 *
 * The text is cleaned first as BERT's own tokenizer does it: control characters and bytes that are
 * no UTF-8 are left out, accents are taken off (canonical decomposition without its non-spacing
 * marks), letters become lower case; then white space separates words, and every punctuation mark
 * and CJK ideograph is a word of its own. Vocabularies store the beginning of a word with U+2581
 * before it, its continuations as they are. What was encoded cannot be decoded exactly. */
#ifndef LNR_TEXT_WORDPIECE_H
#define LNR_TEXT_WORDPIECE_H

#include "text/pattern.h"
#include "text/vocab.h"

/* A longer word is the unknown token at once, as in the published tokenizers; llama.cpp has no such
 * bound. It is also what keeps the search linear whatever the vocabulary. */
#define WORDPIECE_WORD_CHARS_MAX 100

typedef struct wordpiece {
    const vocab *vocab;     /* borrowed */
    pattern_list *patterns; /* owned */
    size_t token_bytes_max; /* longest that plain text may become */
} wordpiece;

/* On failure w needs no wordpiece_deinit. */
lnr_status wordpiece_init(wordpiece *w, const vocab *v, lnr_error *err);
void wordpiece_deinit(wordpiece *w);

lnr_status wordpiece_encode(const wordpiece *w, lnr_str text, token_list *out, lnr_error *err);

#endif
