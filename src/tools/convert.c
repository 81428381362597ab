/* See convert.h. */
#include "tools/convert.h"

#include "backend/cpu/pool.h"
#include "base/alloc.h"
#include "base/checked.h"
#include "quant/format.h"

#include <inttypes.h>
#include <math.h>

#define SPAN_WEIGHTS     32768u /* a multiple of every block; 128 KiB of floats stay in L2 */
#define SPANS_PER_WORKER 8u
#define WEIGHT_BYTES_MAX 8u /* of any type: F64, I64 */

typedef struct worker {
    void *raw;            /* (SPAN_WEIGHTS) of the source type; owned, as x and y */
    float *x, *y;         /* (SPAN_WEIGHTS) as read, and as the new type has them */
    uint64_t failed_span; /* of the failure with the lowest number; UINT64_MAX: none */
    lnr_error why;
    char apart[64];
} worker;

struct converter {
    cpu_pool *pool;
    worker *worker; /* (n_workers) */
    uint32_t n_workers, n_batch;
    char *out;     /* (n_batch, SPAN_WEIGHTS) of the new type */
    double *error; /* (n_batch) sums of squared differences */

    /* of the current tensor */
    const convert_job *job;
    const lnr_format *from, *to; /* NULL: copied */
    uint64_t n_cols, span_rows, span_cols, n_spans, spans_per_row;
    uint64_t first; /* span of the current batch */
    size_t span_bytes;
};

lnr_status converter_create(uint32_t n_threads, converter **out, lnr_error *err) {
    *out = NULL;
    converter *c = lnr_new(converter);
    if (c == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory to convert tensors");
    c->n_workers = n_threads;
    c->n_batch = n_threads * SPANS_PER_WORKER;
    lnr_status st = pool_create(n_threads, &c->pool, err);
    if (st == LNR_OK) {
        c->worker = lnr_alloc_array(n_threads, sizeof *c->worker);
        c->out = lnr_alloc_array(c->n_batch, SPAN_WEIGHTS * WEIGHT_BYTES_MAX);
        c->error = lnr_alloc_array(c->n_batch, sizeof *c->error);
        bool ok = c->worker && c->out && c->error;
        for (uint32_t i = 0; ok && i < n_threads; i++) {
            worker *w = &c->worker[i];
            w->raw = lnr_alloc_array(SPAN_WEIGHTS, WEIGHT_BYTES_MAX);
            w->x = lnr_alloc_array(SPAN_WEIGHTS, sizeof *w->x);
            w->y = lnr_alloc_array(SPAN_WEIGHTS, sizeof *w->y);
            ok = w->raw && w->x && w->y;
        }
        if (!ok)
            st = LNR_FAIL(err, LNR_E_NOMEM, "no memory to convert tensors with %" PRIu32 " threads",
                          n_threads);
    }
    if (st)
        converter_destroy(c);
    else
        *out = c;
    return st;
}

void converter_destroy(converter *c) {
    if (c == NULL)
        return;
    pool_destroy(c->pool);
    for (uint32_t i = 0; c->worker && i < c->n_workers; i++) {
        lnr_free(c->worker[i].raw);
        lnr_free(c->worker[i].x);
        lnr_free(c->worker[i].y);
    }
    lnr_free(c->worker);
    lnr_free(c->out);
    lnr_free(c->error);
    lnr_free(c);
}

lnr_status convert_check(const gguf_tensor *t, lnr_type to, lnr_error *err) {
    if (t->type == to)
        return LNR_OK;
    const lnr_format *from = lnr_format_find(t->type), *target = lnr_format_find(to);
    if (from == NULL || from->decode == NULL)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED, "tensor '%.*s': this build cannot read type %s",
                        LNR_STR(t->name), lnr_type_name(t->type));
    if (target == NULL || target->encode == NULL)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED, "tensor '%.*s': this build cannot make type %s",
                        LNR_STR(t->name), lnr_type_name(to));
    return LNR_OK;
}

