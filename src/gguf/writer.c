/* See writer.h. The one idea: the metadata is collected as the bytes it will be, so that start has
 * nothing to do but to place the tensors and write three runs of bytes. */
#include "gguf/writer.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/checked.h"
#include "base/strmap.h"
#include "gguf/rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define NAME_BYTES_MAX 63u /* GGML_MAX_NAME less the NUL */

struct gguf_writer {
    os_writer *file;
    lnr_status st; /* the first failure so far, with its line */
    lnr_error why;
    bool started;

    arena names;    /* copies of keys and tensor names */
    strmap keys;    /* all keys so far; the value means nothing */
    lnr_buf values; /* encoded */
    uint32_t n_values;
    uint32_t alignment;

    strmap tensor_names;
    gguf_tensor *tensor; /* (n_tensors); owned; offset counts from the start of the data */
    size_t n_tensors, capacity;

    size_t current;   /* the tensor being written */
    uint64_t written; /* bytes of it */
};

static void sticky(gguf_writer *w, lnr_status st, const char *fmt, ...) LNR_PRINTF(3, 4);

static void sticky(gguf_writer *w, lnr_status st, const char *fmt, ...) {
    char text[LNR_ERROR_TEXT_MAX];
    va_list args;
    if (w->st != LNR_OK)
        return;
    va_start(args, fmt);
    if (vsnprintf(text, sizeof text, fmt, args) < 0)
        text[0] = '\0';
    va_end(args);
    w->st = LNR_FAIL(&w->why, st, "%s", text);
}

