/* Merging a run of symbols by a pair table: of all neighbours that merge, the pair with the
 * smallest rank goes first, among equals the leftmost, until no pair is left.
 *
 * A short run (a word) is searched whole before each merge, which beats any structure there. A long
 * one keeps its pairs in a heap and its symbols in a linked list: n log n, whatever the symbols
 * are. Both give the same result. */
#ifndef LNR_TEXT_MERGE_H
#define LNR_TEXT_MERGE_H

#include "text/pairs.h"

/* Longest run searched whole. Measured on English text with GPT-2's merges: 16 to 64 are equal, and
 * a run of 32 costs at most 32 * 31 / 2 comparisons of numbers in L1. */
#define MERGE_SHORT_MAX 32

typedef struct merge_symbol {
    uint32_t symbol;
    uint32_t n; /* how many of the run's symbols it covers; 0: merged into its left neighbour */
    uint32_t prev, next; /* while the heap is at work */
} merge_symbol;

typedef struct merge_candidate {
    uint64_t order; /* rank << 32 | index of the left symbol: one comparison */
    uint32_t
        n; /* symbols of the run both cover: differs from the sum as soon as either has changed */
    uint32_t result;
} merge_candidate;

typedef struct merger {
    const pair_table *pairs; /* borrowed */
    merge_symbol *symbol;    /* (n); owned */
    size_t n, capacity;
    merge_candidate *heap; /* (n_heap); owned */
    size_t n_heap, heap_capacity;
    size_t short_max;      /* MERGE_SHORT_MAX, or less in tests */
    uint64_t n_heap_steps; /* levels walked in the heap so far: what n log n is counted in */
} merger;

void merger_init(merger *m, const pair_table *pairs);
void merger_deinit(merger *m);

void merger_clear(merger *m);                /* keeps the memory */
bool merger_add(merger *m, uint32_t symbol); /* false when memory is short */

/* Leaves what remains in symbol[0..n). False when memory is short. */
bool merger_run(merger *m);

#endif
