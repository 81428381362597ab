/* The process allocator; see alloc.h. The only file that calls malloc. */
#include "base/alloc.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

static void *heap_alloc(size_t bytes, void *user) {
    (void)user;
    return malloc(bytes);
}

static void *heap_resize(void *p, size_t bytes, void *user) {
    (void)user;
    return realloc(p, bytes);
}

static void heap_release(void *p, void *user) {
    (void)user;
    free(p);
}

static lnr_allocator current = {heap_alloc, heap_resize, heap_release, NULL};

void lnr_allocator_set(const lnr_allocator *a) {
    current = a ? *a : (lnr_allocator){heap_alloc, heap_resize, heap_release, NULL};
}

void *lnr_alloc(size_t bytes) {
    return current.alloc(bytes ? bytes : 1, current.user);
}

void *lnr_alloc_zeroed(size_t bytes) {
    void *p = lnr_alloc(bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

void *lnr_alloc_array(size_t n, size_t item_bytes) {
    size_t bytes;
    return lnr_mul_size(n, item_bytes, &bytes) ? lnr_alloc_zeroed(bytes) : NULL;
}

void *lnr_realloc(void *p, size_t bytes) {
    if (p == NULL)
        return lnr_alloc(bytes);
    return current.resize(p, bytes ? bytes : 1, current.user);
}

void *lnr_realloc_array(void *p, size_t n, size_t item_bytes) {
    size_t bytes;
    return lnr_mul_size(n, item_bytes, &bytes) ? lnr_realloc(p, bytes) : NULL;
}

void lnr_free(void *p) {
    if (p)
        current.release(p, current.user);
}

char *lnr_strdup_n(const char *p, size_t n) {
    size_t bytes;
    char *copy = lnr_add_size(n, 1, &bytes) ? lnr_alloc(bytes) : NULL;
    if (copy) {
        if (n)
            memcpy(copy, p, n);
        copy[n] = '\0';
    }
    return copy;
}
