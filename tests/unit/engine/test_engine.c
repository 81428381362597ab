/* The engine through its public interface, on the built-in model: results that do not depend on how
 * they are computed, limits that are errors, cancelling, back-pressure, threads, and memory. */
#include <lanner/lanner.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heap.h"
#include "support.h"

#define PROMPT 150
#define ANSWER 24

static void results_do_not_depend_on_how_they_are_computed(void **state) {
    (void)state;
    static const uint32_t ubatches[] = {1, 7, 64, 128}, threads[] = {1, 2, 4};
    int32_t prompt[PROMPT];
    fill_prompt(prompt, PROMPT, 5);
    for (int warm = 0; warm < 2; warm++) {
        answer first = {0};
        for (size_t i = 0; i < 4; i++)
            for (size_t j = 0; j < 3; j++) {
                lnr_engine *e = engine_of(256, ubatches[i], threads[j]);
                answer a;
                run(e, submit(e, prompt, PROMPT, ANSWER, warm ? 0.9f : 0.0f), &a);
                assert_int_equal(a.n, ANSWER);
                assert_int_equal(a.done.finish, LNR_FINISH_LENGTH);
                assert_int_equal(a.done.n_prompt, PROMPT);
                if (i == 0 && j == 0)
                    first = a;
                assert_memory_equal(a.token, first.token, sizeof a.token);
                assert_int_equal(a.done.logits_hash, first.done.logits_hash);
                uint64_t panels[4];
                assert_int_equal(lnr_engine_worker_panels(e, panels, 4), threads[j]);
                for (size_t k = 0; k < threads[j]; k++)
                    assert_true(panels[k] > 0);
                lnr_engine_destroy(e);
            }
    }
}

static void the_second_request_is_as_good_as_the_first(void **state) {
    (void)state;
    int32_t prompt[PROMPT], other[PROMPT];
    fill_prompt(prompt, PROMPT, 1);
    fill_prompt(other, PROMPT, 99);
    lnr_engine *e = engine_of(256, 32, 2);
    answer alone, a, b, again;
    run(e, submit(e, prompt, PROMPT, ANSWER, 0.8f), &alone);
    lnr_request *r1 = submit(e, other, PROMPT, ANSWER, 0.8f),
                *r2 = submit(e, prompt, PROMPT, ANSWER, 0.8f);
    run(e, r1, &a);
    run(e, r2, &b);
    run(e, submit(e, prompt, PROMPT, ANSWER, 0.8f), &again);
    assert_memory_equal(alone.token, b.token, sizeof b.token);
    assert_memory_equal(alone.token, again.token, sizeof b.token);
    assert_int_equal(alone.done.logits_hash, b.done.logits_hash);
    assert_true(a.done.logits_hash != b.done.logits_hash);
    lnr_engine_destroy(e);
}

static void what_cannot_be_is_an_error_that_says_so(void **state) {
    (void)state;
    int32_t prompt[64];
    fill_prompt(prompt, 64, 3);
    lnr_error err;
    lnr_engine *e;
    lnr_engine_options o = {.struct_size = sizeof o, .n_ctx = 1u << 20};
    assert_int_equal(lnr_engine_create(model, &o, &e, &err), LNR_E_ARGUMENT);
    assert_null(e);
    assert_non_null(strstr(err.text, "1048576"));
    o = (lnr_engine_options){.struct_size = sizeof o, .n_ubatch = 5000};
    assert_int_equal(lnr_engine_create(model, &o, &e, &err), LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "5000"));

    e = engine_of(64, 0, 1);
    lnr_request *r;
    lnr_request_options q = {.struct_size = sizeof q, .tokens = prompt, .n_tokens = 64};
    lnr_sampler_defaults(&q.sampler);
    assert_int_equal(lnr_engine_submit(e, &q, &r, &err), LNR_E_LIMIT);
    assert_non_null(
        strstr(err.text, "64 tokens")); /* both numbers: the prompt's and the context's */
    assert_non_null(strstr(err.text, "context of 64"));
    q.n_tokens = 0;
    assert_int_equal(lnr_engine_submit(e, &q, &r, &err), LNR_E_ARGUMENT);
    q.n_tokens = 3;
    prompt[2] = 2048 + 5;
    assert_int_equal(lnr_engine_submit(e, &q, &r, &err), LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "token 2"));
    prompt[2] = -1;
    assert_int_equal(lnr_engine_submit(e, &q, &r, &err), LNR_E_ARGUMENT);
    prompt[2] = 9;
    q.sampler.top_p = 1.5f;
    assert_int_equal(lnr_engine_submit(e, &q, &r, &err), LNR_E_ARGUMENT);
    assert_null(r);
    lnr_engine_destroy(e);
}

