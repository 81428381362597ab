/* See importance.h. Sums are checked and divided by their counts once, when a matrix is asked for.
 */
#include "tools/importance.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "gguf/writer.h"
#include "model/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define NAME_BYTES 128

struct importance {
    gguf_file *file; /* owned */
    arena means;     /* what importance_find gave out */
    size_t n_used;
};

lnr_status importance_open(const char *path, importance **out, lnr_error *err) {
    *out = NULL;
    importance *m = lnr_new(importance);
    if (m == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "%s%s: no memory to open it", LNR_PATH(path));
    arena_init(&m->means);
    lnr_str type = {"", 0};
    lnr_status st = gguf_open(path, &m->file, err);
    if (st == LNR_OK)
        st = gguf_get_str(m->file, "general.type", &type, err);
    if (st == LNR_OK && !lnr_str_is(type, "imatrix"))
        st = LNR_FAIL(err, LNR_E_FORMAT,
                      "key 'general.type' is '%.*s', 'imatrix' expected: this is no importance "
                      "matrix in GGUF form",
                      LNR_STR(type));
    if (st) {
        importance_close(m);
        return model_error_with_path(err, st, path);
    }
    *out = m;
    return LNR_OK;
}

void importance_close(importance *m) {
    if (m == NULL)
        return;
    arena_deinit(&m->means);
    gguf_close(m->file);
    lnr_free(m);
}

size_t importance_n_used(const importance *m) {
    return m->n_used;
}

/* One of a matrix's two tensors; NULL if it is absent. */
static lnr_status part(const importance *m, lnr_str matrix, const char *suffix,
                       const gguf_tensor **out, lnr_error *err) {
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%.*s.%s", (int)(matrix.n < 100 ? matrix.n : 100), matrix.p,
             suffix);
    *out = gguf_find_tensor(m->file, name);
    if (*out && (*out)->type != LNR_TYPE_F32)
        return LNR_FAIL(err, LNR_E_FORMAT, "importance tensor '%s' has type %s, F32 expected", name,
                        lnr_type_name((*out)->type));
    return LNR_OK;
}

/* Values that are finite and not negative. */
static lnr_status read_values(const importance *m, const gguf_tensor *t, float *out,
                              lnr_error *err) {
    LNR_TRY(gguf_read_tensor(m->file, t, 0, out, (size_t)t->bytes, err));
    for (uint64_t i = 0; i < t->bytes / sizeof *out; i++)
        if (!(out[i] >= 0.0f) || isinf(out[i]))
            return LNR_FAIL(err, LNR_E_FORMAT,
                            "importance tensor '%.*s': value %" PRIu64
                            " is %g, 0 or more and finite expected",
                            LNR_STR(t->name), i, (double)out[i]);
    return LNR_OK;
}

static lnr_status means(importance *m, const gguf_tensor *sums, const gguf_tensor *counts,
                        const float **out, lnr_error *err) {
    uint64_t n_cols = sums->dim[0];
    float *mean = arena_alloc(&m->means, 1, (size_t)sums->bytes);
    float *count = lnr_alloc((size_t)counts->bytes);
    lnr_status st = LNR_OK;
    if (mean == NULL || count == NULL)
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for importance tensor '%.*s'",
                      LNR_STR(sums->name));
    if (st == LNR_OK)
        st = read_values(m, sums, mean, err);
    if (st == LNR_OK)
        st = read_values(m, counts, count, err);
    for (uint64_t j = 0; st == LNR_OK && j < sums->n_rows; j++)
        for (uint64_t i = 0; i < n_cols; i++)
            mean[j * n_cols + i] = count[j] > 0.0f ? mean[j * n_cols + i] / count[j] : 1.0f;
    lnr_free(count);
    *out = mean;
    return st;
}

