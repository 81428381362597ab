/* The end of the context; see context.h. What is left after a shift is computed anew, at its new
 * positions: exact, and simple enough to be trusted. */
#include "cli/context.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdio.h>

lnr_status context_tokens_add(context_tokens *t, const int32_t *ids, size_t n, lnr_error *err) {
    if (n > t->capacity - t->n) {
        size_t capacity = 2 * t->capacity + n;
        int32_t *larger = lnr_realloc_array(t->ids, capacity, sizeof *larger);
        if (larger == NULL)
            return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %zu tokens", t->n + n);
        t->ids = larger;
        t->capacity = capacity;
    }
    memcpy(t->ids + t->n, ids, n * sizeof *ids);
    t->n += n;
    return LNR_OK;
}

void context_tokens_deinit(context_tokens *t) {
    lnr_free(t->ids);
    *t = (context_tokens){0};
}

lnr_status context_tokens_shift(context_tokens *t, size_t n_keep, uint32_t n_ctx, lnr_buf *said,
                                lnr_error *err) {
    if (n_keep + 2 > n_ctx)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "keeping the first %zu tokens leaves no room in a context of %" PRIu32
                        ": at most %" PRIu32 " can be kept",
                        n_keep, n_ctx, n_ctx - 2);
    size_t n_last = (n_ctx - n_keep) / 2, n_dropped = t->n - n_keep - n_last;
    buf_printf(said,
               "context of %" PRIu32 " tokens full: dropped tokens %zu to %zu of %zu, kept the "
               "first %zu and the last %zu",
               n_ctx, n_keep + 1, n_keep + n_dropped, t->n, n_keep, n_last);
    memmove(t->ids + n_keep, t->ids + n_keep + n_dropped, n_last * sizeof *t->ids);
    t->n = n_keep + n_last;
    return LNR_OK;
}

lnr_status context_overflow(size_t n, uint32_t n_ctx, uint32_t n_ctx_train, const char *other,
                            lnr_error *err) {
    char larger[80] = "";
    if (n_ctx < n_ctx_train)
        snprintf(larger, sizeof larger, "'--ctx N' makes it larger, up to %" PRIu32 "; ",
                 n_ctx_train);
    return LNR_FAIL(err, LNR_E_LIMIT,
                    "%zu tokens and room for an answer are needed, the context holds %" PRIu32
                    ": %s%s",
                    n, n_ctx, larger, other);
}
