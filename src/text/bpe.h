/* Byte-level BPE ("gpt2"): text is cut into pieces by the splitter, each piece's bytes are merged
 * by rank.
 *
 * A byte that is no part of valid UTF-8 is a piece of its own, and the text on its two sides is
 * split as if it ended and began there: whatever the bytes, decoding what was encoded gives them
 * back. */
#ifndef LNR_TEXT_BPE_H
#define LNR_TEXT_BPE_H

#include "base/arena.h"
#include "text/merge.h"
#include "text/splitter.h"
#include "text/vocab.h"

typedef struct bpe {
    const vocab *vocab; /* borrowed */
    splitter *splitter; /* owned */
    pair_table pairs;
    strmap extra; /* text -> symbol: halves and results of merges that are no tokens */
    arena texts;  /* the keys of extra */
    uint32_t byte_symbol[256];
    strmap whole; /* bytes -> id of the tokens that their own bytes merge into (no need to merge),
                     or of all where the splitter says that whole tokens go first */
    size_t whole_bytes_max; /* longest in whole */
} bpe;

/* On failure b needs no bpe_deinit. */
lnr_status bpe_init(bpe *b, const vocab *v, const gguf_file *f, lnr_error *err);
void bpe_deinit(bpe *b);

lnr_status bpe_encode(const bpe *b, lnr_str text, token_list *out, lnr_error *err);

#endif
