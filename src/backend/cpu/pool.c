/* The worker team; see pool.h.
 *
 * A run is a new value of `job`; its end is `running` reaching zero. Sleeping uses two words:
 * workers sleep on `job`, the caller on `running`. A sleeper announces itself before it sleeps and
 * the waker changes the word before it looks for sleepers, both sequentially consistent, so no
 * wake-up is lost. */
#include "backend/cpu/pool.h"

#include "base/alloc.h"
#include "os/os.h"

#include <stdatomic.h>

/* About 20 to 50 us of pause instructions: longer than the caller needs between two operations. */
#define SPINS_MAX   1000u
#define WORKERS_MAX 1024u

typedef struct worker_slot {
    cpu_pool *pool;
    uint32_t idx;
    os_thread *thread;
} worker_slot;

struct cpu_pool {
    uint32_t n_workers, n_spins;
    int *cpus;       /* (n_workers) if there is a worker for every granted CPU, else NULL. owned */
    uint64_t caller; /* thread bound to cpus[0]; 0: none */
    worker_slot *worker; /* (n_workers); 0 is the caller and has no thread */

    /* of the current run; written before job changes */
    pool_fn *fn;
    void *arg;
    uint32_t n_items, own, n_shared_chunk; /* own: items of each worker's own share */
    bool quit;

    _Alignas(64) atomic_uint job;
    _Alignas(64) atomic_uint running;
    _Alignas(64) atomic_uint n_sleeping; /* workers */
    _Alignas(64) atomic_bool caller_sleeps;
    _Alignas(64) atomic_uint next_shared; /* first item not yet claimed of the common part */
};

static void wait_while(cpu_pool *p, atomic_uint *word, uint32_t value) {
    for (uint32_t i = 0; i < p->n_spins; i++) {
        if (atomic_load_explicit(word, memory_order_acquire) != value)
            return;
        os_pause();
    }
    atomic_fetch_add(&p->n_sleeping, 1);
    while (atomic_load(word) == value)
        os_wait((const uint32_t *)word, value);
    atomic_fetch_sub(&p->n_sleeping, 1);
}

static void wait_until_done(cpu_pool *p) {
    for (uint32_t i = 0; i < p->n_spins; i++) {
        if (atomic_load_explicit(&p->running, memory_order_acquire) == 0)
            return;
        os_pause();
    }
    atomic_store(&p->caller_sleeps, true);
    uint32_t left;
    while ((left = atomic_load(&p->running)) != 0)
        os_wait((const uint32_t *)&p->running, left);
    atomic_store(&p->caller_sleeps, false);
}

static void worker_main(void *arg) {
    worker_slot *w = arg;
    cpu_pool *p = w->pool;
    uint32_t job = 0;
    (void)os_fp_default();
    for (;;) {
        wait_while(p, &p->job, job);
        job++;
        if (p->quit)
            return;
        p->fn(p->arg, w->idx);
        if (atomic_fetch_sub(&p->running, 1) == 1 && atomic_load(&p->caller_sleeps))
            os_wake_all((const uint32_t *)&p->running);
    }
}

static void release_workers(cpu_pool *p) {
    atomic_fetch_add(&p->job, 1);
    if (atomic_load(&p->n_sleeping))
        os_wake_all((const uint32_t *)&p->job);
}

uint32_t pool_default_workers(void) {
    uint32_t n = os_cpus(NULL, 0);
    double quota = os_cpu_quota();
    if (quota > 0 && quota < n)
        n = quota < 1 ? 1 : (uint32_t)quota;
    return n;
}

/* Starts the threads; on failure those that run are counted in n_workers. */
static lnr_status start_workers(cpu_pool *p, uint32_t n_threads, lnr_error *err) {
    for (uint32_t i = 1; i < n_threads; i++) {
        p->worker[i] = (worker_slot){p, i, NULL};
        int cpu = p->cpus ? p->cpus[i] : -1;
        LNR_TRY(os_thread_start(worker_main, &p->worker[i], cpu, &p->worker[i].thread, err));
        p->n_workers++;
    }
    return LNR_OK;
}

