/* Cutting text into the pieces that byte-level BPE merges inside of ("pre-tokenisation").
 *
 * Each named splitter is one row of a table: the patterns its vocabulary was trained with, as
 * published, and what else the name says about the vocabulary. */
#ifndef LNR_TEXT_SPLITTER_H
#define LNR_TEXT_SPLITTER_H

#include "base/fail.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct splitter splitter;

/* name as in tokenizer.ggml.pre. LNR_E_UNSUPPORTED for one that is not in the table. */
lnr_status splitter_create(lnr_str name, splitter **out, lnr_error *err);
void splitter_destroy(splitter *s); /* NULL allowed */
const char *splitter_name(const splitter *s);

/* A piece that is a token is that token, whatever its merges would make of it. */
bool splitter_takes_whole_tokens(const splitter *s);

/* Vocabularies of this name begin with BOS unless the file says otherwise; false for a name that is
 * not in the table. */
bool splitter_adds_bos(lnr_str name);

/* The i-th name of the table, NULL beyond the last. */
const char *splitter_known_name(size_t i);

/* One call's working memory; the splitter itself may be used by any thread at once. */
typedef struct splitter_run splitter_run;

lnr_status splitter_run_create(const splitter *s, splitter_run **out, lnr_error *err);
void splitter_run_destroy(splitter_run *r); /* NULL allowed */

/* Cuts text, valid UTF-8 of at most INT32_MAX bytes, into pieces: (*ends)[0..*n_ends) are the ends
 * of the pieces in order, ascending, the last one text.n; valid until the next call. An empty text
 * has no piece. LNR_E_NOMEM, LNR_E_LIMIT (a pattern's match limit). */
lnr_status splitter_split(splitter_run *r, lnr_str text, const uint32_t **ends, size_t *n_ends,
                          lnr_error *err);

#endif
