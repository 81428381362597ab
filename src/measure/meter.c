/* Bandwidth; see meter.h.
 *
 * Memory is read in windows of an eighth of the buffer, each mode another one, so that what a
 * window left in a cache has been replaced by seven others before its turn comes again. Threads
 * share the pieces out as a model's products do, so that one that is interrupted does not hold up
 * the rest. For a region that fits a cache every thread keeps to a share of its own, since part of
 * the caches are its own. */
#include "measure/meter.h"

#include "backend/cpu/pool.h"
#include "base/alloc.h"
#include "base/checked.h"
#include "cpu/features.h"
#include "cpu/topology.h"
#include "kernels/limits.h"
#include "os/os.h"

#define MIB               ((uint64_t)1 << 20)
#define ASSUMED_CACHE     (64 * MIB)
#define PIECE             ((size_t)MIB) /* that a thread takes at once */
#define FILL_AT_ONCE      (64 * (size_t)MIB)
#define FILL_NS_MAX       3000000000u
#define N_WINDOWS         8
#define CACHED_NS         8000000u /* reading of a region that fits a cache, per mode */
#define CACHED_PASSES_MAX 100000u

struct lnr_meter {
    char *data;             /* owned */
    size_t capacity, bytes; /* allocated; filled */
    uint64_t last_cache_bytes;
    uint64_t fill_ns; /* spent on filling */
    const char *bounded_by;
    lnr_read_fn *read;
    uint32_t window; /* next to be read */
};

/* ---- filling
 * ------------------------------------------------------------------------------------ */

typedef struct fill_task {
    cpu_pool *pool;
    char *data;
    uint64_t seed;
} fill_task;

static void fill_worker(void *arg, uint32_t worker) {
    const fill_task *t = arg;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(t->pool, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count; i++) {
            uint64_t *word = (void *)(t->data + i * PIECE);
            uint64_t x = (t->seed + i + 1) * 0x9e3779b97f4a7c15u; /* xorshift; never 0 */
            for (size_t k = 0; k < PIECE / sizeof *word; k++) {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                word[k] = x;
            }
        }
}

/* Fills at least as much as is asked for, which is at most the capacity, unless the time is over:
 * what is only going to be read from a cache does not need all of it. */
static lnr_status fill(lnr_meter *m, size_t wanted, lnr_error *err) {
    if (m->bytes >= wanted || m->fill_ns > FILL_NS_MAX)
        return LNR_OK;
    cpu_pool *pool;
    LNR_TRY(pool_create(pool_default_workers(), &pool, err));
    uint64_t start = os_now_ns(), before = m->fill_ns;
    while (m->bytes < wanted && m->fill_ns <= FILL_NS_MAX) {
        size_t n = m->capacity - m->bytes < FILL_AT_ONCE ? m->capacity - m->bytes : FILL_AT_ONCE;
        fill_task t = {pool, m->data + m->bytes, m->bytes};
        pool_run(pool, fill_worker, &t, (uint32_t)(n / PIECE));
        m->bytes += n;
        m->fill_ns = before + os_now_ns() - start;
    }
    if (m->bytes < wanted)
        m->bounded_by = "time";
    pool_destroy(pool);
    return LNR_OK;
}

/* ---- creation
 * ----------------------------------------------------------------------------------- */

static uint64_t wanted_bytes(lnr_meter *m, uint64_t max_bytes) {
    uint64_t cache = m->last_cache_bytes ? m->last_cache_bytes : ASSUMED_CACHE;
    uint64_t bytes = 4 * cache, spare = os_memory_available() / 4;
    if (max_bytes && bytes > max_bytes) {
        bytes = max_bytes;
        m->bounded_by = "request";
    }
    if (spare && bytes > spare) {
        bytes = spare;
        m->bounded_by = "memory";
    }
    uint64_t unit = N_WINDOWS * PIECE;
    return bytes < unit ? unit : bytes / unit * unit;
}

static lnr_read_fn *reader(void) {
    size_t n_rows;
    const lnr_limit_row *row = kernels_limits(&n_rows);
    uint32_t features = lnr_cpu_features();
    lnr_read_fn *read = NULL;
    for (size_t i = 0; i < n_rows; i++) /* the widest loads stand last */
        if (row[i].op == LNR_LIMIT_read && (features & row[i].needs) == row[i].needs)
            read = (lnr_read_fn *)row[i].run;
    return read;
}

