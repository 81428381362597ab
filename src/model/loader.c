/* Checked access to keys and tensors while a model is being built; see loader.h. */
#include "model/loader.h"

#include "base/alloc.h"
#include "base/checked.h"
#include "base/hash.h"
#include "quant/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

lnr_status loader_u32(model_loader *l, const char *key, loader_range r, uint32_t *out,
                      lnr_error *err) {
    char full[LOADER_KEY_MAX];
    snprintf(full, sizeof full, "%s.%s", l->arch, key);
    *out = r.fallback;
    if (r.fallback == 0)
        LNR_TRY(gguf_get_u32_required(l->file, full, out, err));
    else
        LNR_TRY(gguf_get_u32(l->file, full, out, err));
    if (*out < r.lo || *out > r.hi)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "key '%s' is %" PRIu32 ", %" PRIu32 " to %" PRIu32 " allowed", full, *out,
                        r.lo, r.hi);
    return LNR_OK;
}

bool loader_has_key(const model_loader *l, const char *key) {
    char full[LOADER_KEY_MAX];
    snprintf(full, sizeof full, "%s.%s", l->arch, key);
    return gguf_find(l->file, full) != NULL;
}

lnr_status loader_positive(model_loader *l, const char *key, float hi, float *out, lnr_error *err) {
    if (!loader_has_key(l, key))
        return LNR_OK;
    char full[LOADER_KEY_MAX];
    snprintf(full, sizeof full, "%s.%s", l->arch, key);
    LNR_TRY(gguf_get_f32(l->file, full, out, err));
    if (!(*out > 0.0f && *out <= hi))
        return LNR_FAIL(err, LNR_E_FORMAT, "key '%s' is %g, above 0 and at most %g expected", full,
                        (double)*out, (double)hi);
    return LNR_OK;
}

bool loader_has(const model_loader *l, const char *name) {
    return gguf_find_tensor(l->file, name) != NULL;
}

/* Finds a tensor, checks its shape against (n_rows, n_cols) and marks it used. */
static lnr_status find(model_loader *l, const char *name, uint32_t n_rows, uint32_t n_cols,
                       const gguf_tensor **out, lnr_error *err) {
    const gguf_tensor *t = gguf_find_tensor(l->file, name);
    *out = t;
    if (t == NULL)
        return LNR_FAIL(err, LNR_E_FORMAT, "tensor '%s' is missing", name);
    if (t->dim[0] != n_cols || t->n_rows != n_rows)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "tensor '%s' has rows of %" PRIu64 " and %" PRIu64
                        " of them; the metadata calls for %" PRIu32 " and %" PRIu32,
                        name, t->dim[0], t->n_rows, n_cols, n_rows);
    l->used[t - gguf_tensor_at(l->file, 0)] = true;
    return LNR_OK;
}

typedef struct tensor_reader {
    lnr_model *model; /* whose id the rows read go into; NULL: none */
    const gguf_file *file;
    const gguf_tensor *tensor;
    uint64_t start; /* of the rows wanted */
} tensor_reader;

/* Pieces come in any order and from several threads, so their hashes are added up. */
static void add_to_id(lnr_model *m, const gguf_tensor *t, uint64_t skip, const void *p, size_t n) {
    uint64_t piece = lnr_hash64(lnr_hash64(skip, t->name.p, t->name.n), p, n);
    atomic_fetch_add_explicit(&m->id, piece, memory_order_relaxed);
}

static lnr_status read_tensor(void *user, uint64_t skip, void *p, size_t n, lnr_error *err) {
    const tensor_reader *r = user;
    LNR_TRY(gguf_read_tensor(r->file, r->tensor, r->start + skip, p, n, err));
    if (r->model)
        add_to_id(r->model, r->tensor, r->start + skip, p, n);
    return LNR_OK;
}

/* Of a matrix that stays in its file some rows stand for all: reading it is what is to be saved. */
#define ID_ROWS 16u

static lnr_status sample_to_id(lnr_model *m, const tensor_reader *r, uint32_t n_rows,
                               uint64_t row_bytes, lnr_error *err) {
    tensor_reader reader = *r;
    reader.model = m;
    void *row = lnr_alloc((size_t)row_bytes);
    lnr_status st = row ? LNR_OK
                        : LNR_FAIL(err, LNR_E_NOMEM, "no memory for a row of tensor '%.*s'",
                                   LNR_STR(r->tensor->name));
    for (uint64_t i = 0; i < ID_ROWS && st == LNR_OK; i++)
        st = read_tensor(&reader, i * (n_rows - 1) / (ID_ROWS - 1) * row_bytes, row,
                         (size_t)row_bytes, err);
    lnr_free(row);
    return st;
}

static lnr_status unsupported_type(const lnr_backend *b, const gguf_tensor *t, lnr_error *err) {
    char names[160] = "";
    size_t n = 0;
    for (uint32_t id = 0; id < LNR_TYPE_IDS; id++)
        if (lnr_type_known(id) && b->supports((lnr_type)id) && n < sizeof names)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "",
                                  lnr_type_name((lnr_type)id));
    return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                    "tensor '%.*s' has type %s; this build computes with %s", LNR_STR(t->name),
                    lnr_type_name(t->type), names);
}

