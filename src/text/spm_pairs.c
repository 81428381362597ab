/* The pair table of a SentencePiece vocabulary: every way to put a token together from two symbols.
 *
 * For a token, the symbols it begins with form a chain (each the longest that the one before begins
 * with), and so do those it ends with. Sorting all symbols by text, and by text read backwards,
 * gives every symbol its next link; walking the two chains against each other gives the pairs whose
 * lengths add up. Hashing each prefix and suffix instead would take time cubic in the length of a
 * hostile token. */
#include "text/spm.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdlib.h>

typedef struct item {
    lnr_str text;
    uint64_t
        head; /* the first eight bytes in the order of comparison: settles nearly all of them */
    uint32_t symbol;
} item;

#define NO_LINK UINT32_MAX

typedef struct chains {
    item *items;      /* (n) owned */
    lnr_str *text;    /* (n_symbols); text.p == NULL: a token that takes no part; owned */
    uint32_t *begin;  /* (n_symbols) the longest other symbol this one begins with; owned */
    uint32_t *end;    /* (n_symbols) ... ends with; owned */
    uint32_t *suffix; /* (longest text) one token's chain; owned */
    size_t n, n_symbols;
} chains;

static void chains_deinit(chains *c) {
    lnr_free(c->suffix);
    lnr_free(c->end);
    lnr_free(c->begin);
    lnr_free(c->text);
    lnr_free(c->items);
}

static int compare(const item *a, const item *b, bool backwards) {
    if (a->head != b->head)
        return a->head < b->head ? -1 : 1;
    size_t n = a->text.n < b->text.n ? a->text.n : b->text.n;
    if (!backwards) {
        int order = memcmp(a->text.p, b->text.p, n);
        if (order)
            return order;
    }
    for (size_t i = 1; backwards && i <= n; i++) {
        uint8_t ca = (uint8_t)a->text.p[a->text.n - i], cb = (uint8_t)b->text.p[b->text.n - i];
        if (ca != cb)
            return ca < cb ? -1 : 1;
    }
    return a->text.n < b->text.n ? -1 : a->text.n > b->text.n;
}

static int compare_forwards(const void *a, const void *b) {
    return compare(a, b, false);
}

static int compare_backwards(const void *a, const void *b) {
    return compare(a, b, true);
}

static bool begins_with(lnr_str s, lnr_str other, bool backwards) {
    return s.n > other.n && memcmp(backwards ? s.p + s.n - other.n : s.p, other.p, other.n) == 0;
}

/* In sorted order a symbol's prefixes are among the chain of the one before it. */
static void link_items(chains *c, uint32_t *link, bool backwards) {
    for (size_t i = 0; i < c->n; i++) {
        lnr_str t = c->items[i].text;
        c->items[i].head = 0;
        for (size_t k = 0; k < 8; k++) {
            uint8_t byte = k < t.n ? (uint8_t)t.p[backwards ? t.n - 1 - k : k] : 0;
            c->items[i].head = c->items[i].head << 8 | byte;
        }
    }
    qsort(c->items, c->n, sizeof *c->items, backwards ? compare_backwards : compare_forwards);
    uint32_t previous = NO_LINK;
    for (size_t i = 0; i < c->n; i++) {
        const item *it = &c->items[i];
        while (previous != NO_LINK && !begins_with(it->text, c->text[previous], backwards))
            previous = link[previous];
        link[it->symbol] = previous;
        previous = it->symbol;
    }
}

static lnr_status chains_init(chains *c, const spm *s, lnr_error *err) {
    const vocab *v = s->vocab;
    size_t longest = 1;
    for (uint32_t i = 0; i < v->n_tokens; i++)
        if (v->text[i].n > longest)
            longest = v->text[i].n;
    *c = (chains){.n_symbols = v->n_tokens + s->extra.count};
    c->items = lnr_alloc_array(c->n_symbols, sizeof *c->items);
    c->text = lnr_alloc_array(c->n_symbols, sizeof *c->text);
    c->begin = lnr_alloc_array(c->n_symbols, sizeof *c->begin);
    c->end = lnr_alloc_array(c->n_symbols, sizeof *c->end);
    c->suffix = lnr_alloc_array(longest, sizeof *c->suffix);
    if (!c->items || !c->text || !c->begin || !c->end || !c->suffix) {
        chains_deinit(c);
        return LNR_FAIL(err, LNR_E_NOMEM, "merges of %u tokens", v->n_tokens);
    }
    for (size_t i = 0; i < c->n_symbols; i++) {
        if (i >= v->n_tokens)
            c->text[i] = s->extra_text[i - v->n_tokens];
        else if (v->flags[i] & VOCAB_FROM_TEXT)
            c->text[i] = v->text[i];
        else
            continue;
        c->items[c->n++] = (item){.text = c->text[i], .symbol = (uint32_t)i};
    }
    link_items(c, c->begin, false);
    link_items(c, c->end, true);
    return LNR_OK;
}

/* Better scores first; equal scores give equal ranks, and the leftmost pair goes first. The bits of
 * a float, its sign bit turned, order as the float does; adding 0 makes -0 and 0 the same. */
static uint32_t rank_of_score(float score) {
    uint32_t bits;
    score += 0.0f;
    memcpy(&bits, &score, sizeof bits);
    return ~(bits & 0x80000000u ? ~bits : bits | 0x80000000u);
}

/* A space after a character that is none. */
static bool has_space_inside(lnr_str s) {
    bool after_space = true;
    for (size_t i = 0; i < s.n;) {
        bool space = s.n - i >= 3 && memcmp(s.p + i, "\xe2\x96\x81", 3) == 0;
        if (space && !after_space)
            return true;
        after_space = space;
        i += space ? 3 : 1;
    }
    return false;
}

static lnr_status add_pairs(spm *s, chains *c, uint32_t id, lnr_error *err) {
    size_t n = c->text[id].n, n_suffixes = 0;
    bool any = false;
    for (uint32_t e = c->end[id]; e != NO_LINK; e = c->end[e])
        c->suffix[n_suffixes++] = e;
    /* Prefixes get shorter, so the suffixes that fit get longer: from the chain's far end. */
    for (uint32_t b = c->begin[id]; b != NO_LINK; b = c->begin[b]) {
        while (n_suffixes && c->text[c->suffix[n_suffixes - 1]].n < n - c->text[b].n)
            n_suffixes--;
        if (n_suffixes == 0)
            break;
        uint32_t e = c->suffix[n_suffixes - 1];
        if (c->text[e].n != n - c->text[b].n)
            continue;
        any = true;
        if (!pairs_add(&s->pairs, b, e, rank_of_score(s->vocab->score[id]), id))
            return LNR_FAIL(err, LNR_E_NOMEM, "merges of %u tokens", s->vocab->n_tokens);
    }
    if (any && has_space_inside(c->text[id]))
        s->splits_at_spaces = false;
    return LNR_OK;
}

lnr_status spm_find_pairs(spm *s, lnr_error *err) {
    chains c;
    LNR_TRY(chains_init(&c, s, err));
    s->splits_at_spaces = true;
    lnr_status st = LNR_OK;
    for (uint32_t i = 0; !st && i < s->vocab->n_tokens; i++)
        if (s->vocab->flags[i] & VOCAB_FROM_TEXT)
            st = add_pairs(s, &c, i, err);
    chains_deinit(&c);
    return st;
}
