/* How lanner code reports failure: a status is returned, the details go to the caller's lnr_error.
 *
 * LNR_FAIL formats one line; whatever a hostile file put into a name is made printable there, once,
 * so that no caller has to think of escape sequences in a log. LNR_TRY forwards a failure.
 * LNR_ASSERT is for mistakes of ours only (debug and sanitizer builds), never for data from
 * outside. */
#ifndef LNR_BASE_FAIL_H
#define LNR_BASE_FAIL_H

#include <lanner/status.h>

#if defined(__GNUC__)
#define LNR_PRINTF(fmt_idx, args_idx) __attribute__((format(printf, fmt_idx, args_idx)))
#else
#define LNR_PRINTF(fmt_idx, args_idx)
#endif

/* Returns code, always. err may be NULL. */
lnr_status lnr_fail(lnr_error *err, lnr_status code, const char *fmt, ...) LNR_PRINTF(3, 4);

#define LNR_FAIL(err, code, ...) lnr_fail((err), (code), __VA_ARGS__)

#define LNR_TRY(expr)                                                                              \
    do {                                                                                           \
        lnr_status lnr_try_st_ = (expr);                                                           \
        if (lnr_try_st_ != LNR_OK)                                                                 \
            return lnr_try_st_;                                                                    \
    } while (0)

#ifdef LNR_ASSERTS
_Noreturn void lnr_assert_failed(const char *expr, const char *file, int line);
#define LNR_ASSERT(expr) ((expr) ? (void)0 : lnr_assert_failed(#expr, __FILE__, __LINE__))
#else
#define LNR_ASSERT(expr) ((void)sizeof(!(expr)))
#endif

#endif