lnr_status meter_create(uint64_t max_bytes, lnr_meter **out, lnr_error *err) {
    *out = NULL;
    lnr_meter *m = lnr_new(lnr_meter);
    if (m == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory to measure bandwidth");
    cpu_topology t;
    (void)cpu_topology_read(&t); /* zeros: a size is assumed */
    m->last_cache_bytes = t.last_cache_bytes;
    m->read = reader();
    m->capacity = (size_t)wanted_bytes(m, max_bytes);
    m->data = os_memory_alloc(m->capacity);
    if (m->data == NULL) {
        lnr_status st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for %zu MiB to measure bandwidth on",
                                 m->capacity >> 20);
        meter_destroy(m);
        return st;
    }
    *out = m;
    return LNR_OK;
}

void meter_destroy(lnr_meter *m) {
    if (m == NULL)
        return;
    os_memory_free(m->data, m->capacity);
    lnr_free(m);
}

void meter_get_info(const lnr_meter *m, lnr_meter_info *out) {
    *out = (lnr_meter_info){m->bytes, m->last_cache_bytes, m->bounded_by};
}

/* ---- reading
 * ------------------------------------------------------------------------------------ */

typedef struct read_task {
    lnr_read_fn *read;
    cpu_pool *pool;
    const char *data;
    size_t share; /* bytes of each worker; 0: pieces are taken as they come */
    uint32_t n_passes;
    lnr_read_mode mode;
} read_task;

static void read_worker(void *arg, uint32_t worker) {
    const read_task *t = arg;
    for (uint32_t i = 0; t->share && i < t->n_passes; i++)
        (void)t->read(t->data + worker * t->share, t->share, t->mode);
    pool_share share = {0};
    uint32_t first, count;
    while (!t->share && pool_take(t->pool, worker, &share, &first, &count))
        (void)t->read(t->data + first * PIECE, count * PIECE, t->mode);
}

static double read_seconds(read_task *t, uint32_t n_items) {
    uint64_t start = os_now_ns();
    pool_run(t->pool, read_worker, t, n_items);
    uint64_t ns = os_now_ns() - start;
    return (double)(ns ? ns : 1) * 1e-9;
}

/* Bytes per second in one mode, from the next window. */
static double read_memory(lnr_meter *m, read_task *t) {
    size_t window = m->bytes / (N_WINDOWS * PIECE) * PIECE;
    t->data = m->data + m->window * window;
    m->window = (m->window + 1) % N_WINDOWS;
    return (double)window / read_seconds(t, (uint32_t)(window / PIECE));
}

/* The same from a region in a cache: once to bring it there, then for some milliseconds. */
static double read_cached(const lnr_meter *m, read_task *t) {
    uint32_t n_items = pool_n_workers(t->pool) + 1; /* one item only would run on one worker */
    t->data = m->data;
    t->n_passes = 1;
    (void)read_seconds(t, n_items);
    double passes = CACHED_NS * 1e-9 / read_seconds(t, n_items);
    t->n_passes = passes < 1                   ? 1
                  : passes > CACHED_PASSES_MAX ? CACHED_PASSES_MAX
                                               : (uint32_t)passes;
    double bytes = (double)t->share * pool_n_workers(t->pool) * t->n_passes;
    return bytes / read_seconds(t, n_items);
}

lnr_status meter_bandwidth(lnr_meter *m, uint32_t n_threads, uint64_t working_set,
                           lnr_bandwidth *out, lnr_error *err) {
    static const char *const names[LNR_READ_MODES] = {"plain", "prefetched", "4 streams"};
    *out = (lnr_bandwidth){0, names[0]};
    read_task t = {.read = m->read};
    uint64_t cache = m->last_cache_bytes ? m->last_cache_bytes : ASSUMED_CACHE;
    bool cached = working_set && working_set <= cache && working_set <= m->capacity / 2;
    LNR_TRY(fill(m, cached ? 2 * (size_t)working_set : m->capacity, err));
    LNR_TRY(pool_create(n_threads, &t.pool, err));
    if (cached && working_set <= m->bytes / 2)
        t.share = lnr_round_up((size_t)working_set / n_threads + 1, LNR_READ_UNIT);
    for (int mode = 0; mode < LNR_READ_MODES; mode++) {
        t.mode = (lnr_read_mode)mode;
        double speed = t.share ? read_cached(m, &t) : read_memory(m, &t);
        if (speed > out->bytes_per_s)
            *out = (lnr_bandwidth){speed, names[mode]};
    }
    pool_destroy(t.pool);
    return LNR_OK;
}
