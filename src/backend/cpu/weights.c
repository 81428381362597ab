/* Reading a matrix and packing it into panels, all workers at once.
 *
 * Each worker reads some rows in one piece of about 1 MiB, which stays in its cache, and packs them
 * to their final place: the file's bytes are touched once and there is no second copy of the
 * weights. A matrix may also be left in its file; its panels are then made in a worker's scratch
 * each time they are used, with the same bytes. */
#include "backend/cpu/pass.h"
#include "base/alloc.h"
#include "base/checked.h"
#include "os/os.h"

#include <stdatomic.h>

#define PIECE_BYTES ((size_t)1 << 20)
#define ALONE_BYTES                                                                                \
    ((size_t)4 << 20) /* a smaller matrix is packed before a team would have started */

typedef struct load_task {
    const matrix_source *src;
    const lnr_format *format;
    cpu_pool *pool;
    char *panels;
    size_t row_bytes, piece_panels, n_panels;
    char *piece; /* (n_workers, piece_panels * 16 rows) */
    atomic_bool failed;
    lnr_status *status; /* (n_workers) */
    lnr_error *error;   /* (n_workers) */
} load_task;

static lnr_status load_piece(load_task *t, size_t first, size_t n, char *piece, lnr_error *err) {
    size_t row = first * LNR_PANEL_ROWS, n_rows = n * LNR_PANEL_ROWS;
    if (row + n_rows > t->src->n_rows)
        n_rows = t->src->n_rows - row;
    LNR_TRY(t->src->read(t->src->user, row * t->row_bytes, piece, n_rows * t->row_bytes, err));
    size_t panel_bytes = t->row_bytes * LNR_PANEL_ROWS;
    for (size_t i = 0; i < n; i++) {
        size_t left = n_rows - i * LNR_PANEL_ROWS;
        t->format->pack(piece + i * panel_bytes, left < LNR_PANEL_ROWS ? left : LNR_PANEL_ROWS,
                        t->src->n_cols, t->panels + (first + i) * panel_bytes);
    }
    return LNR_OK;
}

static void load_worker(void *arg, uint32_t worker) {
    load_task *t = arg;
    char *piece = t->piece + worker * t->piece_panels * LNR_PANEL_ROWS * t->row_bytes;
    pool_share share = {0};
    uint32_t first, count;
    while (!atomic_load(&t->failed) && pool_take(t->pool, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count && t->status[worker] == LNR_OK; i++) {
            size_t at = i * t->piece_panels, n = t->n_panels - at;
            t->status[worker] = load_piece(t, at, n < t->piece_panels ? n : t->piece_panels, piece,
                                           &t->error[worker]);
            if (t->status[worker])
                atomic_store(&t->failed, true);
        }
}

static lnr_status run_load(load_task *t, lnr_error *err) {
    uint32_t n = pool_n_workers(t->pool);
    t->piece = lnr_alloc_array(n, t->piece_panels * LNR_PANEL_ROWS * t->row_bytes);
    t->status = lnr_alloc_array(n, sizeof *t->status);
    t->error = lnr_alloc_array(n, sizeof *t->error);
    lnr_status st = LNR_OK;
    if (t->piece && t->status && t->error)
        pool_run(t->pool, load_worker, t, (uint32_t)lnr_div_up(t->n_panels, t->piece_panels));
    else
        st = LNR_FAIL(err, LNR_E_NOMEM, "tensor '%s': no memory to read it", t->src->name);
    for (uint32_t i = 0; st == LNR_OK && i < n; i++)
        if (t->status[i])
            st = LNR_FAIL(err, t->status[i], "%s", t->error[i].text);
    lnr_free(t->piece);
    lnr_free(t->status);
    lnr_free(t->error);
    return st;
}

size_t cpu_matrix_bytes(lnr_type type, uint32_t n_rows, uint32_t n_cols) {
    uint64_t bytes;
    return lnr_panel_bytes(type, n_rows, n_cols, &bytes) && bytes <= SIZE_MAX / 2 ? (size_t)bytes
                                                                                  : 0;
}

/* What is known of a matrix before it is read. */
static lnr_status describe(const matrix_source *src, lnr_matrix *out, lnr_error *err) {
    *out = (lnr_matrix){.type = src->type, .n_rows = src->n_rows, .n_cols = src->n_cols};
    out->bytes = cpu_matrix_bytes(src->type, src->n_rows, src->n_cols);
    if (lnr_format_find(src->type) == NULL || out->bytes == 0)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED, "tensor '%s': type %s with rows of %u", src->name,
                        lnr_type_name(src->type), src->n_cols);
    return LNR_OK;
}

