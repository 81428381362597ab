/* Quantising a model file: first a type for every tensor, with all that can be refused before a
 * byte is written; then the metadata; then tensor after tensor through convert.c. */
#include "base/alloc.h"
#include "base/checked.h"
#include "gguf/writer.h"
#include "model/model.h"
#include "tools/convert.h"
#include "tools/importance.h"
#include "tools/keep.h"
#include "tools/mix.h"
#include "tools/tools.h"

#include <inttypes.h>
#include <stdio.h>

/* Of the formats as they are today; readers refuse blocks of another version. */
#define QUANTIZATION_VERSION 2u

typedef struct target {
    lnr_type type;
    bool fell_back, kept;
    const float *importance; /* (n_matrices, n_cols) or NULL; borrowed */
} target;

typedef struct quantizer {
    const lnr_quantize_options *o;
    mix_id mix;
    mix_model model;
    gguf_file *file;     /* owned, as all below */
    importance *imatrix; /* NULL: none */
    keep_rules *keep;
    target *target; /* (n_tensors) */
    converter *converter;
    gguf_writer *writer;
    uint64_t done_bytes, total_bytes;
} quantizer;

/* ---- types
 * --------------------------------------------------------------------------------------- */

/* An integer of the architecture, or the first item of an array that has one per layer; 0 without.
 */
static uint32_t model_u32(const gguf_file *f, lnr_str arch, const char *key) {
    char full[128];
    snprintf(full, sizeof full, "%.*s.%s", LNR_STR(arch), key);
    const gguf_value *v = gguf_find(f, full);
    if (v == NULL)
        return 0;
    if (v->kind == GGUF_ARRAY) {
        const gguf_value *array;
        if (gguf_get_int_array(f, full, &array, NULL) != LNR_OK || array->array.n == 0)
            return 0;
        int64_t first = gguf_array_int(array, 0);
        return first > 0 && first <= UINT32_MAX ? (uint32_t)first : 0;
    }
    uint32_t x = 0;
    return gguf_get_u32(f, full, &x, NULL) == LNR_OK ? x : 0;
}

static lnr_status describe_model(quantizer *q, lnr_error *err) {
    lnr_str arch, rest;
    LNR_TRY(gguf_get_str_required(q->file, "general.architecture", &arch, err));
    mix_model *m = &q->model;
    uint32_t layer, n_kv = model_u32(q->file, arch, "attention.head_count_kv");
    m->n_gqa = n_kv ? model_u32(q->file, arch, "attention.head_count") / n_kv : 1;
    m->n_experts = model_u32(q->file, arch, "expert_count");
    m->has_output = gguf_find_tensor(q->file, "output.weight") != NULL;
    m->has_imatrix = q->imatrix != NULL;
    for (size_t i = 0; i < gguf_n_tensors(q->file); i++)
        if (mix_layer_of(gguf_tensor_at(q->file, i)->name, &layer, &rest) && layer >= m->n_layers)
            m->n_layers = layer + 1;
    m->eighty_layers =
        m->n_layers == 80 && (lnr_str_is(arch, "llama") || lnr_str_is(arch, "qwen2"));
    return LNR_OK;
}

static lnr_status check_target(const quantizer *q, const gguf_tensor *t, const target *to,
                               lnr_error *err) {
    if (to->type == t->type)
        return LNR_OK;
    if (t->dim[0] % lnr_type_block_weights(to->type) != 0)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "tensor '%.*s': rows of %" PRIu64 " weights do not fit type %s, in blocks "
                        "of %zu",
                        LNR_STR(t->name), t->dim[0], lnr_type_name(to->type),
                        lnr_type_block_weights(to->type));
    if (lnr_type_block_weights(t->type) > 1 && !q->o->requantize)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "tensor '%.*s' is quantised already, as %s: to quantise again loses twice; "
                        "start from F16 or F32, or allow it with --requantize",
                        LNR_STR(t->name), lnr_type_name(t->type));
    return convert_check(t, to->type, err);
}

static lnr_status choose(quantizer *q, const gguf_tensor *t, target *to, lnr_error *err) {
    mix_tensor seen = {t->name, mix_n_dims(t->dim, t->n_dims), t->dim[0]};
    to->type = t->type;
    if (!mix_applies(&seen))
        return LNR_OK;
    LNR_TRY(keep_find(q->keep, t->name, &to->kept, &to->type, err));
    if (!to->kept)
        to->type = mix_type(q->mix, &q->model, &seen, &to->fell_back);
    LNR_TRY(check_target(q, t, to, err));
    if (q->imatrix && to->type != t->type && lnr_type_block_weights(to->type) > 1)
        LNR_TRY(importance_find(q->imatrix, t, &to->importance, err));
    return LNR_OK;
}

