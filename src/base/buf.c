/* See buf.h. */
#include "base/buf.h"

#include "base/alloc.h"
#include "base/checked.h"

#include <stdarg.h>
#include <stdio.h>

void buf_init(lnr_buf *b) {
    *b = (lnr_buf){0};
}

void buf_deinit(lnr_buf *b) {
    lnr_free(b->p);
    *b = (lnr_buf){0};
}

void buf_clear(lnr_buf *b) {
    b->n = 0;
    b->failed = false;
}

/* Room for n more bytes and a NUL. */
static bool reserve(lnr_buf *b, size_t n) {
    size_t need;
    if (b->failed || !lnr_add_size(b->n, n, &need) || !lnr_add_size(need, 1, &need)) {
        b->failed = true;
        return false;
    }
    if (need <= b->capacity)
        return true;
    size_t capacity = need < 64 ? 64 : need;
    if (capacity < b->capacity + b->capacity / 2)
        capacity = b->capacity + b->capacity / 2;
    char *p = lnr_realloc(b->p, capacity);
    if (p == NULL) {
        b->failed = true;
        return false;
    }
    b->p = p;
    b->capacity = capacity;
    return true;
}

void buf_add(lnr_buf *b, const void *p, size_t n) {
    if (!reserve(b, n) || n == 0)
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void buf_add_str(lnr_buf *b, const char *z) {
    buf_add(b, z, strlen(z));
}

void buf_add_char(lnr_buf *b, char c) {
    buf_add(b, &c, 1);
}

void buf_printf(lnr_buf *b, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        b->failed = true;
    else if (reserve(b, (size_t)n)) {
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

bool buf_failed(const lnr_buf *b) {
    return b->failed;
}

const char *buf_cstr(lnr_buf *b) {
    if (!reserve(b, 0))
        return NULL;
    b->p[b->n] = '\0';
    return b->p;
}
