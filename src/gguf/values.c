/* Finding values and tensors, and reading values as the type the caller wants. See gguf.h.
 *
 * The one idea: a value that is there and does not fit is an error that names it, never a default.
 */
#include "gguf/file.h"
#include "gguf/rules.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>

static float load_f32(const uint8_t *p) {
    uint32_t bits = gguf_load_u32(p);
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static double load_f64(const uint8_t *p) {
    uint64_t bits = gguf_load_u64(p);
    double f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

void gguf_load_scalar(gguf_kind kind, const uint8_t *p, gguf_value *v) {
    LNR_ASSERT(gguf_kind_bytes(kind) > 0);
    switch (kind) {
    case GGUF_U8:
    case GGUF_BOOL:
        v->u = p[0];
        break;
    case GGUF_I8:
        v->i = (int8_t)p[0];
        break;
    case GGUF_U16:
        v->u = gguf_load_u16(p);
        break;
    case GGUF_I16:
        v->i = (int16_t)gguf_load_u16(p);
        break;
    case GGUF_U32:
        v->u = gguf_load_u32(p);
        break;
    case GGUF_I32:
        v->i = (int32_t)gguf_load_u32(p);
        break;
    case GGUF_U64:
        v->u = gguf_load_u64(p);
        break;
    case GGUF_I64:
        v->i = (int64_t)gguf_load_u64(p);
        break;
    case GGUF_F32:
        v->f = (double)load_f32(p);
        break;
    case GGUF_F64:
        v->f = load_f64(p);
        break;
    case GGUF_STRING:
    case GGUF_ARRAY:
        break; /* our mistake, see above */
    }
}

size_t gguf_n_values(const gguf_file *f) {
    return f->n_values;
}

const gguf_value *gguf_value_at(const gguf_file *f, size_t idx) {
    LNR_ASSERT(idx < f->n_values);
    return &f->value[idx];
}

const gguf_value *gguf_find(const gguf_file *f, const char *key) {
    uint32_t idx;
    return strmap_find(&f->keys, lnr_str_from(key), &idx) ? &f->value[idx] : NULL;
}

size_t gguf_n_tensors(const gguf_file *f) {
    return f->n_tensors;
}

const gguf_tensor *gguf_tensor_at(const gguf_file *f, size_t idx) {
    LNR_ASSERT(idx < f->n_tensors);
    return &f->tensor[idx];
}

const gguf_tensor *gguf_find_tensor(const gguf_file *f, const char *name) {
    uint32_t idx;
    return strmap_find(&f->names, lnr_str_from(name), &idx) ? &f->tensor[idx] : NULL;
}

static lnr_status wrong_kind(const gguf_value *v, const char *wanted, lnr_error *err) {
    if (v->kind == GGUF_ARRAY)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key '%.*s' at byte %" PRIu64 ": is an array of %s, must be %s",
                        LNR_STR(v->key), v->offset, gguf_kind_name(v->array.kind), wanted);
    return LNR_FAIL(err, LNR_E_FORMAT, "key '%.*s' at byte %" PRIu64 ": is %s, must be %s",
                    LNR_STR(v->key), v->offset, gguf_kind_name(v->kind), wanted);
}

static lnr_status absent(const char *key, lnr_error *err) {
    return LNR_FAIL(err, LNR_E_FORMAT, "key '%s' is missing", key);
}

static bool is_signed_int(gguf_kind kind) {
    return kind == GGUF_I8 || kind == GGUF_I16 || kind == GGUF_I32 || kind == GGUF_I64;
}

static bool is_unsigned_int(gguf_kind kind) {
    return kind == GGUF_U8 || kind == GGUF_U16 || kind == GGUF_U32 || kind == GGUF_U64;
}

lnr_status gguf_get_u32(const gguf_file *f, const char *key, uint32_t *out, lnr_error *err) {
    const gguf_value *v = gguf_find(f, key);
    if (v == NULL)
        return LNR_OK;
    if (is_signed_int(v->kind)) {
        if (v->i < 0 || v->i > (int64_t)UINT32_MAX)
            return LNR_FAIL(err, LNR_E_FORMAT,
                            "key '%s' at byte %" PRIu64 ": %" PRId64 " is not in 0 to %" PRIu32,
                            key, v->offset, v->i, UINT32_MAX);
        *out = (uint32_t)v->i;
        return LNR_OK;
    }
    if (!is_unsigned_int(v->kind))
        return wrong_kind(v, "an integer", err);
    if (v->u > UINT32_MAX)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key '%s' at byte %" PRIu64 ": %" PRIu64 " is not in 0 to %" PRIu32, key,
                        v->offset, v->u, UINT32_MAX);
    *out = (uint32_t)v->u;
    return LNR_OK;
}

