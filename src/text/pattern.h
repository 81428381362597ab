/* Regular expressions over UTF-8 text: the only place that knows PCRE2.
 *
 * A list is compiled once, for PCRE2's JIT, and never changes; each caller runs it with working
 * memory of its own. A search that takes more steps than the text's length justifies is stopped
 * with an error. Patterns are our own and trusted; texts are not. */
#ifndef LNR_TEXT_PATTERN_H
#define LNR_TEXT_PATTERN_H

#include "base/fail.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_LIST_MAX   6 /* patterns in a list */
#define PATTERN_GROUPS_MAX 4 /* capturing groups in a pattern */

/* The insides of a character class: Unicode's White_Space. PCRE2's \s has U+180E too, and with
 * PCRE2_UCP off it has no character beyond ASCII: so patterns here say this instead. */
#define PATTERN_SPACE                                                                              \
    "\\t-\\r \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"                \
    "\\x{205f}\\x{3000}"

typedef struct pattern_list pattern_list;

/* pattern: up to PATTERN_LIST_MAX, the unused places NULL. name (for errors) is not copied. */
lnr_status pattern_list_create(const char *name, const char *const *pattern, pattern_list **out,
                               lnr_error *err);
void pattern_list_destroy(pattern_list *l); /* NULL allowed */
size_t pattern_list_count(const pattern_list *l);

/* One call's working memory; the list itself may be used by any thread at once. */
typedef struct pattern_run pattern_run;

lnr_status pattern_run_create(const pattern_list *l, pattern_run **out, lnr_error *err);
void pattern_run_destroy(pattern_run *r); /* NULL allowed */

/* Sets what one search may cost from now on, for texts of up to n_bytes. */
void pattern_run_limit(pattern_run *r, size_t n_bytes);

typedef struct pattern_match {
    size_t begin, end; /* where there is no match both are the text's length */
    int group;         /* the last capturing group that took part; 0: none */
} pattern_match;

/* The first match, never an empty one, of pattern number idx in text at or after at. text: valid
 * UTF-8; looking behind and ahead ends at its ends. LNR_E_NOMEM, LNR_E_LIMIT. */
lnr_status pattern_find(pattern_run *r, size_t idx, lnr_str text, size_t at, pattern_match *m,
                        lnr_error *err);

#endif
