/* Forging GGUF files byte by byte, right and wrong ones, for the tests of the reader.
 *
 * Deliberately not the writer of src/gguf: that cannot write damaged files, and a test that reads
 * what its own twin wrote would not notice an error that both share. */
#ifndef TEST_GGUF_FORGE_H
#define TEST_GGUF_FORGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "gguf/gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void put_le(lnr_buf *b, uint64_t x, unsigned n_bytes) {
    for (unsigned i = 0; i < n_bytes; i++)
        buf_add_char(b, (char)(x >> 8 * i & 0xff));
}

static inline void put_u32(lnr_buf *b, uint32_t x) {
    put_le(b, x, 4);
}

static inline void put_u64(lnr_buf *b, uint64_t x) {
    put_le(b, x, 8);
}

static inline void put_bytes(lnr_buf *b, const void *p, size_t n) {
    put_u64(b, n);
    buf_add(b, p, n);
}

static inline void put_str(lnr_buf *b, const char *z) {
    put_bytes(b, z, strlen(z));
}

static inline void put_head(lnr_buf *b, uint32_t version, uint64_t n_tensors, uint64_t n_values) {
    buf_add_str(b, "GGUF");
    put_u32(b, version);
    put_u64(b, n_tensors);
    put_u64(b, n_values);
}

static inline void put_key(lnr_buf *b, const char *key, uint32_t kind) {
    put_str(b, key);
    put_u32(b, kind);
}

static inline void put_key_u32(lnr_buf *b, const char *key, uint32_t x) {
    put_key(b, key, GGUF_U32);
    put_u32(b, x);
}

static inline void put_key_str(lnr_buf *b, const char *key, const char *z) {
    put_key(b, key, GGUF_STRING);
    put_str(b, z);
}

/* One row; more dimensions are written by hand. */
static inline void put_tensor(lnr_buf *b, const char *name, uint64_t n, uint32_t type,
                              uint64_t offset) {
    put_str(b, name);
    put_u32(b, 1);
    put_u64(b, n);
    put_u32(b, type);
    put_u64(b, offset);
}

static inline void put_zeros(lnr_buf *b, size_t n) {
    static const char zeros[65536];
    for (size_t part; n > 0; n -= part) {
        part = n < sizeof zeros ? n : sizeof zeros;
        buf_add(b, zeros, part);
    }
}

static inline void put_padding(lnr_buf *b, size_t align) {
    while (b->n % align)
        buf_add_char(b, 0);
}

/* A name in a folder of this process's own; removed by forge_clean. */
static char forge_folder[64];

static inline const char *forge_path(const char *name) {
    static char path[128];
    if (forge_folder[0] == '\0') {
        snprintf(forge_folder, sizeof forge_folder, "/tmp/lanner-gguf-XXXXXX");
        assert_non_null(mkdtemp(forge_folder));
    }
    snprintf(path, sizeof path, "%s/%s", forge_folder, name);
    return path;
}

static inline void forge_save(const lnr_buf *b, const char *name) {
    assert_false(buf_failed(b));
    FILE *f = fopen(forge_path(name), "wb");
    assert_non_null(f);
    if (b->n)
        assert_int_equal(fwrite(b->p, 1, b->n, f), b->n);
    assert_int_equal(fclose(f), 0);
}

static inline int forge_clean(void **state) {
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", forge_folder);
    return forge_folder[0] ? system(command) : 0;
}

/* Saves, opens and expects success; frees b. */
static inline gguf_file *forge_open(lnr_buf *b) {
    lnr_error err = {0};
    gguf_file *f = NULL;
    forge_save(b, "model.gguf");
    buf_deinit(b);
    lnr_status st = gguf_open(forge_path("model.gguf"), &f, &err);
    if (st != LNR_OK)
        fail_msg("refused: %s", err.text);
    assert_non_null(f);
    return f;
}

static inline void expect_text(const lnr_error *err, const char *part) {
    if (part && strstr(err->text, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, err->text);
}

/* Saves, opens and expects this refusal, whose line has both texts in it; frees b. */
static inline void forge_refused(lnr_buf *b, lnr_status st, const char *text, const char *text2) {
    lnr_error err = {0};
    gguf_file *f = (gguf_file *)b; /* anything but NULL */
    forge_save(b, "model.gguf");
    buf_deinit(b);
    lnr_status got = gguf_open(forge_path("model.gguf"), &f, &err);
    if (got != st)
        fail_msg("%s instead of %s: %s", lnr_status_name(got), lnr_status_name(st), err.text);
    assert_null(f);
    assert_int_equal(err.code, st);
    expect_text(&err, text);
    expect_text(&err, text2);
}

/* An allocator that runs dry after n allocations and counts what is alive. */
typedef struct forge_heap {
    long left, alive;
} forge_heap;

static inline void *forge_alloc(size_t bytes, void *user) {
    forge_heap *h = user;
    if (h->left-- <= 0)
        return NULL;
    h->alive++;
    return malloc(bytes);
}

static inline void *forge_resize(void *p, size_t bytes, void *user) {
    forge_heap *h = user;
    return h->left-- <= 0 ? NULL : realloc(p, bytes);
}

static inline void forge_release(void *p, void *user) {
    forge_heap *h = user;
    h->alive--;
    free(p);
}

/* Calls act(path) with 0, 1, 2, ... allocations allowed until it succeeds. Each failure must say so
 * and release everything. Returns how many allocations it takes. */
static inline long forge_starve(lnr_status (*act)(const char *path), const char *path) {
    forge_heap heap;
    const lnr_allocator a = {forge_alloc, forge_resize, forge_release, &heap};
    for (long n = 0;; n++) {
        heap = (forge_heap){n, 0};
        lnr_allocator_set(&a);
        lnr_status st = act(path);
        lnr_allocator_set(NULL);
        assert_int_equal(heap.alive, 0);
        if (st == LNR_OK)
            return n;
        assert_int_equal(st, LNR_E_NOMEM);
        assert_true(n < 1000);
    }
}

#endif
