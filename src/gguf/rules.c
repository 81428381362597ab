/* See rules.h. */
#include "gguf/rules.h"

#include "base/checked.h"
#include "base/utf8.h"

#include <inttypes.h>

static const struct {
    const char *name;
    size_t bytes;
} kinds[] = {
    [GGUF_U8] = {"u8", 1},       [GGUF_I8] = {"i8", 1},     [GGUF_U16] = {"u16", 2},
    [GGUF_I16] = {"i16", 2},     [GGUF_U32] = {"u32", 4},   [GGUF_I32] = {"i32", 4},
    [GGUF_F32] = {"f32", 4},     [GGUF_BOOL] = {"bool", 1}, [GGUF_STRING] = {"string", 0},
    [GGUF_ARRAY] = {"array", 0}, [GGUF_U64] = {"u64", 8},   [GGUF_I64] = {"i64", 8},
    [GGUF_F64] = {"f64", 8},
};

size_t gguf_kind_bytes(gguf_kind kind) {
    return kinds[kind].bytes;
}

const char *gguf_kind_name(gguf_kind kind) {
    return kinds[kind].name;
}

const char *gguf_name_wrong(lnr_str name) {
    if (name.n == 0)
        return "is empty";
    for (size_t i = 0, len; i < name.n; i += len) {
        uint32_t cp;
        len = lnr_utf8_decode(name.p + i, name.n - i, &cp);
        if (len == 0)
            return "is not valid UTF-8";
        if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
            return "contains a control character";
    }
    return NULL;
}

lnr_status gguf_check_alignment(const gguf_value *v, uint32_t *out, lnr_error *err) {
    if (v->kind != GGUF_U32)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key 'general.alignment' at byte %" PRIu64 ": is %s, must be u32",
                        v->offset, gguf_kind_name(v->kind));
    if (v->u == 0 || v->u > GGUF_ALIGNMENT_MAX || (v->u & (v->u - 1)) != 0)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key 'general.alignment' at byte %" PRIu64 ": is %" PRIu64
                        ", must be a power of two from 1 to %u",
                        v->offset, v->u, GGUF_ALIGNMENT_MAX);
    *out = (uint32_t)v->u;
    return LNR_OK;
}

lnr_status gguf_shape_tensor(gguf_tensor *t, lnr_error *err) {
    t->n_rows = 1;
    for (uint32_t i = 0; i < GGUF_DIMS_MAX; i++) {
        if (i >= t->n_dims)
            t->dim[i] = 1;
        if (t->dim[i] == 0)
            return LNR_FAIL(err, LNR_E_FORMAT, "dimension %" PRIu32 " is 0", i);
        if (i > 0 && !lnr_mul_u64(t->n_rows, t->dim[i], &t->n_rows))
            return LNR_FAIL(err, LNR_E_FORMAT, "the number of rows overflows");
    }
    size_t block = lnr_type_block_weights(t->type);
    if (t->dim[0] % block != 0)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "rows of %" PRIu64 " are no multiple of the %zu weights in a block of "
                        "type %s",
                        t->dim[0], block, lnr_type_name(t->type));
    uint64_t row_bytes;
    if (!lnr_type_row_bytes(t->type, t->dim[0], &row_bytes) ||
        !lnr_mul_u64(row_bytes, t->n_rows, &t->bytes))
        return LNR_FAIL(err, LNR_E_FORMAT, "the size in bytes overflows");
    return LNR_OK;
}
