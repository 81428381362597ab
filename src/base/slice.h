/* A borrowed run of bytes with its length: strings in files are not NUL-terminated and may hold
 * NULs. */
#ifndef LNR_BASE_SLICE_H
#define LNR_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct lnr_str {
    const char *p;
    size_t n;
} lnr_str;

/* For printf's "%.*s"; error lines are at most some hundred characters, so a longer string is cut.
 */
#define LNR_STR_SHOWN_MAX 120
#define LNR_STR(s)        (int)((s).n < LNR_STR_SHOWN_MAX ? (s).n : LNR_STR_SHOWN_MAX), (s).p

/* A path for printf's "%s%s": a long one is cut at its front, so that the reason behind it still
 * fits. */
#define LNR_PATH_SHOWN_MAX 200
#define LNR_PATH(path)                                                                             \
    (strlen(path) > LNR_PATH_SHOWN_MAX ? "..." : ""),                                              \
        ((path) + (strlen(path) > LNR_PATH_SHOWN_MAX ? strlen(path) - LNR_PATH_SHOWN_MAX : 0))

static inline lnr_str lnr_str_from(const char *z) {
    return (lnr_str){z, strlen(z)};
}

static inline bool lnr_str_equal(lnr_str a, lnr_str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool lnr_str_is(lnr_str a, const char *z) {
    return lnr_str_equal(a, lnr_str_from(z));
}

static inline bool lnr_str_starts(lnr_str a, const char *prefix) {
    size_t n = strlen(prefix);
    return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

#endif