lnr_status gguf_writer_create(const char *path, gguf_writer **out, lnr_error *err) {
    *out = NULL;
    gguf_writer *w = lnr_new(gguf_writer);
    if (w == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory to write %s", path);
    arena_init(&w->names);
    strmap_init(&w->keys);
    strmap_init(&w->tensor_names);
    buf_init(&w->values);
    w->alignment = GGUF_ALIGNMENT_DEFAULT;
    lnr_status st = os_writer_open(path, &w->file, err);
    if (st != LNR_OK) {
        gguf_writer_abandon(w);
        return st;
    }
    *out = w;
    return LNR_OK;
}

static void writer_free(gguf_writer *w) {
    arena_deinit(&w->names);
    strmap_deinit(&w->keys);
    strmap_deinit(&w->tensor_names);
    buf_deinit(&w->values);
    lnr_free(w->tensor);
    lnr_free(w);
}

void gguf_writer_abandon(gguf_writer *w) {
    if (w == NULL)
        return;
    if (w->file)
        os_writer_abandon(w->file);
    writer_free(w);
}

/* ---- encoding ---------------------------------------------------------------------------------
 */

static void add_le(lnr_buf *b, uint64_t x, size_t n_bytes) {
    char bytes[8];
    for (size_t i = 0; i < n_bytes; i++)
        bytes[i] = (char)(x >> 8 * i & 0xff);
    buf_add(b, bytes, n_bytes);
}

static void add_str(lnr_buf *b, lnr_str s) {
    add_le(b, s.n, 8);
    buf_add(b, s.p, s.n);
}

/* This and the next: false if the value does not fit its kind. */
static bool add_scalar(lnr_buf *b, const gguf_value *v) {
    const gguf_kind kind = v->kind;
    size_t n = gguf_kind_bytes(kind);
    if (kind == GGUF_F32) {
        float f = (float)v->f;
        uint32_t bits;
        memcpy(&bits, &f, sizeof bits);
        add_le(b, bits, n);
    } else if (kind == GGUF_F64) {
        uint64_t bits;
        memcpy(&bits, &v->f, sizeof bits);
        add_le(b, bits, n);
    } else if (kind == GGUF_I8 || kind == GGUF_I16 || kind == GGUF_I32 || kind == GGUF_I64) {
        int64_t max = INT64_MAX >> (64 - 8 * n);
        if (v->i > max || v->i < -max - 1)
            return false;
        add_le(b, (uint64_t)v->i, n);
    } else {
        if (v->u > (kind == GGUF_BOOL ? 1 : UINT64_MAX >> (64 - 8 * n)))
            return false;
        add_le(b, v->u, n);
    }
    return true;
}

static bool add_array(lnr_buf *b, const gguf_value *v) {
    if (v->array.kind == GGUF_ARRAY || v->array.n > GGUF_N_ITEMS_MAX)
        return false;
    add_le(b, v->array.kind, 4);
    add_le(b, v->array.n, 8);
    if (v->array.kind != GGUF_STRING) {
        const uint8_t *items = v->array.items;
        size_t bytes = (size_t)v->array.n * gguf_kind_bytes(v->array.kind); /* n is capped */
        for (size_t i = 0; v->array.kind == GGUF_BOOL && i < bytes; i++)
            if (items[i] > 1)
                return false;
        buf_add(b, items, bytes);
        return true;
    }
    for (uint64_t i = 0; i < v->array.n; i++) {
        lnr_str s = gguf_array_str(v, i);
        if (s.n > GGUF_STRING_BYTES_MAX)
            return false;
        add_str(b, s);
    }
    return true;
}

/* ---- values -----------------------------------------------------------------------------------
 */

/* Adds a copy of name to the set; keeps a failure and returns NULL if it is invalid or there
 * already. */
static const char *claim(gguf_writer *w, strmap *set, lnr_str name, size_t bytes_max,
                         const char *noun) {
    const char *wrong = w->started ? "comes after the start" : gguf_name_wrong(name);
    if (wrong == NULL && name.n > bytes_max)
        wrong = "is too long";
    bool found = false;
    uint32_t value = 0;
    char *copy = NULL;
    if (wrong == NULL) {
        copy = arena_strdup_n(&w->names, name.p, name.n);
        if (copy == NULL || !strmap_add(set, (lnr_str){copy, name.n}, &value, &found)) {
            sticky(w, LNR_E_NOMEM, "no memory for %s '%.*s'", noun, LNR_STR(name));
            return NULL;
        }
        if (found)
            wrong = "is there already";
    }
    if (wrong)
        sticky(w, LNR_E_ARGUMENT, "%s '%.*s' %s", noun, LNR_STR(name), wrong);
    return wrong ? NULL : copy;
}

void gguf_writer_value(gguf_writer *w, const gguf_value *v) {
    if (w->st != LNR_OK || !claim(w, &w->keys, v->key, GGUF_KEY_BYTES_MAX, "key"))
        return;
    if (lnr_str_is(v->key, "general.alignment") &&
        gguf_check_alignment(v, &w->alignment, &w->why) != LNR_OK) {
        w->st = w->why.code = LNR_E_ARGUMENT;
        return;
    }
    add_str(&w->values, v->key);
    add_le(&w->values, v->kind, 4);
    bool fits;
    if (v->kind == GGUF_ARRAY) {
        fits = add_array(&w->values, v);
    } else if (v->kind == GGUF_STRING) {
        fits = v->s.n <= GGUF_STRING_BYTES_MAX;
        if (fits)
            add_str(&w->values, v->s);
    } else {
        fits = add_scalar(&w->values, v);
    }
    if (!fits)
        sticky(w, LNR_E_ARGUMENT, "key '%.*s': the value does not fit its kind, %s",
               LNR_STR(v->key), gguf_kind_name(v->kind));
    else if (buf_failed(&w->values))
        sticky(w, LNR_E_NOMEM, "no memory for key '%.*s'", LNR_STR(v->key));
    else if (w->n_values == GGUF_N_VALUES_MAX)
        sticky(w, LNR_E_ARGUMENT, "key '%.*s': more than %u keys", LNR_STR(v->key),
               GGUF_N_VALUES_MAX);
    else
        w->n_values++;
}

void gguf_writer_u32(gguf_writer *w, const char *key, uint32_t x) {
    gguf_writer_value(w, &(gguf_value){.key = lnr_str_from(key), .kind = GGUF_U32, .u = x});
}

void gguf_writer_i32(gguf_writer *w, const char *key, int32_t x) {
    gguf_writer_value(w, &(gguf_value){.key = lnr_str_from(key), .kind = GGUF_I32, .i = x});
}

void gguf_writer_u64(gguf_writer *w, const char *key, uint64_t x) {
    gguf_writer_value(w, &(gguf_value){.key = lnr_str_from(key), .kind = GGUF_U64, .u = x});
}

void gguf_writer_f32(gguf_writer *w, const char *key, float x) {
    gguf_value v = {.key = lnr_str_from(key), .kind = GGUF_F32, .f = (double)x};
    gguf_writer_value(w, &v);
}

void gguf_writer_bool(gguf_writer *w, const char *key, bool x) {
    gguf_writer_value(w, &(gguf_value){.key = lnr_str_from(key), .kind = GGUF_BOOL, .u = x});
}

void gguf_writer_str(gguf_writer *w, const char *key, lnr_str x) {
    gguf_writer_value(w, &(gguf_value){.key = lnr_str_from(key), .kind = GGUF_STRING, .s = x});
}

void gguf_writer_array(gguf_writer *w, const char *key, gguf_kind items_kind, uint64_t n,
                       const void *items) {
    gguf_value v = {.key = lnr_str_from(key), .kind = GGUF_ARRAY};
    v.array.kind = items_kind;
    v.array.n = n;
    v.array.items = items;
    gguf_writer_value(w, &v);
}

/* ---- tensors ----------------------------------------------------------------------------------
 */

void gguf_writer_tensor(gguf_writer *w, lnr_str name, lnr_type type, uint32_t n_dims,
                        const uint64_t *dim) {
    if (w->st != LNR_OK)
        return;
    gguf_tensor t = {.type = type, .n_dims = n_dims};
    t.name.p = claim(w, &w->tensor_names, name, NAME_BYTES_MAX, "tensor");
    t.name.n = name.n;
    if (t.name.p == NULL)
        return;
    if (n_dims == 0 || n_dims > GGUF_DIMS_MAX || !lnr_type_known((uint32_t)type) ||
        w->n_tensors == GGUF_N_TENSORS_MAX) {
        sticky(w, LNR_E_ARGUMENT, "tensor '%.*s': %" PRIu32 " dimensions, type %d, number %zu",
               LNR_STR(name), n_dims, (int)type, w->n_tensors + 1);
        return;
    }
    memcpy(t.dim, dim, n_dims * sizeof dim[0]);
    lnr_error why;
    if (gguf_shape_tensor(&t, &why) != LNR_OK) {
        sticky(w, LNR_E_ARGUMENT, "tensor '%.*s': %s", LNR_STR(name), why.text);
        return;
    }
    if (w->n_tensors == w->capacity) {
        size_t capacity = w->capacity ? w->capacity * 2 : 64;
        gguf_tensor *more = lnr_realloc_array(w->tensor, capacity, sizeof *more);
        if (more == NULL) {
            sticky(w, LNR_E_NOMEM, "no memory for tensor '%.*s'", LNR_STR(name));
            return;
        }
        w->tensor = more;
        w->capacity = capacity;
    }
    w->tensor[w->n_tensors++] = t;
}

/* Appends the tensor list, placing each tensor behind the one before. */
static void add_tensors(gguf_writer *w, lnr_buf *b) {
    uint64_t offset = 0;
    for (size_t i = 0; i < w->n_tensors; i++) {
        gguf_tensor *t = &w->tensor[i];
        t->offset = offset;
        add_str(b, t->name);
        add_le(b, t->n_dims, 4);
        for (uint32_t j = 0; j < t->n_dims; j++)
            add_le(b, t->dim[j], 8);
        add_le(b, (uint64_t)t->type, 4);
        add_le(b, offset, 8);
        if (!lnr_add_u64(offset, t->bytes, &offset) ||
            !lnr_align_up_u64(offset, w->alignment, &offset))
            sticky(w, LNR_E_ARGUMENT, "tensor '%.*s': the sum of sizes overflows",
                   LNR_STR(t->name));
    }
}

/* Writes, and keeps a failure: a file with a gap must not be finished. */
static lnr_status write_bytes(gguf_writer *w, const void *p, size_t n, lnr_error *err) {
    w->st = os_writer_write(w->file, p, n, &w->why);
    return w->st ? LNR_FAIL(err, w->st, "%s", w->why.text) : LNR_OK;
}

static lnr_status write_padding(gguf_writer *w, uint64_t after, lnr_error *err) {
    static const char zeros[1024];
    size_t left = (size_t)(-after & (w->alignment - 1));
    for (size_t n; left > 0; left -= n) {
        n = left < sizeof zeros ? left : sizeof zeros;
        LNR_TRY(write_bytes(w, zeros, n, err));
    }
    return LNR_OK;
}

/* Magic, version, counts in head; the tensor list in list. */
static void add_header(gguf_writer *w, lnr_buf *head, lnr_buf *list) {
    if (w->started)
        sticky(w, LNR_E_ARGUMENT, "a GGUF file is started once");
    buf_add_str(head, "GGUF");
    add_le(head, 3, 4);
    add_le(head, w->n_tensors, 8);
    add_le(head, w->n_values, 8);
    add_tensors(w, list);
    if (buf_failed(head) || buf_failed(list))
        sticky(w, LNR_E_NOMEM, "no memory for the header");
    uint64_t bytes = (uint64_t)head->n + w->values.n + list->n; /* these are in memory: no wrap */
    if (bytes > GGUF_HEADER_MAX)
        sticky(w, LNR_E_ARGUMENT, "the header would have %" PRIu64 " bytes, at most %" PRIu64,
               bytes, GGUF_HEADER_MAX);
}

lnr_status gguf_writer_start(gguf_writer *w, lnr_error *err) {
    lnr_buf head, list;
    buf_init(&head);
    buf_init(&list);
    add_header(w, &head, &list);
    lnr_status st = w->st ? LNR_FAIL(err, w->st, "%s", w->why.text) : LNR_OK;
    if (st == LNR_OK)
        st = write_bytes(w, head.p, head.n, err);
    if (st == LNR_OK)
        st = write_bytes(w, w->values.p, w->values.n, err);
    if (st == LNR_OK)
        st = write_bytes(w, list.p, list.n, err);
    if (st == LNR_OK && w->n_tensors)
        st = write_padding(w, head.n + w->values.n + list.n, err);
    w->started = true;
    buf_deinit(&head);
    buf_deinit(&list);
    return st;
}

lnr_status gguf_writer_data(gguf_writer *w, size_t idx, const void *p, size_t n, lnr_error *err) {
    if (w->st != LNR_OK)
        return LNR_FAIL(err, w->st, "%s", w->why.text);
    if (!w->started || idx != w->current || idx >= w->n_tensors)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "data of tensor %zu of %zu, but the next is %zu, and the file is %s", idx,
                        w->n_tensors, w->current, w->started ? "started" : "not started");
    const gguf_tensor *t = &w->tensor[idx];
    if (n > t->bytes - w->written)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "tensor '%.*s': %zu bytes more after %" PRIu64 " of its %" PRIu64,
                        LNR_STR(t->name), n, w->written, t->bytes);
    LNR_TRY(write_bytes(w, p, n, err));
    w->written += n;
    if (w->written == t->bytes) {
        LNR_TRY(write_padding(w, t->bytes, err));
        w->current++;
        w->written = 0;
    }
    return LNR_OK;
}

/* Why the file is not complete; LNR_OK if it is. */
static lnr_status check_complete(const gguf_writer *w, lnr_error *err) {
    if (w->st != LNR_OK)
        return LNR_FAIL(err, w->st, "%s", w->why.text);
    if (!w->started)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "a GGUF file is finished before its start");
    if (w->current == w->n_tensors)
        return LNR_OK;
    const gguf_tensor *t = &w->tensor[w->current];
    return LNR_FAIL(err, LNR_E_ARGUMENT,
                    "tensor '%.*s': only %" PRIu64 " of its %" PRIu64 " bytes are written",
                    LNR_STR(t->name), w->written, t->bytes);
}

lnr_status gguf_writer_finish(gguf_writer *w, lnr_error *err) {
    lnr_status st = check_complete(w, err);
    if (st != LNR_OK) {
        gguf_writer_abandon(w);
        return st;
    }
    st = os_writer_commit(w->file, err);
    writer_free(w);
    return st;
}
