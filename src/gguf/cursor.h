/* Bounds-checked reading of a GGUF header, from the front to the back.
 *
 * The one idea: bytes are read from the file in growing pieces that never move, so strings and
 * arrays are borrowed in place, and nothing is read or allocated before the file is known to be
 * long enough. Every error line says which key or tensor was being read and at which byte. Internal
 * to gguf/. */
#ifndef LNR_GGUF_CURSOR_H
#define LNR_GGUF_CURSOR_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/slice.h"
#include "os/os.h"

typedef struct gguf_cursor {
    os_file *file;
    arena *mem;         /* holds every byte that was taken */
    uint64_t pos;       /* of the next byte, from the start of the file */
    uint64_t end;       /* size of the file */
    const uint8_t *p;   /* the bytes from pos on that are in memory already, in mem */
    size_t n;           /* how many */
    size_t piece_bytes; /* to read next */

    const char *noun; /* what is being read: "key", "tensor", "header" */
    uint64_t idx;     /* which one, for as long as its name is not known */
    lnr_str name;     /* p is NULL until then */
} gguf_cursor;

void gguf_cursor_init(gguf_cursor *c, os_file *file, arena *mem);

/* Says what is read from now on. name.p may be NULL. */
void gguf_cursor_at(gguf_cursor *c, const char *noun, uint64_t idx, lnr_str name);

/* Returns code after writing "key 'name' at byte 123: ...". */
lnr_status gguf_cursor_fail(const gguf_cursor *c, lnr_status code, lnr_error *err, const char *fmt,
                            ...) LNR_PRINTF(4, 5);

uint64_t gguf_cursor_left(const gguf_cursor *c);

/* The next n bytes, contiguous, valid as long as mem. LNR_E_FORMAT if the file has fewer. */
lnr_status gguf_cursor_take(gguf_cursor *c, uint64_t n, const uint8_t **p, lnr_error *err);

lnr_status gguf_cursor_u32(gguf_cursor *c, uint32_t *out, lnr_error *err);
lnr_status gguf_cursor_u64(gguf_cursor *c, uint64_t *out, lnr_error *err);

/* A length (64 bits) and that many bytes; what names the string in errors. */
lnr_status gguf_cursor_str(gguf_cursor *c, uint64_t bytes_max, const char *what, lnr_str *out,
                           lnr_error *err);

/* Little-endian loads from unaligned bytes; compilers make one instruction of each. */
static inline uint16_t gguf_load_u16(const uint8_t *p) {
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t gguf_load_u32(const uint8_t *p) {
    return gguf_load_u16(p) | (uint32_t)gguf_load_u16(p + 2) << 16;
}

static inline uint64_t gguf_load_u64(const uint8_t *p) {
    return gguf_load_u32(p) | (uint64_t)gguf_load_u32(p + 4) << 32;
}

#endif
