/* include/lanner/model.h: files as lanner inspect shows them, and loaded models. */
#include <lanner/model.h>

#include "api/take_options.h"
#include "base/alloc.h"
#include "model/family.h"

/* ---- files
 * --------------------------------------------------------------------------------------- */

struct lnr_file {
    gguf_file *gguf; /* owned */
    arena names;     /* NUL-terminated copies of keys and tensor names */
    const char **key, **tensor;
};

static lnr_status copy_names(lnr_file *f, lnr_error *err) {
    size_t n_keys = gguf_n_values(f->gguf), n_tensors = gguf_n_tensors(f->gguf);
    f->key = arena_alloc(&f->names, n_keys, sizeof *f->key);
    f->tensor = arena_alloc(&f->names, n_tensors, sizeof *f->tensor);
    bool ok = f->key && f->tensor;
    for (size_t i = 0; ok && i < n_keys; i++) {
        lnr_str s = gguf_value_at(f->gguf, i)->key;
        ok = (f->key[i] = arena_strdup_n(&f->names, s.p, s.n)) != NULL;
    }
    for (size_t i = 0; ok && i < n_tensors; i++) {
        lnr_str s = gguf_tensor_at(f->gguf, i)->name;
        ok = (f->tensor[i] = arena_strdup_n(&f->names, s.p, s.n)) != NULL;
    }
    return ok ? LNR_OK
              : LNR_FAIL(err, LNR_E_NOMEM, "%s%s: no memory for its names",
                         LNR_PATH(gguf_path(f->gguf)));
}

lnr_status lnr_file_open(const char *path, lnr_file **out, lnr_error *err) {
    *out = NULL;
    lnr_file *f = lnr_new(lnr_file);
    if (f == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "%s%s: no memory to open it", LNR_PATH(path));
    arena_init(&f->names);
    lnr_status st = gguf_open(path, &f->gguf, err);
    if (st == LNR_OK)
        st = copy_names(f, err);
    else
        st = model_error_with_path(err, st, path);
    if (st) {
        lnr_file_close(f);
        return st;
    }
    *out = f;
    return LNR_OK;
}

void lnr_file_close(lnr_file *f) {
    if (f == NULL)
        return;
    arena_deinit(&f->names);
    gguf_close(f->gguf);
    lnr_free(f);
}

uint32_t lnr_file_version(const lnr_file *f) {
    return gguf_version(f->gguf);
}

uint32_t lnr_file_parts(const lnr_file *f) {
    return gguf_n_parts(f->gguf);
}

uint64_t lnr_file_bytes(const lnr_file *f) {
    return gguf_file_bytes(f->gguf);
}

size_t lnr_file_n_metadata(const lnr_file *f) {
    return gguf_n_values(f->gguf);
}

static const char *kind_name(gguf_kind kind) {
    static const char *const names[] = {
        [GGUF_U8] = "u8",   [GGUF_I8] = "i8",         [GGUF_U16] = "u16",     [GGUF_I16] = "i16",
        [GGUF_U32] = "u32", [GGUF_I32] = "i32",       [GGUF_F32] = "f32",     [GGUF_BOOL] = "bool",
        [GGUF_U64] = "u64", [GGUF_STRING] = "string", [GGUF_ARRAY] = "array", [GGUF_I64] = "i64",
        [GGUF_F64] = "f64"};
    return names[kind];
}

static lnr_value_kind public_kind(gguf_kind kind) {
    switch (kind) {
    case GGUF_I8:
    case GGUF_I16:
    case GGUF_I32:
    case GGUF_I64:
        return LNR_VALUE_INT;
    case GGUF_F32:
    case GGUF_F64:
        return LNR_VALUE_FLOAT;
    case GGUF_BOOL:
        return LNR_VALUE_BOOL;
    case GGUF_STRING:
        return LNR_VALUE_STRING;
    case GGUF_ARRAY:
        return LNR_VALUE_ARRAY;
    default:
        return LNR_VALUE_UINT;
    }
}

