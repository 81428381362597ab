/* Finding control and user-defined tokens written out in text: leftmost first, the longest there.
 *
 * One automaton (Aho and Corasick, "Efficient string matching", 1975) over the tokens' texts read
 * backwards runs over the text from its end: at each place it then knows the longest token that
 * begins there. Two passes, however many tokens there are and however they overlap. */
#ifndef LNR_TEXT_SPECIAL_H
#define LNR_TEXT_SPECIAL_H

#include "text/vocab.h"

typedef struct special_node special_node;

typedef struct special_finder {
    special_node *node; /* (n_nodes), node 0 is the root; owned */
    uint32_t n_nodes;
    uint32_t *child; /* (child_capacity) node numbers, 0: none; by parent and byte; owned */
    size_t child_capacity;
    uint32_t root_child[256]; /* 0: none */
} special_finder;

typedef struct special_match {
    size_t at;
    int32_t id;
} special_match;

typedef struct special_matches {
    special_match *match; /* (n) by descending position, as found; owned */
    size_t n, capacity;
} special_matches;

/* On failure s needs no special_deinit. */
lnr_status special_init(special_finder *s, const vocab *v, lnr_error *err);
void special_deinit(special_finder *s);

/* Every place where a token begins, with the longest that does; overlapping ones too. control:
 * control and unknown tokens as well as user-defined ones. m is initialised here; free it on
 * failure as well. */
lnr_status special_find(const special_finder *s, lnr_str text, bool control, special_matches *m,
                        lnr_error *err);
void special_matches_deinit(special_matches *m);

#endif
