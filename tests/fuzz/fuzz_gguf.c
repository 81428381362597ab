/* Fuzzes the GGUF reader: the input is the file. What opens is read to the last byte: every value
 * through every getter, every tensor's description, and the ends of every tensor's data. */
#define _GNU_SOURCE
#include "fuzz.h"

#include "base/alloc.h"
#include "gguf/gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint64_t sink; /* so that no read is optimised away */

static void touch(lnr_str s) {
    for (size_t i = 0; i < s.n; i++)
        sink += (uint8_t)s.p[i];
}

static void require(int condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "broken promise: %s\n", what);
    abort();
}

static void touch_array(const gguf_value *v) {
    for (uint64_t i = 0; i < v->array.n; i++) {
        if (v->array.kind == GGUF_STRING)
            touch(gguf_array_str(v, i));
        else if (v->array.kind == GGUF_F32)
            sink += gguf_array_f32(v, i) > 0;
        else if (v->array.kind != GGUF_F64)
            sink += (uint64_t)gguf_array_int(v, i);
    }
}

static void touch_value(const gguf_file *f, const gguf_value *v) {
    char *key = lnr_strdup_n(v->key.p, v->key.n);
    lnr_error err;
    uint32_t u = 0;
    float x = 0;
    bool is = false;
    lnr_str s = {0};
    const gguf_value *a;
    touch(v->key);
    require(gguf_find(f, key) == v, "a key is found");
    require((gguf_get_u32(f, key, &u, &err) == LNR_OK) ==
                (gguf_get_u32_required(f, key, &u, &err) == LNR_OK),
            "both getters agree");
    if (gguf_get_f32(f, key, &x, &err) == LNR_OK)
        require(x - x == 0, "a float is finite");
    if (gguf_get_bool(f, key, &is, &err) == LNR_OK)
        require(v->u <= 1, "a bool is 0 or 1");
    if (gguf_get_str(f, key, &s, &err) == LNR_OK)
        touch(s);
    for (int kind = GGUF_U8; kind <= GGUF_F64; kind++)
        if (kind != GGUF_ARRAY && gguf_get_array(f, key, (gguf_kind)kind, &a, &err) == LNR_OK)
            touch_array(a);
    sink += gguf_get_int_array(f, key, &a, &err) == LNR_OK;
    lnr_free(key);
}

static void touch_tensor(const gguf_file *f, const gguf_tensor *t) {
    char *name = lnr_strdup_n(t->name.p, t->name.n);
    uint8_t byte;
    touch(t->name);
    require(gguf_find_tensor(f, name) == t, "a tensor is found");
    require(t->n_dims >= 1 && t->n_dims <= GGUF_DIMS_MAX && t->dim[0] && t->n_rows, "a shape");
    require(t->n_rows == t->dim[1] * t->dim[2] * t->dim[3], "the number of rows");
    require(gguf_read_tensor(f, t, 0, &byte, 1, NULL) == LNR_OK, "the first byte is there");
    require(gguf_read_tensor(f, t, t->bytes - 1, &byte, 1, NULL) == LNR_OK, "and the last");
    require(gguf_read_tensor(f, t, t->bytes, &byte, 1, NULL) != LNR_OK, "and no more");
    lnr_free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        require(fd >= 0, "memfd_create");
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    require(ftruncate(fd, (off_t)size) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size,
            "a file");
    lnr_error err = {0};
    gguf_file *f;
    if (gguf_open(path, &f, &err) != LNR_OK) {
        require(f == NULL && err.code != LNR_OK && err.text[0] != '\0', "an error says why");
        return 0;
    }
    for (size_t i = 0; i < gguf_n_values(f); i++)
        touch_value(f, gguf_value_at(f, i));
    for (size_t i = 0; i < gguf_n_tensors(f); i++)
        touch_tensor(f, gguf_tensor_at(f, i));
    require(gguf_header_bytes(f) <= gguf_file_bytes(f), "the header is in the file");
    gguf_close(f);
    return 0;
}