static lnr_status choose_all(quantizer *q, lnr_error *err) {
    size_t n = gguf_n_tensors(q->file);
    q->target = lnr_alloc_array(n, sizeof *q->target);
    if (q->target == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %zu tensors", n);
    for (size_t i = 0; i < n; i++) {
        const gguf_tensor *t = gguf_tensor_at(q->file, i);
        LNR_TRY(choose(q, t, &q->target[i], err));
        q->total_bytes += t->bytes; /* within the files' sizes: cannot wrap */
    }
    LNR_TRY(keep_check_used(q->keep, err));
    if (q->imatrix && importance_n_used(q->imatrix) == 0)
        return LNR_FAIL(
            err, LNR_E_ARGUMENT,
            "importance matrix %s%s has no effect: it names no matrix that is quantised",
            LNR_PATH(q->o->imatrix));
    return LNR_OK;
}

/* ---- writing
 * ------------------------------------------------------------------------------------- */

/* What the new file says itself, or what only a split model has. */
static bool is_replaced(lnr_str key) {
    return lnr_str_is(key, "general.file_type") ||
           lnr_str_is(key, "general.quantization_version") ||
           lnr_str_is(key, "quantize.imatrix.file") || lnr_str_starts(key, "split.");
}

static lnr_status write_header(quantizer *q, lnr_error *err) {
    gguf_writer *w = q->writer;
    for (size_t i = 0; i < gguf_n_values(q->file); i++) {
        const gguf_value *v = gguf_value_at(q->file, i);
        if (!is_replaced(v->key))
            gguf_writer_value(w, v);
    }
    gguf_writer_u32(w, "general.quantization_version", QUANTIZATION_VERSION);
    gguf_writer_u32(w, "general.file_type", mix_file_type(q->mix));
    if (q->imatrix)
        gguf_writer_str(w, "quantize.imatrix.file", lnr_str_from(q->o->imatrix));
    for (size_t i = 0; i < gguf_n_tensors(q->file); i++) {
        const gguf_tensor *t = gguf_tensor_at(q->file, i);
        gguf_writer_tensor(w, t->name, q->target[i].type, t->n_dims, t->dim);
    }
    return gguf_writer_start(w, err);
}

static bool on_progress(uint64_t bytes, void *user) {
    quantizer *q = user;
    q->done_bytes += bytes;
    return !q->o->on_progress || q->o->on_progress(q->done_bytes, q->total_bytes, q->o->user);
}

static void tell(const quantizer *q, const gguf_tensor *t, const target *to, double rmse) {
    char name[LNR_STR_SHOWN_MAX + 1];
    uint64_t row_bytes = 0;
    if (q->o->on_tensor == NULL)
        return;
    snprintf(name, sizeof name, "%.*s", LNR_STR(t->name));
    (void)lnr_type_row_bytes(to->type, t->dim[0], &row_bytes); /* fits: the writer took it */
    lnr_quantized told = {.name = name,
                          .from = lnr_type_name(t->type),
                          .to = lnr_type_name(to->type),
                          .n_weights = t->dim[0] * t->n_rows,
                          .from_bytes = t->bytes,
                          .to_bytes = row_bytes * t->n_rows,
                          .rmse = rmse,
                          .fell_back = to->fell_back,
                          .kept = to->kept,
                          .weighted = to->importance != NULL};
    q->o->on_tensor(&told, q->o->user);
}

static lnr_status write_tensors(quantizer *q, lnr_error *err) {
    for (size_t i = 0; i < gguf_n_tensors(q->file); i++) {
        const gguf_tensor *t = gguf_tensor_at(q->file, i);
        convert_job job = {.file = q->file,
                           .tensor = t,
                           .to = q->target[i].type,
                           .importance = q->target[i].importance,
                           .writer = q->writer,
                           .idx = i,
                           .on_progress = on_progress,
                           .user = q};
        double rmse;
        LNR_TRY(convert_tensor(q->converter, &job, &rmse, err));
        tell(q, t, &q->target[i], rmse);
    }
    for (uint32_t i = 0; i < gguf_n_parts(q->file); i++)
        if (!os_file_unchanged(gguf_part(q->file, i)))
            return LNR_FAIL(err, LNR_E_IO, "%s%s: was changed while it was read",
                            LNR_PATH(os_file_path(gguf_part(q->file, i))));
    return LNR_OK;
}

/* ---- the whole
 * ----------------------------------------------------------------------------------- */

static lnr_status open_inputs(quantizer *q, const char *in, const char *out, const char *mix,
                              lnr_error *err) {
    LNR_TRY(mix_find(mix, &q->mix, err));
    LNR_TRY(keep_create(q->o->keep, &q->keep, err));
    if (q->o->imatrix)
        LNR_TRY(importance_open(q->o->imatrix, &q->imatrix, err));
    lnr_status st = gguf_open(in, &q->file, err);
    if (st)
        return model_error_with_path(err, st, in);
    for (uint32_t i = 0; i < gguf_n_parts(q->file); i++)
        if (os_file_is_at(gguf_part(q->file, i), out))
            return LNR_FAIL(err, LNR_E_ARGUMENT, "%s%s: the output is the input itself",
                            LNR_PATH(out));
    LNR_TRY(describe_model(q, err));
    return choose_all(q, err);
}

static lnr_status run(quantizer *q, const char *in, const char *out, const char *mix,
                      lnr_error *err) {
    LNR_TRY(open_inputs(q, in, out, mix, err));
    LNR_TRY(converter_create(q->o->n_threads, &q->converter, err));
    LNR_TRY(gguf_writer_create(out, &q->writer, err));
    LNR_TRY(write_header(q, err));
    LNR_TRY(write_tensors(q, err));
    gguf_writer *w = q->writer;
    q->writer = NULL; /* finish frees it */
    return gguf_writer_finish(w, err);
}

lnr_status tools_quantize(const char *in, const char *out, const char *mix,
                          const lnr_quantize_options *o, lnr_error *err) {
    quantizer q = {.o = o};
    lnr_status st = run(&q, in, out, mix, err);
    gguf_writer_abandon(q.writer);
    converter_destroy(q.converter);
    lnr_free(q.target);
    gguf_close(q.file);
    importance_close(q.imatrix);
    keep_destroy(q.keep);
    return st;
}