/* One value of the given kind, not an array, into out. */
static void set_value(lnr_metadata *out, const gguf_value *v) {
    out->kind = public_kind(v->kind);
    out->type_name = kind_name(v->kind);
    switch (out->kind) {
    case LNR_VALUE_INT:
        out->value.i = v->i;
        break;
    case LNR_VALUE_FLOAT:
        out->value.f = v->f;
        break;
    case LNR_VALUE_BOOL:
        out->value.b = v->u != 0;
        break;
    case LNR_VALUE_STRING:
        out->value.s.p = v->s.p;
        out->value.s.n = v->s.n;
        break;
    case LNR_VALUE_ARRAY:
        out->value.array.item_type = kind_name(v->array.kind);
        out->value.array.n = v->array.n;
        break;
    default:
        out->value.u = v->u;
    }
}

void lnr_file_metadata(const lnr_file *f, size_t idx, lnr_metadata *out) {
    const gguf_value *v = gguf_value_at(f->gguf, idx);
    *out = (lnr_metadata){.key = f->key[idx], .n_key = v->key.n};
    set_value(out, v);
}

void lnr_file_array_item(const lnr_file *f, size_t idx, uint64_t item_idx, lnr_metadata *out) {
    const gguf_value *v = gguf_value_at(f->gguf, idx);
    *out = (lnr_metadata){.key = f->key[idx], .n_key = v->key.n};
    gguf_value item = {.key = v->key, .kind = v->array.kind};
    double f64;
    switch (item.kind) {
    case GGUF_STRING:
        item.s = gguf_array_str(v, item_idx);
        break;
    case GGUF_F32:
        item.f = (double)gguf_array_f32(v, item_idx);
        break;
    case GGUF_F64:
        memcpy(&f64, (const char *)v->array.items + item_idx * sizeof f64, sizeof f64);
        item.f = f64;
        break;
    default:
        item.i = gguf_array_int(v, item_idx); /* u is the same bits */
    }
    set_value(out, &item);
}

size_t lnr_file_n_tensors(const lnr_file *f) {
    return gguf_n_tensors(f->gguf);
}

void lnr_file_tensor(const lnr_file *f, size_t idx, lnr_tensor_info *out) {
    const gguf_tensor *t = gguf_tensor_at(f->gguf, idx);
    *out = (lnr_tensor_info){.name = f->tensor[idx],
                             .type = lnr_type_name(t->type),
                             .n_dims = t->n_dims,
                             .offset = t->offset,
                             .bytes = t->bytes,
                             .part = t->part};
    memcpy(out->dim, t->dim, sizeof out->dim);
}

/* ---- models
 * -------------------------------------------------------------------------------------- */

lnr_status lnr_model_load(const char *path, const lnr_model_options *opts, lnr_model **out,
                          lnr_error *err) {
    *out = NULL;
    lnr_model_options o;
    LNR_TRY(api_take_options(opts, &o, sizeof o, "lnr_model_options", err));
    return model_load(path, &o, out, err);
}

lnr_model *lnr_model_ref(lnr_model *m) {
    return model_ref(m);
}

void lnr_model_unref(lnr_model *m) {
    model_unref(m);
}

void lnr_model_get_info(const lnr_model *m, lnr_model_info *out) {
    const model_shape *s = &m->shape;
    *out = (lnr_model_info){.architecture = m->family->arch,
                            .name = m->name,
                            .n_layers = s->n_layers,
                            .n_embd = s->n_embd,
                            .n_heads = s->n_heads,
                            .n_heads_kv = s->n_heads_kv,
                            .head_dim = s->head_dim,
                            .n_ff = s->n_ff,
                            .n_vocab = s->n_vocab,
                            .n_ctx_train = m->n_ctx_train,
                            .n_parameters = m->n_parameters,
                            .weight_bytes = m->weight_bytes,
                            .tied = m->out.bytes == 0};
}
