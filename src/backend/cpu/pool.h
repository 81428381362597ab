/* A fixed team of threads that run one function together, again and again.
 *
 * Between runs workers spin for some microseconds (the next operation usually comes at once) and
 * then sleep; where there are more workers than granted CPUs they sleep at once, since spinning
 * would take the time from the one that has the work. The caller is worker 0.
 *
 * A team with a worker for every CPU of the process is pinned, each to its own; a smaller one is
 * not, since two programs that both chose the first CPUs would get in each other's way.
 *
 * Work is cut into items. A worker takes a contiguous share of the first three quarters in one
 * piece, then small chunks of the rest from a common counter, so that a worker that was interrupted
 * does not hold up the others. Which worker computes an item never changes a result. */
#ifndef LNR_BACKEND_CPU_POOL_H
#define LNR_BACKEND_CPU_POOL_H

#include "base/fail.h"

#include <stdbool.h>

typedef struct cpu_pool cpu_pool;

/* n_threads >= 1, the caller counted. */
lnr_status pool_create(uint32_t n_threads, cpu_pool **out, lnr_error *err);
void pool_destroy(cpu_pool *p); /* NULL allowed */
uint32_t pool_n_workers(const cpu_pool *p);

/* Pins the calling thread as worker 0 of a pinned team, until another thread calls or the team
 * ends. */
void pool_bind_caller(cpu_pool *p);

/* How many workers to use when the user does not say: CPUs of the affinity mask, not more than the
 * quota. */
uint32_t pool_default_workers(void);

/* Runs fn(arg, worker) on every worker (on the caller alone if there is but one item) and returns
 * when all have returned. n_items is what pool_take shares out. One caller at a time. */
typedef void pool_fn(void *arg, uint32_t worker);
void pool_run(cpu_pool *p, pool_fn *fn, void *arg, uint32_t n_items);

/* The next items first .. first + count - 1 of this run for this worker; false when none are left.
 */
typedef struct pool_share {
    bool own_taken;
} pool_share;
bool pool_take(cpu_pool *p, uint32_t worker, pool_share *s, uint32_t *first, uint32_t *count);

#endif
