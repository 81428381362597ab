/* One GGUF file's header: counts, then key-value pairs. See file.h for the struct and tensors.c for
 * the tensor list.
 *
 * The one idea: a count is believed only when the bytes that are left could hold that many of the
 * smallest possible items, and arrays of ours grow with what was really read; so memory and time
 * are proportional to the header, whatever it claims. */
#include "base/alloc.h"
#include "gguf/file.h"
#include "gguf/rules.h"

#include <inttypes.h>

/* The smallest pair: key length, one character, kind, one byte. The smallest tensor: name length,
 * one character, number of dimensions, one dimension, type, offset. */
#define VALUE_BYTES_MIN  (8 + 1 + 4 + 1)
#define TENSOR_BYTES_MIN (8 + 1 + 4 + 8 + 4 + 8)

static lnr_status read_version(gguf_file *f, gguf_cursor *c, lnr_error *err) {
    if (gguf_cursor_left(c) == 0)
        return LNR_FAIL(err, LNR_E_FORMAT, "not a GGUF file: it is empty (0 bytes)");
    const uint8_t *m;
    LNR_TRY(gguf_cursor_take(c, 4, &m, err));
    if (memcmp(m, "FUGG", 4) == 0)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED, "big-endian GGUF files are not supported");
    if (memcmp(m, "GGUF", 4) != 0)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "not a GGUF file: byte 0 has %02x %02x %02x %02x instead of \"GGUF\"", m[0],
                        m[1], m[2], m[3]);
    uint32_t version;
    LNR_TRY(gguf_cursor_u32(c, &version, err));
    /* A big-endian file has the same magic, but its version in the two upper bytes. */
    if (version != 0 && (version & 0xffff) == 0)
        return LNR_FAIL(
            err, LNR_E_UNSUPPORTED,
            "big-endian GGUF files are not supported (version at byte 4 is %" PRIu32 ")", version);
    if (version != 2 && version != 3)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                        "GGUF version %" PRIu32 " (at byte 4) is not supported, only 2 and 3",
                        version);
    f->version = version;
    return LNR_OK;
}

static lnr_status read_count(gguf_cursor *c, const char *of, uint64_t item_bytes, uint64_t max,
                             uint64_t *out, lnr_error *err) {
    uint64_t n;
    LNR_TRY(gguf_cursor_u64(c, &n, err));
    if (n > gguf_cursor_left(c) / item_bytes)
        return gguf_cursor_fail(c, LNR_E_FORMAT, err,
                                "%" PRIu64 " %s cannot be in the %" PRIu64 " bytes that are left",
                                n, of, gguf_cursor_left(c));
    if (n > max)
        return gguf_cursor_fail(c, LNR_E_UNSUPPORTED, err,
                                "%" PRIu64 " %s, at most %" PRIu64 " are supported", n, of, max);
    *out = n;
    return LNR_OK;
}

static lnr_status check_bools(const gguf_cursor *c, const uint8_t *p, uint64_t n, lnr_error *err) {
    for (uint64_t i = 0; i < n; i++)
        if (p[i] > 1)
            return gguf_cursor_fail(c, LNR_E_FORMAT, err, "%d is no bool, only 0 and 1 are", p[i]);
    return LNR_OK;
}

/* items grows with the strings that are really there; v owns it from the start. */
static lnr_status read_strings(gguf_cursor *c, gguf_value *v, uint64_t n, lnr_error *err) {
    lnr_str *items = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == capacity) {
            capacity = capacity ? capacity * 2 : 1024;
            if (capacity > n)
                capacity = (size_t)n;
            lnr_str *more = lnr_realloc_array(items, capacity, sizeof *items);
            if (more == NULL)
                return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the %" PRIu64 " strings of '%.*s'",
                                n, LNR_STR(v->key));
            v->array.items = items = more;
        }
        LNR_TRY(gguf_cursor_str(c, GGUF_STRING_BYTES_MAX, "string", &items[i], err));
    }
    return LNR_OK;
}

static lnr_status read_array(gguf_cursor *c, gguf_value *v, lnr_error *err) {
    uint32_t kind;
    LNR_TRY(gguf_cursor_u32(c, &kind, err));
    if (kind > GGUF_F64)
        return gguf_cursor_fail(c, LNR_E_FORMAT, err, "unknown kind %" PRIu32 " of array items",
                                kind);
    if (kind == GGUF_ARRAY)
        return gguf_cursor_fail(c, LNR_E_UNSUPPORTED, err, "arrays of arrays are not supported");
    size_t item_bytes = kind == GGUF_STRING ? 8 : gguf_kind_bytes((gguf_kind)kind);
    uint64_t n;
    LNR_TRY(read_count(c, "array items", item_bytes, GGUF_N_ITEMS_MAX, &n, err));
    v->array.kind = (gguf_kind)kind;
    v->array.n = n;
    v->array.items = NULL;
    if (kind == GGUF_STRING)
        return read_strings(c, v, n, err);
    const uint8_t *p;
    LNR_TRY(gguf_cursor_take(c, n * item_bytes, &p, err)); /* cannot wrap: n fits what is left */
    v->array.items = p;
    return kind == GGUF_BOOL ? check_bools(c, p, n, err) : LNR_OK;
}