lnr_status gguf_get_u32_required(const gguf_file *f, const char *key, uint32_t *out,
                                 lnr_error *err) {
    return gguf_find(f, key) ? gguf_get_u32(f, key, out, err) : absent(key, err);
}

lnr_status gguf_get_f32(const gguf_file *f, const char *key, float *out, lnr_error *err) {
    const gguf_value *v = gguf_find(f, key);
    if (v == NULL)
        return LNR_OK;
    if (v->kind != GGUF_F32 && v->kind != GGUF_F64)
        return wrong_kind(v, "a float", err);
    /* False for NaN too. A double beyond FLT_MAX could round to infinity. */
    if (!(v->f >= -(double)FLT_MAX && v->f <= (double)FLT_MAX))
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key '%s' at byte %" PRIu64 ": %g is not a finite 32-bit float", key,
                        v->offset, v->f);
    *out = (float)v->f;
    return LNR_OK;
}

lnr_status gguf_get_bool(const gguf_file *f, const char *key, bool *out, lnr_error *err) {
    const gguf_value *v = gguf_find(f, key);
    if (v == NULL)
        return LNR_OK;
    if (v->kind != GGUF_BOOL)
        return wrong_kind(v, "a bool", err);
    *out = v->u != 0;
    return LNR_OK;
}

lnr_status gguf_get_str(const gguf_file *f, const char *key, lnr_str *out, lnr_error *err) {
    const gguf_value *v = gguf_find(f, key);
    if (v == NULL)
        return LNR_OK;
    if (v->kind != GGUF_STRING)
        return wrong_kind(v, "a string", err);
    *out = v->s;
    return LNR_OK;
}

lnr_status gguf_get_str_required(const gguf_file *f, const char *key, lnr_str *out,
                                 lnr_error *err) {
    return gguf_find(f, key) ? gguf_get_str(f, key, out, err) : absent(key, err);
}

lnr_status gguf_get_array(const gguf_file *f, const char *key, gguf_kind items,
                          const gguf_value **out, lnr_error *err) {
    const gguf_value *v = gguf_find(f, key);
    *out = NULL;
    if (v == NULL)
        return LNR_OK;
    if (v->kind != GGUF_ARRAY || v->array.kind != items) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "an array of %s", gguf_kind_name(items));
        return wrong_kind(v, wanted, err);
    }
    *out = v;
    return LNR_OK;
}

lnr_status gguf_get_int_array(const gguf_file *f, const char *key, const gguf_value **out,
                              lnr_error *err) {
    const gguf_value *v = gguf_find(f, key);
    *out = NULL;
    if (v == NULL)
        return LNR_OK;
    if (v->kind != GGUF_ARRAY || !(is_signed_int(v->array.kind) || is_unsigned_int(v->array.kind)))
        return wrong_kind(v, "an array of integers", err);
    *out = v;
    return LNR_OK;
}

lnr_str gguf_array_str(const gguf_value *v, uint64_t idx) {
    LNR_ASSERT(v->kind == GGUF_ARRAY && v->array.kind == GGUF_STRING && idx < v->array.n);
    return ((const lnr_str *)v->array.items)[idx];
}

static gguf_value item(const gguf_value *v, uint64_t idx) {
    LNR_ASSERT(v->kind == GGUF_ARRAY && idx < v->array.n);
    gguf_value out = {0};
    const uint8_t *items = v->array.items;
    gguf_load_scalar(v->array.kind, items + idx * gguf_kind_bytes(v->array.kind), &out);
    return out;
}

float gguf_array_f32(const gguf_value *v, uint64_t idx) {
    LNR_ASSERT(v->array.kind == GGUF_F32);
    return (float)item(v, idx).f;
}

int64_t gguf_array_int(const gguf_value *v, uint64_t idx) {
    LNR_ASSERT(v->array.kind != GGUF_F32 && v->array.kind != GGUF_F64);
    gguf_value x = item(v, idx);
    return is_signed_int(v->array.kind) ? x.i : (int64_t)x.u;
}
