/* What happens when a text grows longer than the context: an error that names both numbers, or, if
 * the user asked for it, the oldest tokens go, and it is said which. */
#ifndef LNR_CLI_CONTEXT_H
#define LNR_CLI_CONTEXT_H

#include "base/buf.h"

/* A growing list of tokens. */
typedef struct context_tokens {
    int32_t *ids; /* (n); owned */
    size_t n, capacity;
} context_tokens;

lnr_status context_tokens_add(context_tokens *t, const int32_t *ids, size_t n, lnr_error *err);
void context_tokens_deinit(context_tokens *t);

/* Drops the tokens behind the first n_keep, so that what is left behind them fills half of the
 * context's rest; n is at least n_ctx. said: a line that tells which. LNR_E_ARGUMENT if n_keep
 * leaves no room. */
lnr_status context_tokens_shift(context_tokens *t, size_t n_keep, uint32_t n_ctx, lnr_buf *said,
                                lnr_error *err);

/* The error of n tokens in a context of n_ctx; other: one more thing that would help. Always
 * LNR_E_LIMIT. */
lnr_status context_overflow(size_t n, uint32_t n_ctx, uint32_t n_ctx_train, const char *other,
                            lnr_error *err);

#endif
