/* A growable byte buffer for text and files being built. Failure is sticky: after memory ran short
 * the appends do nothing and buf_failed says so once, at the end. */
#ifndef LNR_BASE_BUF_H
#define LNR_BASE_BUF_H

#include "base/fail.h"
#include "base/slice.h"

typedef struct lnr_buf {
    char *p;  /* owned; not NUL-terminated until buf_cstr */
    size_t n; /* bytes in use */
    size_t capacity;
    bool failed;
} lnr_buf;

void buf_init(lnr_buf *b);
void buf_deinit(lnr_buf *b);
void buf_clear(lnr_buf *b); /* keeps the memory and forgets a failure */
void buf_add(lnr_buf *b, const void *p, size_t n);
void buf_add_str(lnr_buf *b, const char *z);
void buf_add_char(lnr_buf *b, char c);
void buf_printf(lnr_buf *b, const char *fmt, ...) LNR_PRINTF(2, 3);
bool buf_failed(const lnr_buf *b);

/* NUL-terminates and returns the text; NULL if memory ran short. Valid until the next append. */
const char *buf_cstr(lnr_buf *b);

#endif