static lnr_status read_value(gguf_cursor *c, gguf_value *v, lnr_error *err) {
    LNR_TRY(gguf_cursor_str(c, GGUF_KEY_BYTES_MAX, "key", &v->key, err));
    const char *wrong = gguf_name_wrong(v->key);
    if (wrong)
        return gguf_cursor_fail(c, LNR_E_FORMAT, err, "the key %s", wrong);
    gguf_cursor_at(c, "key", 0, v->key);
    uint32_t kind;
    LNR_TRY(gguf_cursor_u32(c, &kind, err));
    if (kind > GGUF_F64)
        return gguf_cursor_fail(c, LNR_E_FORMAT, err, "unknown kind of value %" PRIu32, kind);
    v->offset = c->pos;
    if (kind == GGUF_ARRAY) {
        v->array.items = NULL;
        v->array.kind = GGUF_U8;
        v->kind = GGUF_ARRAY; /* before read_strings can fail: gguf_close frees by kind */
        return read_array(c, v, err);
    }
    v->kind = (gguf_kind)kind;
    if (kind == GGUF_STRING)
        return gguf_cursor_str(c, GGUF_STRING_BYTES_MAX, "string", &v->s, err);
    const uint8_t *p;
    LNR_TRY(gguf_cursor_take(c, gguf_kind_bytes(v->kind), &p, err));
    gguf_load_scalar(v->kind, p, v);
    return v->kind == GGUF_BOOL ? check_bools(c, p, 1, err) : LNR_OK;
}

static lnr_status read_values(gguf_file *f, gguf_cursor *c, uint64_t n_values, lnr_error *err) {
    f->value = lnr_alloc_array((size_t)n_values, sizeof *f->value);
    if (f->value == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %" PRIu64 " keys", n_values);
    for (uint32_t i = 0; i < n_values; i++) {
        gguf_value *v = &f->value[i];
        gguf_cursor_at(c, "key", i + 1, (lnr_str){0});
        f->n_values++; /* first, so that what v owns is freed if reading it fails */
        LNR_TRY(read_value(c, v, err));
        uint32_t idx = i;
        bool found;
        if (!strmap_add(&f->keys, v->key, &idx, &found))
            return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %" PRIu64 " keys", n_values);
        if (found)
            return LNR_FAIL(err, LNR_E_FORMAT,
                            "key '%.*s' at byte %" PRIu64 ": the same key is at byte %" PRIu64,
                            LNR_STR(v->key), v->offset, f->value[idx].offset);
    }
    return LNR_OK;
}

static lnr_status read_alignment(gguf_file *f, lnr_error *err) {
    f->alignment = GGUF_ALIGNMENT_DEFAULT;
    const gguf_value *v = gguf_find(f, "general.alignment");
    return v ? gguf_check_alignment(v, &f->alignment, err) : LNR_OK;
}

static lnr_status read_file(gguf_file *f, lnr_error *err) {
    gguf_cursor c;
    gguf_cursor_init(&c, f->file, &f->mem);
    LNR_TRY(read_version(f, &c, err));
    uint64_t n_tensors, n_values;
    LNR_TRY(read_count(&c, "tensors", TENSOR_BYTES_MIN, GGUF_N_TENSORS_MAX, &n_tensors, err));
    LNR_TRY(read_count(&c, "keys", VALUE_BYTES_MIN, GGUF_N_VALUES_MAX, &n_values, err));
    LNR_TRY(read_values(f, &c, n_values, err));
    LNR_TRY(read_alignment(f, err));
    return gguf_read_tensors(f, &c, n_tensors, err);
}

lnr_status gguf_open_one(const char *path, gguf_file **out, lnr_error *err) {
    *out = NULL;
    gguf_file *f = lnr_new(gguf_file);
    if (f == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory to open %s", path);
    arena_init(&f->mem);
    strmap_init(&f->keys);
    strmap_init(&f->names);
    lnr_status st = os_file_open(path, &f->file, err);
    if (st == LNR_OK)
        st = read_file(f, err);
    if (st != LNR_OK) {
        gguf_close(f);
        return st;
    }
    *out = f;
    return LNR_OK;
}
