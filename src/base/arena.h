/* An arena: many small objects with one lifetime, freed together.
 *
 * Used for what lives as long as its model or request. Blocks grow geometrically; nothing moves, so
 * a pointer stays valid until arena_deinit. Not thread-safe. */
#ifndef LNR_BASE_ARENA_H
#define LNR_BASE_ARENA_H

#include <stddef.h>

typedef struct arena_block arena_block;

typedef struct arena {
    arena_block *head; /* newest block; owned */
    size_t next_bytes; /* size of the block to come */
} arena;

void arena_init(arena *a);
void arena_deinit(arena *a);

/* Zeroed, aligned to 16 bytes; NULL when memory is short or n * item_bytes wraps. */
void *arena_alloc(arena *a, size_t n, size_t item_bytes);
char *arena_strdup_n(arena *a, const char *p, size_t n); /* NUL-terminated copy */

#endif