static void a_full_context_ends_the_answer(void **state) {
    (void)state;
    int32_t prompt[10];
    fill_prompt(prompt, 10, 3);
    lnr_engine *e = engine_of(40, 0, 1);
    answer a;
    run(e, submit(e, prompt, 10, 0, 0), &a);
    assert_int_equal(a.n, 30);
    assert_int_equal(a.done.finish, LNR_FINISH_CONTEXT);
    run(e, submit(e, prompt, 10, 30, 0), &a);
    assert_int_equal(a.n, 30);
    assert_int_equal(a.done.finish, LNR_FINISH_LENGTH);
    lnr_engine_destroy(e);
}

static void a_consumer_that_does_not_read_stops_only_itself(void **state) {
    (void)state;
    int32_t prompt[8];
    fill_prompt(prompt, 8, 3);
    lnr_engine *e = engine_of(256, 0, 1);
    answer whole = {0}, a = {0};
    run(e, submit(e, prompt, 8, 200, 0), &whole);
    lnr_request *r = submit(e, prompt, 8, 200, 0);
    bool active = true;
    for (int i = 0; i < 1000 && active; i++)
        step(e, &active);
    assert_false(active); /* the ring is full: nothing to do until somebody reads */
    run(e, r, &a);
    assert_int_equal(a.n, 200);
    assert_memory_equal(a.token, whole.token, sizeof a.token);
    assert_int_equal(a.done.logits_hash, whole.done.logits_hash);
    lnr_engine_destroy(e);
}

static void cancelling_ends_a_request_and_frees_its_place(void **state) {
    (void)state;
    int32_t prompt[100];
    fill_prompt(prompt, 100, 3);
    lnr_engine *e = engine_of(128, 8, 1);
    lnr_request *r = submit(e, prompt, 100, 0, 0);
    bool active;
    step(e, &active);
    lnr_request_cancel(r); /* in the middle of its prompt */
    answer a = {0};
    step(e, &active);
    assert_true(drain(r, &a));
    assert_int_equal(a.done.finish, LNR_FINISH_CANCELLED);
    assert_int_equal(a.n, 0);
    lnr_request_release(r);
    lnr_request_release(submit(e, prompt, 100, 0, 0)); /* before it ever ran */
    run(e, submit(e, prompt, 100, 5, 0), &a);
    assert_int_equal(a.n, 5);
    lnr_engine_destroy(e);
}

static void a_full_queue_says_busy(void **state) {
    (void)state;
    int32_t prompt[4];
    fill_prompt(prompt, 4, 3);
    lnr_engine *e = engine_of(64, 0, 1);
    lnr_request *r[100];
    lnr_request_options q = {
        .struct_size = sizeof q, .tokens = prompt, .n_tokens = 4, .max_tokens = 1};
    lnr_sampler_defaults(&q.sampler);
    lnr_error err;
    size_t n = 0;
    lnr_status st = LNR_OK;
    while (n < 100 && (st = lnr_engine_submit(e, &q, &r[n], &err)) == LNR_OK)
        n++;
    assert_int_equal(st, LNR_E_BUSY);
    assert_true(n >= 16);
    for (size_t i = 0; i < n; i++) {
        answer a;
        run(e, r[i], &a);
        assert_int_equal(a.n, 1);
    }
    lnr_engine_destroy(e);
}

/* ---- threads
 * -------------------------------------------------------------------------------------- */

typedef struct client {
    lnr_engine *engine;
    uint32_t seed;
    atomic_uint *n_left;
    atomic_uint n_ready;
    answer result;
} client;

static void on_ready(void *user) {
    atomic_fetch_add(&((client *)user)->n_ready, 1);
}

static void *client_main(void *arg) {
    client *c = arg;
    int32_t prompt[20];
    fill_prompt(prompt, 20, c->seed);
    lnr_request_options q = {.struct_size = sizeof q,
                             .tokens = prompt,
                             .n_tokens = 20,
                             .max_tokens = 10,
                             .ignore_end = true,
                             .hash_logits = true,
                             .on_ready = on_ready,
                             .user = c};
    lnr_sampler_defaults(&q.sampler);
    for (int round = 0; round < 5; round++) {
        lnr_request *r;
        if (lnr_engine_submit(c->engine, &q, &r, NULL) != LNR_OK)
            break;
        c->result = (answer){0};
        if (round % 2)
            lnr_request_cancel(r);
        while (!drain(r, &c->result))
            continue;
        lnr_request_release(r);
    }
    atomic_fetch_sub(c->n_left, 1);
    return NULL;
}