lnr_status importance_find(importance *m, const gguf_tensor *t, const float **out, lnr_error *err) {
    const gguf_tensor *sums, *counts;
    uint64_t n_matrices = t->n_rows / t->dim[1];
    *out = NULL;
    LNR_TRY(part(m, t->name, "in_sum2", &sums, err));
    LNR_TRY(part(m, t->name, "counts", &counts, err));
    if (sums == NULL && counts == NULL)
        return LNR_OK;
    if (sums == NULL || counts == NULL)
        return LNR_FAIL(err, LNR_E_FORMAT, "importance of '%.*s': %s is missing", LNR_STR(t->name),
                        sums ? "counts" : "in_sum2");
    if (sums->dim[0] != t->dim[0] || sums->n_rows != n_matrices ||
        counts->bytes / sizeof(float) != n_matrices)
        return LNR_FAIL(err, LNR_E_FORMAT,
                        "importance of '%.*s' has %" PRIu64 " columns for %" PRIu64
                        " matrices and %" PRIu64 " counts; the model has %" PRIu64 " for %" PRIu64,
                        LNR_STR(t->name), sums->dim[0], sums->n_rows, counts->bytes / sizeof(float),
                        t->dim[0], n_matrices);
    LNR_TRY(means(m, sums, counts, out, err));
    m->n_used++;
    return LNR_OK;
}

static void declare(gguf_writer *w, const importance_facts *facts, const importance_sums *sums,
                    size_t n) {
    lnr_str dataset = lnr_str_from(facts->dataset);
    gguf_writer_str(w, "general.type", lnr_str_from("imatrix"));
    gguf_writer_array(w, "imatrix.datasets", GGUF_STRING, 1, &dataset);
    gguf_writer_u32(w, "imatrix.chunk_count", facts->n_chunks);
    gguf_writer_u32(w, "imatrix.chunk_size", facts->chunk_size);
    for (size_t i = 0; i < n; i++) {
        char name[NAME_BYTES];
        uint64_t sum_dim[2] = {sums[i].n_cols, sums[i].n_matrices};
        uint64_t count_dim[2] = {1, sums[i].n_matrices};
        snprintf(name, sizeof name, "%s.in_sum2", sums[i].name);
        gguf_writer_tensor(w, lnr_str_from(name), LNR_TYPE_F32, 2, sum_dim);
        snprintf(name, sizeof name, "%s.counts", sums[i].name);
        gguf_writer_tensor(w, lnr_str_from(name), LNR_TYPE_F32, 2, count_dim);
    }
}

static lnr_status write_matrices(gguf_writer *w, size_t idx, const importance_sums *s,
                                 lnr_error *err) {
    size_t n = (size_t)s->n_matrices * s->n_cols, n_counts = s->n_matrices;
    float *sum = lnr_alloc_array(n, sizeof *sum), *count = lnr_alloc_array(n_counts, sizeof *count);
    lnr_status st = LNR_OK;
    if (sum == NULL || count == NULL)
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for the importance of '%s'", s->name);
    for (size_t k = 0; st == LNR_OK && k < n; k++)
        sum[k] = (float)s->sum[k];
    for (size_t i = 0; st == LNR_OK && i < n_counts; i++)
        count[i] = (float)s->count[i];
    if (st == LNR_OK)
        st = gguf_writer_data(w, 2 * idx, sum, n * sizeof *sum, err);
    if (st == LNR_OK)
        st = gguf_writer_data(w, 2 * idx + 1, count, n_counts * sizeof *count, err);
    lnr_free(sum);
    lnr_free(count);
    return st;
}

static lnr_status write_sums(gguf_writer *w, const importance_sums *sums, size_t n,
                             lnr_error *err) {
    LNR_TRY(gguf_writer_start(w, err));
    for (size_t i = 0; i < n; i++)
        LNR_TRY(write_matrices(w, i, &sums[i], err));
    return LNR_OK;
}

lnr_status importance_write(const char *path, const importance_facts *facts,
                            const importance_sums *sums, size_t n, lnr_error *err) {
    gguf_writer *w;
    LNR_TRY(gguf_writer_create(path, &w, err));
    declare(w, facts, sums, n);
    lnr_status st = write_sums(w, sums, n, err);
    if (st) {
        gguf_writer_abandon(w);
        return st;
    }
    return gguf_writer_finish(w, err);
}
