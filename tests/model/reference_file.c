/* See reference_file.h. */
#include "reference_file.h"

#include "reference_formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ref_file {
    uint8_t *bytes; /* owned: the whole file */
    const uint8_t *keys, *infos, *data;
    uint64_t n_keys, n_tensors;
};

/* ---- keys
 * ---------------------------------------------------------------------------------------- */

enum { KIND_F32 = 6, KIND_STRING = 8, KIND_ARRAY = 9, KIND_F64 = 12 };
static const int kind_bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

static const uint8_t *skip_value(const uint8_t *p, uint64_t kind) {
    if (kind == KIND_STRING)
        return p + 8 + ref_get(p, 8);
    if (kind != KIND_ARRAY)
        return p + kind_bytes[kind];
    uint64_t item = ref_get(p, 4), n = ref_get(p + 4, 8);
    p += 12;
    for (uint64_t i = 0; i < n; i++)
        p = skip_value(p, item);
    return p;
}

static int is_name(const uint8_t *p, const char *name) {
    size_t n = (size_t)ref_get(p, 8);
    return n == strlen(name) && memcmp(p + 8, name, n) == 0;
}

static const uint8_t *find_key(const ref_file *f, const char *key, uint64_t *kind) {
    const uint8_t *p = f->keys;
    for (uint64_t i = 0; i < f->n_keys; i++) {
        const uint8_t *value = p + 8 + ref_get(p, 8) + 4;
        *kind = ref_get(value - 4, 4);
        if (is_name(p, key))
            return value;
        p = skip_value(value, *kind);
    }
    return NULL;
}

static double get_f64(const uint8_t *p) {
    uint64_t bits = ref_get(p, 8);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

double ref_file_number(const ref_file *f, const char *key, double fallback) {
    uint64_t kind;
    const uint8_t *p = find_key(f, key, &kind);
    if (p == NULL)
        return fallback;
    if (kind == KIND_F32)
        return ref_get_f32(p);
    return kind == KIND_F64 ? get_f64(p) : (double)ref_get(p, kind_bytes[kind]);
}

const char *ref_file_string(const ref_file *f, const char *key, size_t *n) {
    uint64_t kind;
    const uint8_t *p = find_key(f, key, &kind);
    *n = p ? (size_t)ref_get(p, 8) : 0;
    return p ? (const char *)p + 8 : NULL;
}

const char *ref_file_array_string(const ref_file *f, const char *key, uint64_t idx, size_t *n) {
    uint64_t kind;
    const uint8_t *p = find_key(f, key, &kind);
    *n = 0;
    if (p == NULL || idx >= ref_get(p + 4, 8))
        return NULL;
    for (p += 12; idx > 0; idx--)
        p = skip_value(p, KIND_STRING);
    *n = (size_t)ref_get(p, 8);
    return (const char *)p + 8;
}

/* ---- tensors
 * ------------------------------------------------------------------------------------- */

/* name, u32 number of dimensions, u64 each, u32 type, u64 offset into the data */
static const uint8_t *skip_info(const uint8_t *p) {
    p += 8 + ref_get(p, 8);
    return p + 4 + 8 * ref_get(p, 4) + 4 + 8;
}

static ref_matrix decode(const ref_file *f, const uint8_t *info) {
    const uint8_t *p = info + 8 + ref_get(info, 8);
    uint64_t n_dims = ref_get(p, 4);
    ref_matrix m = {.n_cols = (size_t)ref_get(p + 4, 8), .n_rows = 1};
    for (uint64_t i = 1; i < n_dims; i++)
        m.n_rows *= (size_t)ref_get(p + 4 + 8 * i, 8);
    p += 4 + 8 * n_dims;
    const uint8_t *src = f->data + ref_get(p + 4, 8);
    const ref_format *t = ref_format_find(ref_get(p, 4));
    if (t == NULL)
        return m;
    size_t n = m.n_rows * m.n_cols;
    m.act_width = t->act_width;
    m.w = malloc(n * sizeof *m.w);
    for (size_t at = 0; m.w && at < n; at += t->width, src += t->bytes)
        t->decode(src, m.w + at);
    return m;
}

ref_matrix ref_file_matrix(const ref_file *f, const char *name) {
    const uint8_t *p = f->infos;
    for (uint64_t i = 0; i < f->n_tensors; i++, p = skip_info(p))
        if (is_name(p, name))
            return decode(f, p);
    return (ref_matrix){0};
}

/* ---- the file
 * ------------------------------------------------------------------------------------ */

static uint8_t *read_all(const char *path) {
    FILE *in = fopen(path, "rb");
    uint8_t *bytes = NULL;
    if (in && fseek(in, 0, SEEK_END) == 0) {
        long n = ftell(in);
        rewind(in);
        bytes = n > 0 ? malloc((size_t)n) : NULL;
        if (bytes && fread(bytes, 1, (size_t)n, in) != (size_t)n) {
            free(bytes);
            bytes = NULL;
        }
    }
    if (in)
        fclose(in);
    return bytes;
}

ref_file *ref_file_open(const char *path) {
    ref_file *f = calloc(1, sizeof *f);
    uint8_t *bytes = read_all(path);
    if (f == NULL || bytes == NULL || memcmp(bytes, "GGUF", 4) != 0) {
        fprintf(stderr, "reference: cannot read %s as a GGUF file\n", path);
        free(bytes);
        free(f);
        return NULL;
    }
    f->bytes = bytes;
    f->n_tensors = ref_get(bytes + 8, 8);
    f->n_keys = ref_get(bytes + 16, 8);
    f->keys = bytes + 24;
    const uint8_t *p = f->keys;
    for (uint64_t i = 0; i < f->n_keys; i++) {
        p += 8 + ref_get(p, 8);
        p = skip_value(p + 4, ref_get(p, 4));
    }
    f->infos = p;
    for (uint64_t i = 0; i < f->n_tensors; i++)
        p = skip_info(p);
    size_t alignment = (size_t)ref_file_number(f, "general.alignment", 32);
    size_t head = (size_t)(p - bytes);
    f->data = bytes + (head + alignment - 1) / alignment * alignment;
    return f;
}

void ref_file_close(ref_file *f) {
    if (f)
        free(f->bytes);
    free(f);
}
