/* A made-up vocabulary of a real one's size, that really turns text into tokens and back.
 *
 * It begins as every vocabulary does: bytes, then all pairs and triples of letters, with and
 * without a leading space; the rest are random joins of those until the size is reached. Each new
 * token is the join of two that are there, which is a merge rule of BPE and a piece of
 * SentencePiece at once. Control tokens have the names and ids of the family's. */
#ifndef LNR_TOOLS_WORDS_H
#define LNR_TOOLS_WORDS_H

#include "gguf/writer.h"
#include "tools/shapes.h"

/* Writes all tokenizer.* keys. LNR_E_NOMEM; what the writer refuses it keeps itself. */
lnr_status words_write(word_family family, uint32_t n_tokens, uint64_t seed, gguf_writer *w,
                       lnr_error *err);

#endif