lnr_status pool_create(uint32_t n_threads, cpu_pool **out, lnr_error *err) {
    *out = NULL;
    if (n_threads < 1 || n_threads > WORKERS_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "%u threads: 1 to %u allowed", n_threads, WORKERS_MAX);
    cpu_pool *p = os_memory_alloc(sizeof *p); /* zeroed, and aligned for its cache lines */
    if (p == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %u threads", n_threads);
    p->n_workers = 1;
    p->n_spins = n_threads <= pool_default_workers() ? SPINS_MAX : 0;
    p->worker = lnr_alloc_array(n_threads, sizeof *p->worker);
    bool every_cpu = n_threads > 1 && n_threads == os_cpus(NULL, 0);
    p->cpus = every_cpu ? lnr_alloc_array(n_threads, sizeof *p->cpus) : NULL;
    lnr_status st = LNR_OK;
    if (p->worker == NULL || (every_cpu && p->cpus == NULL))
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for %u threads", n_threads);
    if (p->cpus)
        (void)os_cpus(p->cpus, n_threads);
    if (st == LNR_OK)
        st = start_workers(p, n_threads, err);
    if (st)
        pool_destroy(p);
    else
        *out = p;
    return st;
}

void pool_destroy(cpu_pool *p) {
    if (p == NULL)
        return;
    p->quit = true;
    release_workers(p);
    for (uint32_t i = 1; i < p->n_workers; i++)
        os_thread_join(p->worker[i].thread);
    if (p->caller)
        os_thread_bind(p->caller, p->cpus, p->n_workers);
    lnr_free(p->cpus);
    lnr_free(p->worker);
    os_memory_free(p, sizeof *p);
}

void pool_bind_caller(cpu_pool *p) {
    if (p->cpus == NULL)
        return;
    uint64_t self = os_thread_self();
    if (self == p->caller)
        return;
    if (p->caller)
        os_thread_bind(p->caller, p->cpus, p->n_workers);
    p->caller = self;
    os_thread_bind(self, p->cpus, 1);
}

uint32_t pool_n_workers(const cpu_pool *p) {
    return p->n_workers;
}

void pool_run(cpu_pool *p, pool_fn *fn, void *arg, uint32_t n_items) {
    p->fn = fn;
    p->arg = arg;
    p->n_items = n_items;
    /* Every worker has an item of its own as long as there are enough. */
    p->own = n_items >= p->n_workers ? n_items / 4 * 3 / p->n_workers : 0;
    if (p->own == 0 && n_items >= p->n_workers)
        p->own = 1;
    uint32_t rest = n_items - p->own * p->n_workers;
    p->n_shared_chunk = rest / (p->n_workers * 4) + 1;
    atomic_store_explicit(&p->next_shared, p->own * p->n_workers, memory_order_relaxed);
    if (p->n_workers == 1 || n_items <= 1) { /* one item is done before the others would wake */
        fn(arg, 0);
        return;
    }
    atomic_store(&p->running, p->n_workers - 1);
    release_workers(p);
    fn(arg, 0);
    wait_until_done(p);
}

bool pool_take(cpu_pool *p, uint32_t worker, pool_share *s, uint32_t *first, uint32_t *count) {
    if (!s->own_taken) {
        s->own_taken = true;
        *first = worker * p->own;
        *count = p->own;
        if (p->own)
            return true;
    }
    uint32_t at =
        atomic_fetch_add_explicit(&p->next_shared, p->n_shared_chunk, memory_order_relaxed);
    if (at >= p->n_items)
        return false;
    *first = at;
    *count = p->n_items - at < p->n_shared_chunk ? p->n_items - at : p->n_shared_chunk;
    return true;
}
