/* The worker team: every item is taken exactly once, whatever the number of workers and items; runs
 * follow each other without loss, also when workers have gone to sleep in between. Run under TSan
 * too. */
#include "backend/cpu/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define ITEMS_MAX 300u

typedef struct count_task {
    cpu_pool *pool;
    atomic_uint taken[ITEMS_MAX];
    atomic_uint by_worker[64];
    atomic_uint calls;
} count_task;

static void count_worker(void *arg, uint32_t worker) {
    count_task *t = arg;
    pool_share share = {0};
    uint32_t first, count;
    atomic_fetch_add(&t->calls, 1);
    while (pool_take(t->pool, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count; i++) {
            atomic_fetch_add(&t->taken[i], 1);
            atomic_fetch_add(&t->by_worker[worker], 1);
        }
}

static void every_item_is_taken_once(void **state) {
    (void)state;
    static const uint32_t workers[] = {1, 2, 3, 4, 7, 16};
    for (size_t w = 0; w < sizeof workers / sizeof workers[0]; w++) {
        count_task *t = calloc(1, sizeof *t);
        assert_int_equal(pool_create(workers[w], &t->pool, NULL), LNR_OK);
        assert_int_equal(pool_n_workers(t->pool), workers[w]);
        for (uint32_t n = 0; n <= ITEMS_MAX; n += n < 20 ? 1 : 31) {
            memset(t->taken, 0, sizeof t->taken);
            memset(t->by_worker, 0, sizeof t->by_worker);
            atomic_store(&t->calls, 0);
            pool_run(t->pool, count_worker, t, n);
            for (uint32_t i = 0; i < n; i++)
                assert_int_equal(atomic_load(&t->taken[i]), 1);
            assert_int_equal(atomic_load(&t->calls), n > 1 ? workers[w] : 1);
            for (uint32_t i = 0; n >= workers[w] && n > 1 && i < workers[w]; i++)
                assert_true(atomic_load(&t->by_worker[i]) > 0); /* nobody's share is empty */
        }
        pool_destroy(t->pool);
        free(t);
    }
}

static void plain_worker(void *arg, uint32_t worker) {
    ((uint32_t *)arg)[worker * 16]++; /* no atomics: the end of a run orders it before the next */
}

static void runs_are_ordered_even_across_sleep(void **state) {
    (void)state;
    uint32_t counts[4 * 16] = {0};
    cpu_pool *p;
    assert_int_equal(pool_create(4, &p, NULL), LNR_OK);
    uint32_t n_runs = 0;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 200; i++, n_runs++)
            pool_run(p, plain_worker, counts, 4);
        struct timespec pause = {.tv_nsec = 2000000}; /* long enough for every worker to sleep */
        nanosleep(&pause, NULL);
    }
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(counts[i * 16], n_runs);
    pool_destroy(p);
}

static void bad_sizes_are_refused(void **state) {
    (void)state;
    cpu_pool *p;
    lnr_error err;
    assert_int_equal(pool_create(0, &p, &err), LNR_E_ARGUMENT);
    assert_null(p);
    assert_int_equal(pool_create(100000, &p, &err), LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "100000"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_taken_once),
        cmocka_unit_test(runs_are_ordered_even_across_sleep),
        cmocka_unit_test(bad_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