static void many_threads_use_one_engine(void **state) {
    (void)state;
    enum { N = 4 };
    lnr_engine *e = engine_of(64, 16, 2);
    atomic_uint n_left = N;
    client *c = calloc(N, sizeof *c);
    pthread_t thread[N];
    for (uint32_t i = 0; i < N; i++) {
        c[i].engine = e;
        c[i].seed = i;
        c[i].n_left = &n_left;
        assert_int_equal(pthread_create(&thread[i], NULL, client_main, &c[i]), 0);
    }
    while (atomic_load(&n_left)) {
        bool active;
        step(e, &active);
        if (!active && atomic_load(&n_left))
            lnr_engine_wait(e); /* until a client rings */
    }
    for (uint32_t i = 0; i < N; i++)
        pthread_join(thread[i], NULL);
    for (uint32_t i = 0; i < N; i++) {
        int32_t prompt[20];
        answer alone;
        fill_prompt(prompt, 20, i);
        lnr_request_options q = {.struct_size = sizeof q,
                                 .tokens = prompt,
                                 .n_tokens = 20,
                                 .max_tokens = 10,
                                 .ignore_end = true,
                                 .hash_logits = true};
        lnr_sampler_defaults(&q.sampler);
        lnr_request *r;
        assert_int_equal(lnr_engine_submit(e, &q, &r, NULL), LNR_OK);
        run(e, r, &alone);
        assert_int_equal(c[i].result.n, 10); /* the last round was not cancelled */
        assert_memory_equal(c[i].result.token, alone.token, sizeof alone.token);
        assert_true(atomic_load(&c[i].n_ready) > 0);
    }
    lnr_engine_destroy(e);
    free(c);
}

/* ---- memory
 * --------------------------------------------------------------------------------------- */

static void steady_decoding_allocates_nothing(void **state) {
    (void)state;
    int32_t prompt[20];
    fill_prompt(prompt, 20, 3);
    unload(NULL);
    heap.fail_at = 0;
    lnr_allocator_set(&counting);
    load(NULL);
    lnr_engine *e = engine_of(256, 0, 2);
    lnr_request *r = submit(e, prompt, 20, 100, 0.8f);
    bool active;
    step(e, &active);
    uint64_t before = heap.n_allocs;
    answer a = {0};
    while (!drain(r, &a))
        step(e, &active);
    assert_int_equal(heap.n_allocs, before);
    lnr_request_release(r);
    lnr_engine_destroy(e);
    unload(NULL);
    assert_int_equal(heap.n_alive, 0);
    lnr_allocator_set(NULL);
    load(NULL);
}

/* Loads, answers and frees; LNR_OK, or the first failure. */
static lnr_status whole_life(void) {
    lnr_model *m;
    lnr_error err = {0};
    lnr_status st = lnr_model_load(MODEL, NULL, &m, &err);
    if (st)
        return st;
    lnr_engine *e;
    lnr_engine_options o = {.struct_size = sizeof o, .n_ctx = 64, .n_threads = 2};
    st = lnr_engine_create(m, &o, &e, &err);
    if (st == LNR_OK) {
        int32_t prompt[5];
        fill_prompt(prompt, 5, 1);
        lnr_request_options q = {
            .struct_size = sizeof q, .tokens = prompt, .n_tokens = 5, .max_tokens = 2};
        lnr_sampler_defaults(&q.sampler);
        lnr_request *r;
        st = lnr_engine_submit(e, &q, &r, &err);
        if (st == LNR_OK) {
            answer a;
            run(e, r, &a);
        }
    }
    if (st)
        assert_true(strlen(err.text) > 0);
    lnr_engine_destroy(e);
    lnr_model_unref(m);
    return st;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    unload(NULL);
    lnr_allocator_set(&counting);
    heap.n_allocs = heap.fail_at = 0;
    assert_int_equal(whole_life(), LNR_OK);
    uint64_t n = heap.n_allocs;
    assert_true(n > 50);
    /* Every one of the first and last hundred, and a sample between them: the middle is the
     * vocabulary. */
    for (uint64_t i = 1; i <= n; i += i < 100 || i + 100 > n ? 1 : 1 + n / 300) {
        heap.n_allocs = 0;
        heap.fail_at = i;
        heap.n_alive = 0;
        lnr_status st = whole_life();
        if (st != LNR_E_NOMEM)
            fail_msg("allocation %llu of %llu failed: status %s", (unsigned long long)i,
                     (unsigned long long)n, lnr_status_name(st));
        assert_int_equal(heap.n_alive, 0);
    }
    heap.fail_at = 0;
    lnr_allocator_set(NULL);
    load(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_do_not_depend_on_how_they_are_computed),
        cmocka_unit_test(the_second_request_is_as_good_as_the_first),
        cmocka_unit_test(what_cannot_be_is_an_error_that_says_so),
        cmocka_unit_test(a_full_context_ends_the_answer),
        cmocka_unit_test(a_consumer_that_does_not_read_stops_only_itself),
        cmocka_unit_test(cancelling_ends_a_request_and_frees_its_place),
        cmocka_unit_test(a_full_queue_says_busy),
        cmocka_unit_test(many_threads_use_one_engine),
        cmocka_unit_test(steady_decoding_allocates_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
