/* Bump allocation in a list of blocks; see arena.h. */
#include "base/arena.h"

#include "base/alloc.h"
#include "base/checked.h"

#include <stdint.h>
#include <string.h>

#define ARENA_ALIGN       16
#define ARENA_FIRST_BYTES 4096
#define ARENA_GROWTH_MAX  (1u << 20)

struct arena_block {
    arena_block *older;
    size_t used, capacity; /* bytes of data[] */
    _Alignas(ARENA_ALIGN) char data[];
};

void arena_init(arena *a) {
    a->head = NULL;
    a->next_bytes = ARENA_FIRST_BYTES;
}

void arena_deinit(arena *a) {
    while (a->head) {
        arena_block *older = a->head->older;
        lnr_free(a->head);
        a->head = older;
    }
}

void *arena_alloc(arena *a, size_t n, size_t item_bytes) {
    size_t bytes;
    if (!lnr_mul_size(n, item_bytes, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    bytes = lnr_round_up(bytes, ARENA_ALIGN);
    arena_block *b = a->head;
    if (b == NULL || b->capacity - b->used < bytes) {
        size_t capacity = bytes > a->next_bytes ? bytes : a->next_bytes;
        b = lnr_alloc(sizeof *b + capacity);
        if (b == NULL)
            return NULL;
        b->older = a->head;
        b->used = 0;
        b->capacity = capacity;
        a->head = b;
        if (a->next_bytes < ARENA_GROWTH_MAX)
            a->next_bytes *= 2;
    }
    void *p = b->data + b->used;
    b->used += bytes;
    memset(p, 0, bytes);
    return p;
}

char *arena_strdup_n(arena *a, const char *p, size_t n) {
    size_t bytes;
    char *copy = lnr_add_size(n, 1, &bytes) ? arena_alloc(a, bytes, 1) : NULL;
    if (copy && n)
        memcpy(copy, p, n);
    return copy;
}