lnr_status cpu_matrix_leave(const matrix_source *src, lnr_matrix *out, lnr_error *err) {
    LNR_TRY(describe(src, out, err));
    out->file = *src;
    return LNR_OK;
}

lnr_status cpu_matrix_load(const matrix_source *src, uint32_t n_threads, lnr_matrix *out,
                           lnr_error *err) {
    LNR_TRY(describe(src, out, err));
    size_t bytes = out->bytes;
    load_task t = {.src = src, .format = lnr_format_find(src->type)};
    t.n_panels = lnr_div_up(src->n_rows, LNR_PANEL_ROWS);
    size_t panel_bytes = bytes / t.n_panels;
    t.row_bytes = panel_bytes / LNR_PANEL_ROWS;
    t.piece_panels = PIECE_BYTES / panel_bytes ? PIECE_BYTES / panel_bytes : 1;
    if (t.piece_panels > t.n_panels)
        t.piece_panels = t.n_panels;
    t.panels = os_memory_alloc(bytes);
    if (t.panels == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "tensor '%s': no memory for %zu bytes", src->name, bytes);
    lnr_status st = pool_create(bytes < ALONE_BYTES ? 1 : n_threads, &t.pool, err);
    if (st == LNR_OK)
        st = run_load(&t, err);
    pool_destroy(t.pool);
    if (st) {
        os_memory_free(t.panels, bytes);
        return st;
    }
    out->panels = t.panels;
    return LNR_OK;
}

/* ---- matrices left in their file
 * ----------------------------------------------------------------- */

static bool note(worker_state *w, lnr_status st) {
    if (st && w->status == LNR_OK)
        w->status = st;
    return w->status == LNR_OK;
}

const void *cpu_matrix_panels(const lnr_matrix *m, uint32_t first, uint32_t *n, worker_state *w) {
    size_t panel_bytes = m->bytes / lnr_div_up(m->n_rows, LNR_PANEL_ROWS);
    if (m->panels)
        return (const char *)m->panels + first * panel_bytes;
    if (*n > w->piece_bytes / panel_bytes)
        *n = (uint32_t)(w->piece_bytes / panel_bytes);
    load_task t = {.src = &m->file,
                   .format = lnr_format_find(m->type),
                   .panels = w->panels - first * panel_bytes,
                   .row_bytes = panel_bytes / LNR_PANEL_ROWS};
    return note(w, load_piece(&t, first, *n, w->rows, &w->error)) ? w->panels : NULL;
}

bool cpu_matrix_row(const lnr_matrix *m, size_t row, float *out, worker_state *w) {
    if (m->panels) {
        lnr_panel_unpack_row(m->type, m->panels, m->n_cols, row, out);
        return true;
    }
    size_t bytes = m->bytes / lnr_round_up(m->n_rows, LNR_PANEL_ROWS);
    if (!note(w, m->file.read(m->file.user, row * bytes, w->rows, bytes, &w->error)))
        return false;
    lnr_format_find(m->type)->decode(w->rows, m->n_cols, out);
    return true;
}

void cpu_matrix_free(lnr_matrix *m) {
    if (m->panels)
        os_memory_free(m->panels, m->bytes);
    m->panels = NULL;
}