/* ---- one span
 * ------------------------------------------------------------------------------------ */

typedef struct span {
    uint64_t row, col;
    size_t n_rows, n_cols; /* several rows only where they are whole */
} span;

static span span_at(const converter *c, uint64_t i) {
    span s = {.row = i / c->spans_per_row * c->span_rows,
              .col = i % c->spans_per_row * c->span_cols};
    uint64_t rows = c->job->tensor->n_rows - s.row, cols = c->n_cols - s.col;
    s.n_rows = (size_t)(rows < c->span_rows ? rows : c->span_rows);
    s.n_cols = (size_t)(cols < c->span_cols ? cols : c->span_cols);
    return s;
}

/* Bytes of n weights, whole blocks: within the tensor's own size, or SPAN_WEIGHTS, so no wrap. */
static uint64_t bytes_of(lnr_type type, uint64_t n) {
    return n / lnr_type_block_weights(type) * lnr_type_block_bytes(type);
}

static lnr_status not_finite(const converter *c, const span *s, const float *x, lnr_error *err) {
    for (size_t i = 0; i < s->n_rows * s->n_cols; i++)
        if (!isfinite(x[i]))
            return LNR_FAIL(
                err, LNR_E_FORMAT,
                "tensor '%.*s': the weight in row %" PRIu64 ", column %" PRIu64 " is not finite",
                LNR_STR(c->job->tensor->name), s->row + i / s->n_cols, s->col + i % s->n_cols);
    return LNR_OK;
}

/* False if a weight is infinite or no number: then so is the sum, whatever the others are. */
static bool all_finite(const float *x, size_t n) {
    float sum = 0.0f;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * 0.0f;
    return sum == 0.0f;
}

static void encode(const converter *c, const span *s, const float *x, char *out) {
    const convert_job *j = c->job;
    if (j->importance == NULL) {
        c->to->encode(x, NULL, s->n_rows * s->n_cols, out);
        return;
    }
    size_t row_bytes = (size_t)bytes_of(j->to, s->n_cols);
    for (size_t r = 0; r < s->n_rows; r++) {
        uint64_t matrix = (s->row + r) / j->tensor->dim[1];
        c->to->encode(x + r * s->n_cols, j->importance + matrix * c->n_cols + s->col, s->n_cols,
                      out + r * row_bytes);
    }
}

static lnr_status convert_span(converter *c, worker *w, uint64_t i, lnr_error *err) {
    const gguf_tensor *t = c->job->tensor;
    span s = span_at(c, i);
    size_t n = s.n_rows * s.n_cols, at = (size_t)(i - c->first);
    char *out = c->out + at * c->span_bytes;
    uint64_t skip = bytes_of(t->type, s.row * c->n_cols + s.col);
    size_t raw_bytes = (size_t)bytes_of(t->type, n);
    c->error[at] = 0.0;
    if (c->to == NULL)
        return gguf_read_tensor(c->job->file, t, skip, out, raw_bytes, err);
    LNR_TRY(gguf_read_tensor(c->job->file, t, skip, w->raw, raw_bytes, err));
    c->from->decode(w->raw, n, w->x);
    if (!all_finite(w->x, n))
        return not_finite(c, &s, w->x, err);
    encode(c, &s, w->x, out);
    c->to->decode(out, n, w->y);
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        double e = (double)w->x[k] - (double)w->y[k];
        sum += e * e;
    }
    c->error[at] = sum;
    if (!isfinite(sum))
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "tensor '%.*s': a weight in row %" PRIu64 " is too large for type %s",
                        LNR_STR(t->name), s.row, lnr_type_name(c->job->to));
    return LNR_OK;
}

