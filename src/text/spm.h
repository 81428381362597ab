/* SentencePiece BPE ("llama"): characters merge into the token with the best score.
 *
 * What SentencePiece finds by looking up joined strings is prepared here as a table of pairs, so
 * that the same merging serves both kinds of vocabulary. Spaces are U+2581 inside. A character that
 * no token contains becomes its bytes' tokens, or the unknown token where those are missing. */
#ifndef LNR_TEXT_SPM_H
#define LNR_TEXT_SPM_H

#include "text/merge.h"
#include "text/vocab.h"

typedef struct spm {
    const vocab *vocab; /* borrowed */
    pair_table pairs;
    strmap extra; /* character -> symbol: characters inside tokens that are no tokens themselves */
    lnr_str *extra_text;        /* (extra.count) borrowed from the vocabulary; owned array */
    uint32_t ascii_symbol[128]; /* of one-byte characters; of ' ' it is U+2581's */
    bool splits_at_spaces; /* no mergeable token has a space after another character: words can be
                              merged one by one, with the same result and a smaller working set */
} spm;

/* On failure s needs no spm_deinit. */
lnr_status spm_init(spm *s, const vocab *v, lnr_error *err);
void spm_deinit(spm *s);

/* The pair table's part of spm_init; see spm_pairs.c. */
lnr_status spm_find_pairs(spm *s, lnr_error *err);

/* space_before: as if the text began with one more space. */
lnr_status spm_encode(const spm *s, lnr_str text, bool space_before, token_list *out,
                      lnr_error *err);

#endif
