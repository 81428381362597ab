/* Finds given strings in a text that arrives in pieces, and says which bytes may be shown already.
 *
 * The one idea: each string has a state, the length of its longest prefix that the text so far ends
 * with (Knuth, Morris, Pratt). The longest of these states is exactly what must be held back: it
 * could still become a match, and anything before it could not. Bytes only: no UTF-8, no tokens.
 * The result does not depend on how the text is cut into pieces. */
#ifndef LNR_TEXT_STOP_H
#define LNR_TEXT_STOP_H

#include "base/fail.h"
#include "base/slice.h"

#include <lanner/tokenizer.h>

typedef struct stop_pattern {
    lnr_str text;   /* in bytes of the matcher */
    uint16_t *fail; /* (text.n): longest proper prefix that is also a suffix of text[0..i] */
    uint32_t state; /* 0..text.n */
} stop_pattern;

typedef struct stop_matcher {
    stop_pattern *pattern; /* (n), owned */
    size_t n;
    char *bytes;     /* owned */
    uint16_t *fails; /* owned */
} stop_matcher;

/* text: at most LNR_STOPS_MAX strings of 1 to LNR_STOP_BYTES_MAX bytes, copied; name: what error
 * lines call them. LNR_E_ARGUMENT, LNR_E_NOMEM. */
lnr_status stop_matcher_init(stop_matcher *m, const char *const *text, size_t n, const char *name,
                             lnr_error *err);
void stop_matcher_deinit(stop_matcher *m);

/* Takes one byte. -1, or the index of a string that ends here: the longest, then the first. */
int stop_matcher_feed(stop_matcher *m, char byte);

/* How many bytes at the end of the text so far could still become a match. */
size_t stop_matcher_held(const stop_matcher *m);

/* As if no text had come. */
void stop_matcher_reset(stop_matcher *m);

#endif