/* A reader and a name that live as long as the model. */
static lnr_status leave_in_file(model_loader *l, const matrix_source *src, lnr_matrix *out,
                                lnr_error *err) {
    lnr_model *m = l->model;
    tensor_reader *reader = arena_alloc(&m->arena, 1, sizeof *reader);
    matrix_source kept = *src;
    kept.user = reader;
    kept.name = arena_strdup_n(&m->arena, src->name, strlen(src->name));
    if (reader == NULL || kept.name == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for tensor '%s'", src->name);
    *reader = *(const tensor_reader *)src->user;
    reader->model = NULL;
    LNR_TRY(
        sample_to_id(m, reader, src->n_rows, reader->tensor->bytes / reader->tensor->n_rows, err));
    LNR_TRY(m->backend->matrix_leave(&kept, out, err));
    size_t panel_bytes = out->bytes / lnr_div_up(out->n_rows, LNR_PANEL_ROWS);
    if (m->shape.file_panel_bytes < panel_bytes)
        m->shape.file_panel_bytes = panel_bytes;
    l->keep_file = true;
    return LNR_OK;
}

static lnr_status report_progress(model_loader *l, uint64_t bytes, lnr_error *err) {
    const lnr_model_options *o = l->opts;
    l->done_bytes += bytes;
    if (o && o->on_progress && !o->on_progress(l->done_bytes, l->total_bytes, o->user))
        return LNR_FAIL(err, LNR_E_CANCELLED, "loading was stopped");
    return LNR_OK;
}

static lnr_status load_rows(model_loader *l, const gguf_tensor *t, const char *name,
                            loader_rows rows, lnr_matrix *out, lnr_error *err) {
    const lnr_backend *b = l->model->backend;
    if (!b->supports(t->type))
        return unsupported_type(b, t, err);
    uint64_t row_bytes = t->bytes / t->n_rows;
    tensor_reader reader = {l->model, l->file, t, rows.first * row_bytes};
    matrix_source src = {name, t->type, rows.n, (uint32_t)t->dim[0], read_tensor, &reader};
    if ((l->opts && l->opts->no_pack) || l->leave) {
        LNR_TRY(leave_in_file(l, &src, out, err));
    } else {
        LNR_TRY(b->matrix_load(&src, l->n_threads, out, err));
        l->model->weight_bytes += out->bytes;
    }
    l->model->n_parameters += (uint64_t)rows.n * t->dim[0];
    return report_progress(l, rows.n * row_bytes, err);
}

lnr_status loader_matrix_rows(model_loader *l, const char *name, loader_rows rows, uint32_t n_cols,
                              lnr_matrix *out, lnr_error *err) {
    const gguf_tensor *t = NULL;
    LNR_TRY(find(l, name, rows.of, n_cols, &t, err));
    return load_rows(l, t, name, rows, out, err);
}

lnr_status loader_matrix(model_loader *l, const char *name, uint32_t n_rows, uint32_t n_cols,
                         lnr_matrix *out, lnr_error *err) {
    return loader_matrix_rows(l, name, (loader_rows){0, n_rows, n_rows}, n_cols, out, err);
}

lnr_status loader_experts(model_loader *l, const char *name, uint32_t n_rows, uint32_t n_cols,
                          lnr_matrix *out, lnr_error *err) {
    const gguf_tensor *t = NULL;
    uint32_t n = l->model->shape.n_experts;
    if ((uint64_t)n * n_rows > UINT32_MAX)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                        "tensor '%s': %" PRIu32 " experts of %" PRIu32 " rows are too many", name,
                        n, n_rows);
    LNR_TRY(find(l, name, n * n_rows, n_cols, &t, err));
    if (t->dim[1] != n_rows)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "tensor '%s' has %" PRIu64 " rows for an expert; the metadata calls for "
                        "%" PRIu32,
                        name, t->dim[1], n_rows);
    return load_rows(l, t, name, (loader_rows){0, n * n_rows, n * n_rows}, out, err);
}

lnr_status loader_vector(model_loader *l, const char *name, uint32_t n, const float **out,
                         lnr_error *err) {
    const gguf_tensor *t = NULL;
    LNR_TRY(find(l, name, 1, n, &t, err));
    if (t->type != LNR_TYPE_F32 && t->type != LNR_TYPE_F16)
        return LNR_FAIL(err, LNR_E_FORMAT, "tensor '%s' has type %s, F32 or F16 expected", name,
                        lnr_type_name(t->type));
    float *v = arena_alloc(&l->model->arena, n, sizeof *v);
    void *raw = lnr_alloc((size_t)t->bytes);
    lnr_status st = LNR_OK;
    if (v == NULL || raw == NULL)
        st = LNR_FAIL(err, LNR_E_NOMEM, "tensor '%s': no memory for %" PRIu32 " values", name, n);
    else
        st = gguf_read_tensor(l->file, t, 0, raw, (size_t)t->bytes, err);
    if (st == LNR_OK) {
        add_to_id(l->model, t, 0, raw, (size_t)t->bytes);
        lnr_format_find(t->type)->decode(raw, n, v);
    }
    lnr_free(raw);
    LNR_TRY(st);
    for (uint32_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return LNR_FAIL(err, LNR_E_FORMAT, "tensor '%s': value %" PRIu32 " is not finite", name,
                            i);
    l->model->n_parameters += n;
    l->model->weight_bytes += n * sizeof *v;
    *out = v;
    return LNR_OK;
}

lnr_status loader_check_all_used(const model_loader *l, lnr_error *err) {
    for (size_t i = 0; i < gguf_n_tensors(l->file); i++)
        if (!l->used[i])
            return LNR_FAIL(
                err, LNR_E_UNSUPPORTED,
                "tensor '%.*s' has no place in architecture '%s' as this build knows it",
                LNR_STR(gguf_tensor_at(l->file, i)->name), l->arch);
    return LNR_OK;
}