static void convert_worker(void *arg, uint32_t idx) {
    converter *c = arg;
    worker *w = &c->worker[idx];
    pool_share share = {0};
    uint32_t first, count;
    uint32_t fp = os_fp_default();
    while (pool_take(c->pool, idx, &share, &first, &count))
        for (uint64_t i = c->first + first; count > 0; i++, count--) {
            lnr_error why;
            if (convert_span(c, w, i, &why) != LNR_OK && i < w->failed_span) {
                w->failed_span = i;
                w->why = why;
            }
        }
    os_fp_restore(fp);
}

/* ---- a tensor
 * ------------------------------------------------------------------------------------ */

/* The failure with the lowest span, so that the line does not depend on the threads. */
static lnr_status first_failure(const converter *c, lnr_error *err) {
    const worker *first = &c->worker[0];
    for (uint32_t i = 1; i < c->n_workers; i++)
        if (c->worker[i].failed_span < first->failed_span)
            first = &c->worker[i];
    if (first->failed_span == UINT64_MAX)
        return LNR_OK;
    return LNR_FAIL(err, first->why.code, "%s", first->why.text);
}

static void set_job(converter *c, const convert_job *job) {
    const gguf_tensor *t = job->tensor;
    c->job = job;
    c->n_cols = t->dim[0];
    c->from = t->type == job->to ? NULL : lnr_format_find(t->type);
    c->to = t->type == job->to ? NULL : lnr_format_find(job->to);
    c->span_cols = c->n_cols < SPAN_WEIGHTS ? c->n_cols : SPAN_WEIGHTS;
    c->span_rows = c->n_cols < SPAN_WEIGHTS ? SPAN_WEIGHTS / c->n_cols : 1;
    c->spans_per_row = lnr_div_up(c->n_cols, c->span_cols);
    c->n_spans = lnr_div_up(t->n_rows, c->span_rows) * c->spans_per_row;
    c->span_bytes = (size_t)bytes_of(job->to, c->span_cols * c->span_rows);
    c->first = 0;
    for (uint32_t i = 0; i < c->n_workers; i++)
        c->worker[i].failed_span = UINT64_MAX;
}

/* Spans have equal sizes but for the last of a row or tensor. */
static uint64_t batch_weights(const converter *c, uint64_t n) {
    uint64_t sum = 0;
    for (uint64_t i = c->first; i < c->first + n; i++) {
        span s = span_at(c, i);
        sum += (uint64_t)s.n_rows * s.n_cols;
    }
    return sum;
}

static lnr_status write_batch(const converter *c, uint64_t n, lnr_error *err) {
    for (uint64_t i = 0; i < n; i++) {
        span s = span_at(c, c->first + i);
        LNR_TRY(gguf_writer_data(c->job->writer, c->job->idx, c->out + i * c->span_bytes,
                                 (size_t)bytes_of(c->job->to, (uint64_t)s.n_rows * s.n_cols), err));
    }
    return LNR_OK;
}

lnr_status convert_tensor(converter *c, const convert_job *job, double *rmse, lnr_error *err) {
    const gguf_tensor *t = job->tensor;
    double sum = 0.0;
    *rmse = 0.0;
    LNR_TRY(convert_check(t, job->to, err));
    set_job(c, job);
    while (c->first < c->n_spans) {
        uint64_t left = c->n_spans - c->first, n = left < c->n_batch ? left : c->n_batch;
        pool_run(c->pool, convert_worker, c, (uint32_t)n);
        LNR_TRY(first_failure(c, err));
        LNR_TRY(write_batch(c, n, err));
        for (uint64_t i = 0; i < n; i++)
            sum += c->error[i];
        uint64_t done = bytes_of(t->type, batch_weights(c, n));
        c->first += n;
        if (job->on_progress && !job->on_progress(done, job->user))
            return LNR_FAIL(err, LNR_E_CANCELLED, "stopped at tensor '%.*s'", LNR_STR(t->name));
    }
    *rmse = sqrt(sum / ((double)t->n_rows * (double)t->dim[0]));
    return LNR_OK;
}
