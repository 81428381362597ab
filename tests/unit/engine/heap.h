/* An allocator that counts, and fails once where it is told to. */
#ifndef LNR_TEST_ENGINE_HEAP_H
#define LNR_TEST_ENGINE_HEAP_H

#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static struct {
    uint64_t n_allocs, fail_at; /* fail_at 0: never */
    int64_t n_alive;
} heap;

static inline bool fails(void) {
    return ++heap.n_allocs == heap.fail_at;
}

static inline void *count_alloc(size_t bytes, void *user) {
    (void)user;
    void *p = fails() ? NULL : malloc(bytes);
    heap.n_alive += p != NULL;
    return p;
}

static inline void *count_resize(void *p, size_t bytes, void *user) {
    (void)user;
    return fails() ? NULL : realloc(p, bytes);
}

static inline void count_release(void *p, void *user) {
    (void)user;
    heap.n_alive--;
    free(p);
}

static const lnr_allocator counting = {count_alloc, count_resize, count_release, NULL};

#endif
