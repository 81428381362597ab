/* Formatting of error lines; see fail.h. */
#include "base/fail.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Replaces control characters and bytes that are not valid UTF-8 by '?', in place. A string cut by
 * vsnprintf in the middle of a character is repaired the same way. */
static void make_printable(char *text) {
    size_t n = strlen(text);
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = lnr_utf8_decode(text + i, n - i, &cp);
        if (len == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0)) {
            text[i] = '?';
            i++;
        } else {
            i += len;
        }
    }
}

lnr_status lnr_fail(lnr_error *err, lnr_status code, const char *fmt, ...) {
    if (err == NULL)
        return code;
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    err->code = code;
    if (n < 0)
        err->text[0] = '\0';
    make_printable(err->text);
    return code;
}

#ifdef LNR_ASSERTS
_Noreturn void lnr_assert_failed(const char *expr, const char *file, int line) {
    fprintf(stderr, "%s:%d: our mistake: %s\n", file, line, expr);
    abort();
}
#endif

static const struct {
    const char *name, *text;
} status_strings[] = {
#define X(code, name, text) [code] = {name, text},
    LNR_STATUS_LIST(X)
#undef X
};

static int is_status(lnr_status status) {
    return (size_t)status < sizeof status_strings / sizeof status_strings[0];
}

const char *lnr_status_name(lnr_status status) {
    return is_status(status) ? status_strings[status].name : "unknown";
}

const char *lnr_status_text(lnr_status status) {
    return is_status(status) ? status_strings[status].text : "unknown";
}
