/* Multiply-adds per second; see meter.h.
 *
 * Every thread runs every loop that the level may use in slices of a fraction of a millisecond and
 * keeps its best slice: what the core can do while nobody interrupts it. */
#include "backend/cpu/pool.h"
#include "base/alloc.h"
#include "cpu/features.h"
#include "kernels/limits.h"
#include "measure/meter.h"
#include "os/os.h"

#include <string.h>

enum { SLICES = 12, SLICE_NS = 300000 };

typedef struct peak_task {
    lnr_peak_i8_fn *run;
    const void *ones;
    double *best; /* (n_workers): multiply-adds per ns */
} peak_task;

static double slice(const peak_task *t, size_t n_rounds, uint64_t *ns) {
    uint64_t macs, start = os_now_ns();
    uint64_t sum = t->run(n_rounds, t->ones, t->ones, &macs);
    *ns = os_now_ns() - start;
    /* A loop that left out work has no speed. */
    return sum == macs && *ns > 0 ? (double)macs / (double)*ns : 0;
}

static void peak_worker(void *arg, uint32_t worker) {
    const peak_task *t = arg;
    uint64_t ns = 0;
    size_t n = 16;
    while (n < LNR_PEAK_ROUNDS_MAX) { /* rounds of a slice; also wakes the clock and the units */
        (void)slice(t, n, &ns);
        if (ns >= SLICE_NS)
            break;
        n *= 2;
    }
    for (int i = 0; i < SLICES; i++) {
        double speed = slice(t, n, &ns);
        if (speed > t->best[worker])
            t->best[worker] = speed;
    }
}

/* Multiply-adds per ns of all workers together. */
static double run_row(cpu_pool *pool, const lnr_limit_row *row, const void *ones, double *best) {
    uint32_t n = pool_n_workers(pool);
    peak_task t = {(lnr_peak_i8_fn *)row->run, ones, best};
    double sum = 0;
    memset(best, 0, n * sizeof *best);
    pool_run(pool, peak_worker, &t, n + 1); /* one item only would run on one worker */
    for (uint32_t i = 0; i < n; i++)
        sum += best[i];
    return sum;
}

static void fill_ones(lnr_peak_kind kind, void *ones) {
    int8_t *bytes = ones;
    float *floats = ones;
    for (int i = 0; i < LNR_PEAK_VALUES; i++)
        if (kind == LNR_PEAK_INT8)
            bytes[i] = 1;
        else
            floats[i] = 1;
}

bool meter_has_level(lnr_isa isa) {
    size_t n_rows;
    const lnr_limit_row *row = kernels_limits(&n_rows);
    uint32_t built = 0; /* what some loop of this build can use */
    for (size_t i = 0; i < n_rows; i++)
        built |= row[i].needs;
    return lnr_isa_highest(lnr_isa_features(isa) & lnr_cpu_features() & built) == isa;
}

lnr_status meter_peak(lnr_peak_kind kind, const char *level, uint32_t n_threads, double *macs_per_s,
                      lnr_error *err) {
    lnr_isa isa;
    *macs_per_s = 0;
    if (!lnr_isa_from_name(level, &isa))
        return LNR_FAIL(err, LNR_E_ARGUMENT, "'%s' is no instruction set level", level);
    uint32_t allowed = lnr_isa_features(isa) & lnr_cpu_features();
    if (!meter_has_level(isa))
        return LNR_FAIL(err, LNR_E_UNSUPPORTED, "this processor or build lacks %s", level);
    lnr_limit_op op = kind == LNR_PEAK_INT8 ? LNR_LIMIT_peak_i8 : LNR_LIMIT_peak_f32;
    size_t n_rows;
    const lnr_limit_row *row = kernels_limits(&n_rows);
    cpu_pool *pool;
    LNR_TRY(pool_create(n_threads, &pool, err));
    void *ones = lnr_alloc_array(LNR_PEAK_VALUES, sizeof(float));
    double *best = lnr_alloc_array(n_threads, sizeof *best);
    lnr_status st = LNR_OK;
    if (ones && best) {
        fill_ones(kind, ones);
        for (size_t i = 0; i < n_rows; i++)
            if (row[i].op == op && (allowed & row[i].needs) == row[i].needs) {
                double speed = run_row(pool, &row[i], ones, best) * 1e9;
                *macs_per_s = speed > *macs_per_s ? speed : *macs_per_s;
            }
    } else {
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory to measure with %u threads", n_threads);
    }
    lnr_free(ones);
    lnr_free(best);
    pool_destroy(pool);
    return st;
}
