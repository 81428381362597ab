/* The only way to heap memory inside lanner.
 *
 * One process-wide allocator, replaceable before first use, so that a host program can count or
 * place our memory and the fault tests can fail the n-th allocation. Small objects only: weights
 * and KV come from os_memory (os/os.h). */
#ifndef LNR_BASE_ALLOC_H
#define LNR_BASE_ALLOC_H

#include <stddef.h>

typedef struct lnr_allocator {
    void *(*alloc)(size_t bytes, void *user);           /* NULL when there is none; bytes > 0 */
    void *(*resize)(void *p, size_t bytes, void *user); /* p from alloc; NULL keeps p alive */
    void (*release)(void *p, void *user);               /* p from alloc, not NULL */
    void *user;
} lnr_allocator;

/* Takes effect at once; NULL restores malloc. Only while nothing allocated is alive. */
void lnr_allocator_set(const lnr_allocator *a);

void *lnr_alloc(size_t bytes); /* uninitialised; bytes 0 gives a valid pointer */
void *lnr_alloc_zeroed(size_t bytes);
void *lnr_alloc_array(size_t n, size_t item_bytes); /* zeroed; NULL also when the product wraps */
void *lnr_realloc(void *p, size_t bytes);           /* p may be NULL; NULL keeps p alive */
void *lnr_realloc_array(void *p, size_t n, size_t item_bytes);
void lnr_free(void *p);                      /* NULL allowed */
char *lnr_strdup_n(const char *p, size_t n); /* NUL-terminated copy */

#define lnr_new(type) ((type *)lnr_alloc_zeroed(sizeof(type)))

#endif
