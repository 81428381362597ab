/* See reference_file.h. A new weight format is one decoder and one line of the table. */
#include "reference_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ref_file {
    uint8_t *bytes; /* owned: the whole file */
    const uint8_t *keys, *infos, *data;
    uint64_t n_keys, n_tensors;
};

/* ---- little-endian values
 * ------------------------------------------------------------------------ */

static uint64_t get(const uint8_t *p, int n) {
    uint64_t v = 0;
    for (int i = n - 1; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

static double get_f32(const uint8_t *p) {
    uint32_t bits = (uint32_t)get(p, 4);
    float v;
    memcpy(&v, &bits, sizeof v);
    return (double)v;
}

static double get_f64(const uint8_t *p) {
    uint64_t bits = get(p, 8);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
static double get_f16(const uint8_t *p) {
    uint32_t bits = (uint32_t)get(p, 2);
    int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    double v = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    if (exponent == 31)
        v = fraction ? (double)NAN : (double)INFINITY;
    return bits >> 15 ? -v : v;
}

/* ---- block formats: n values from p to w
 * --------------------------------------------------------- */

static void decode_f32(const uint8_t *p, double *w) {
    *w = get_f32(p);
}

static void decode_f16(const uint8_t *p, double *w) {
    *w = get_f16(p);
}

static void decode_q8_0(const uint8_t *p, double *w) {
    for (int i = 0; i < 32; i++)
        w[i] = get_f16(p) * (int8_t)p[2 + i];
}

/* f16 d, f16 dmin, 12 bytes of eight 6-bit scales and minima, 128 bytes of nibbles. */
static void decode_q4_k(const uint8_t *p, double *w) {
    const uint8_t *s = p + 4, *q = p + 16;
    for (int j = 0; j < 8; j++) {
        int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) + (s[j - 4] >> 6) * 16;
        int low = j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) + (s[j] >> 6) * 16;
        for (int i = 0; i < 32; i++) {
            int byte = q[j / 2 * 32 + i], nibble = j % 2 ? byte >> 4 : byte & 15;
            w[32 * j + i] = get_f16(p) * scale * nibble - get_f16(p + 2) * low;
        }
    }
}

/* 128 bytes of low nibbles, 64 of high bit pairs, 16 signed scales, f16 d; two halves of 128
 * values, each four quarters of 32 that lie in the same bytes. */
static void decode_q6_k(const uint8_t *p, double *w) {
    double d = get_f16(p + 208);
    for (int i = 0; i < 256; i++) {
        int part = i / 128, quarter = i / 32 % 4, l = i % 32;
        int low = p[64 * part + quarter % 2 * 32 + l] >> quarter / 2 * 4 & 15;
        int high = p[128 + 32 * part + l] >> quarter * 2 & 3;
        w[i] = d * (int8_t)p[192 + i / 16] * (high * 16 + low - 32);
    }
}

static const struct format {
    uint32_t id;         /* in GGUF files */
    size_t width, bytes; /* of a block */
    size_t act_width;
    void (*decode)(const uint8_t *p, double *w);
} formats[] = {
    {0, 1, 4, 0, decode_f32},         {1, 1, 2, 0, decode_f16},
    {8, 32, 34, 32, decode_q8_0},     {12, 256, 144, 256, decode_q4_k},
    {14, 256, 210, 256, decode_q6_k},
};

/* ---- keys
 * ---------------------------------------------------------------------------------------- */

enum { KIND_F32 = 6, KIND_STRING = 8, KIND_ARRAY = 9, KIND_F64 = 12 };
static const int kind_bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

static const uint8_t *skip_value(const uint8_t *p, uint64_t kind) {
    if (kind == KIND_STRING)
        return p + 8 + get(p, 8);
    if (kind != KIND_ARRAY)
        return p + kind_bytes[kind];
    uint64_t item = get(p, 4), n = get(p + 4, 8);
    p += 12;
    for (uint64_t i = 0; i < n; i++)
        p = skip_value(p, item);
    return p;
}

static int is_name(const uint8_t *p, const char *name) {
    size_t n = (size_t)get(p, 8);
    return n == strlen(name) && memcmp(p + 8, name, n) == 0;
}

static const uint8_t *find_key(const ref_file *f, const char *key, uint64_t *kind) {
    const uint8_t *p = f->keys;
    for (uint64_t i = 0; i < f->n_keys; i++) {
        const uint8_t *value = p + 8 + get(p, 8) + 4;
        *kind = get(value - 4, 4);
        if (is_name(p, key))
            return value;
        p = skip_value(value, *kind);
    }
    return NULL;
}

double ref_file_number(const ref_file *f, const char *key, double fallback) {
    uint64_t kind;
    const uint8_t *p = find_key(f, key, &kind);
    if (p == NULL)
        return fallback;
    if (kind == KIND_F32)
        return get_f32(p);
    return kind == KIND_F64 ? get_f64(p) : (double)get(p, kind_bytes[kind]);
}

const char *ref_file_string(const ref_file *f, const char *key, size_t *n) {
    uint64_t kind;
    const uint8_t *p = find_key(f, key, &kind);
    *n = p ? (size_t)get(p, 8) : 0;
    return p ? (const char *)p + 8 : NULL;
}

const char *ref_file_array_string(const ref_file *f, const char *key, uint64_t idx, size_t *n) {
    uint64_t kind;
    const uint8_t *p = find_key(f, key, &kind);
    *n = 0;
    if (p == NULL || idx >= get(p + 4, 8))
        return NULL;
    for (p += 12; idx > 0; idx--)
        p = skip_value(p, KIND_STRING);
    *n = (size_t)get(p, 8);
    return (const char *)p + 8;
}

/* ---- tensors
 * ------------------------------------------------------------------------------------- */

/* name, u32 number of dimensions, u64 each, u32 type, u64 offset into the data */
static const uint8_t *skip_info(const uint8_t *p) {
    p += 8 + get(p, 8);
    return p + 4 + 8 * get(p, 4) + 4 + 8;
}

static ref_matrix decode(const ref_file *f, const uint8_t *info) {
    const uint8_t *p = info + 8 + get(info, 8);
    uint64_t n_dims = get(p, 4);
    ref_matrix m = {.n_cols = (size_t)get(p + 4, 8),
                    .n_rows = n_dims > 1 ? (size_t)get(p + 12, 8) : 1};
    p += 4 + 8 * n_dims;
    const uint8_t *src = f->data + get(p + 4, 8);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const struct format *t = &formats[i];
        if (t->id != get(p, 4))
            continue;
        size_t n = m.n_rows * m.n_cols;
        m.act_width = t->act_width;
        m.w = malloc(n * sizeof *m.w);
        for (size_t at = 0; m.w && at < n; at += t->width, src += t->bytes)
            t->decode(src, m.w + at);
    }
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
    f->n_tensors = get(bytes + 8, 8);
    f->n_keys = get(bytes + 16, 8);
    f->keys = bytes + 24;
    const uint8_t *p = f->keys;
    for (uint64_t i = 0; i < f->n_keys; i++) {
        p += 8 + get(p, 8);
        p = skip_value(p + 4, get(p, 4));
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
