/* Which two neighbouring symbols merge into which third, and how urgently: the one table behind
 * both kinds of BPE.
 *
 * A symbol is a number: a token id, or a number of the encoder's own at or above the vocabulary's
 * size. Open addressing over a seeded hash, so that a file cannot prepare collisions. */
#ifndef LNR_TEXT_PAIRS_H
#define LNR_TEXT_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pair_entry {
    uint64_t pair;   /* left << 32 | right; PAIR_EMPTY: no entry */
    uint32_t rank;   /* the smallest merges first */
    uint32_t result; /* the symbol both become */
} pair_entry;

#define PAIR_EMPTY UINT64_MAX

typedef struct pair_table {
    pair_entry *entry; /* (capacity); owned */
    size_t capacity;   /* 0 or a power of two */
    size_t count;
} pair_table;

void pairs_init(pair_table *t);
void pairs_deinit(pair_table *t);
bool pairs_reserve(pair_table *t, size_t n); /* false when memory is short */

/* The first entry of a pair stays. left and right below UINT32_MAX. False when memory is short. */
bool pairs_add(pair_table *t, uint32_t left, uint32_t right, uint32_t rank, uint32_t result);

const pair_entry *pairs_find(const pair_table *t, uint32_t left, uint32_t right); /* NULL: none */

#endif
