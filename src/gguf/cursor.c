/* Reading in pieces that stay where they are; see cursor.h. */
#include "gguf/cursor.h"

#include "gguf/rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* A header of a small model fits the first piece; a vocabulary takes few of the largest. */
#define PIECE_FIRST_BYTES ((size_t)16 << 10)
#define PIECE_MAX_BYTES   ((size_t)1 << 20)

void gguf_cursor_init(gguf_cursor *c, os_file *file, arena *mem) {
    *c = (gguf_cursor){
        .file = file,
        .mem = mem,
        .end = os_file_size(file),
        .piece_bytes = PIECE_FIRST_BYTES,
        .noun = "header",
    };
}

void gguf_cursor_at(gguf_cursor *c, const char *noun, uint64_t idx, lnr_str name) {
    c->noun = noun;
    c->idx = idx;
    c->name = name;
}

lnr_status gguf_cursor_fail(const gguf_cursor *c, lnr_status code, lnr_error *err, const char *fmt,
                            ...) {
    char text[LNR_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    if (vsnprintf(text, sizeof text, fmt, args) < 0)
        text[0] = '\0';
    va_end(args);
    if (c->name.p)
        return LNR_FAIL(err, code, "%s '%.*s' at byte %" PRIu64 ": %s", c->noun, LNR_STR(c->name),
                        c->pos, text);
    if (c->idx)
        return LNR_FAIL(err, code, "%s %" PRIu64 " at byte %" PRIu64 ": %s", c->noun, c->idx,
                        c->pos, text);
    return LNR_FAIL(err, code, "%s at byte %" PRIu64 ": %s", c->noun, c->pos, text);
}

uint64_t gguf_cursor_left(const gguf_cursor *c) {
    return c->end - c->pos;
}

/* Brings at least n bytes from pos on into memory, in one run. The few that were there are copied.
 */
static lnr_status fill(gguf_cursor *c, uint64_t n, lnr_error *err) {
    if (n > gguf_cursor_left(c))
        return gguf_cursor_fail(c, LNR_E_FORMAT, err,
                                "needs %" PRIu64 " bytes, but the file ends at byte %" PRIu64, n,
                                c->end);
    if (n > GGUF_HEADER_MAX || c->pos > GGUF_HEADER_MAX - n)
        return gguf_cursor_fail(c, LNR_E_UNSUPPORTED, err,
                                "the header is larger than %" PRIu64 " bytes", GGUF_HEADER_MAX);
    uint64_t want = n > c->piece_bytes ? n : c->piece_bytes;
    if (want > gguf_cursor_left(c))
        want = gguf_cursor_left(c);
    size_t bytes = (size_t)want;
    uint8_t *p = arena_alloc(c->mem, bytes, 1);
    if (p == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %zu bytes of the header", bytes);
    if (c->n)
        memcpy(p, c->p, c->n);
    LNR_TRY(os_file_read_at(c->file, c->pos + c->n, p + c->n, bytes - c->n, err));
    c->p = p;
    c->n = bytes;
    if (c->piece_bytes < PIECE_MAX_BYTES)
        c->piece_bytes *= 2;
    return LNR_OK;
}

lnr_status gguf_cursor_take(gguf_cursor *c, uint64_t n, const uint8_t **p, lnr_error *err) {
    if (n > c->n)
        LNR_TRY(fill(c, n, err));
    *p = c->p;
    if (n) { /* c->p may be NULL before the first piece */
        c->p += n;
        c->n -= (size_t)n;
        c->pos += n;
    }
    return LNR_OK;
}

lnr_status gguf_cursor_u32(gguf_cursor *c, uint32_t *out, lnr_error *err) {
    const uint8_t *p;
    LNR_TRY(gguf_cursor_take(c, 4, &p, err));
    *out = gguf_load_u32(p);
    return LNR_OK;
}

lnr_status gguf_cursor_u64(gguf_cursor *c, uint64_t *out, lnr_error *err) {
    const uint8_t *p;
    LNR_TRY(gguf_cursor_take(c, 8, &p, err));
    *out = gguf_load_u64(p);
    return LNR_OK;
}

lnr_status gguf_cursor_str(gguf_cursor *c, uint64_t bytes_max, const char *what, lnr_str *out,
                           lnr_error *err) {
    uint64_t n;
    LNR_TRY(gguf_cursor_u64(c, &n, err));
    if (n > gguf_cursor_left(c))
        return gguf_cursor_fail(c, LNR_E_FORMAT, err,
                                "the %s is %" PRIu64 " bytes long, but the file has %" PRIu64
                                " bytes left",
                                what, n, gguf_cursor_left(c));
    if (n > bytes_max)
        return gguf_cursor_fail(c, LNR_E_UNSUPPORTED, err,
                                "the %s is %" PRIu64 " bytes long, at most %" PRIu64
                                " are supported",
                                what, n, bytes_max);
    const uint8_t *p;
    LNR_TRY(gguf_cursor_take(c, n, &p, err));
    *out = (lnr_str){(const char *)p, (size_t)n};
    return LNR_OK;
}
