/* For the tests of the tools: cmocka, a folder for files, small models, and whole files compared.
 */
#ifndef TESTS_UNIT_TOOLS_SUPPORT_H
#define TESTS_UNIT_TOOLS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "gguf/writer.h"
#include "quant/format.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64];

/* A file's path in the test's own folder; valid until sixteen calls later. */
static inline const char *path_of(const char *name) {
    static char path[16][160];
    static unsigned next;
    char *p = path[next++ % 16];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static inline int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/lanner-tools.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

/* How many files the folder holds. */
static inline unsigned count_files(void) {
    unsigned n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static inline int remove_folder(void **state) {
    (void)state;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        char path[400];
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        unlink(path);
    }
    if (d)
        closedir(d);
    return rmdir(folder);
}

/* The whole file; free it. */
static inline char *file_bytes(const char *path, size_t *n) {
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("cannot open %s", path);
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    char *p = malloc(*n + 1);
    assert_non_null(p);
    assert_int_equal(fread(p, 1, *n, f), *n);
    fclose(f);
    return p;
}

static inline void assert_same_files(const char *a, const char *b) {
    size_t n_a, n_b;
    char *p = file_bytes(a, &n_a), *q = file_bytes(b, &n_b);
    assert_int_equal(n_a, n_b);
    assert_memory_equal(p, q, n_a);
    free(p);
    free(q);
}

static inline gguf_file *open_model(const char *path) {
    gguf_file *f = NULL;
    lnr_error err = {0};
    if (gguf_open(path, &f, &err) != LNR_OK)
        fail_msg("%s", err.text);
    return f;
}

/* A tensor's weights as floats; free them with lnr_free. */
static inline float *weights_of(const gguf_file *f, const gguf_tensor *t) {
    size_t n = (size_t)(t->dim[0] * t->n_rows);
    float *x = lnr_alloc_array(n, sizeof *x);
    void *raw = lnr_alloc((size_t)t->bytes);
    assert_non_null(x);
    assert_non_null(raw);
    assert_int_equal(gguf_read_tensor(f, t, 0, raw, (size_t)t->bytes, NULL), LNR_OK);
    lnr_format_find(t->type)->decode(raw, n, x);
    lnr_free(raw);
    return x;
}

#define assert_says(err, part)                                                                     \
    do {                                                                                           \
        if (strstr((err).text, part) == NULL)                                                      \
            fail_msg("'%s' does not say '%s'", (err).text, part);                                  \
    } while (0)

#endif
