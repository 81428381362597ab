/* Many requests at once, through the public interface: what they share, who goes first, who has to
 * wait, and that none suffers from another. */
#include "backend/cpu/pass.h"
#include "engine/state.h"
#include "support.h"

#include <math.h>

#define PROMPT 150
#define ANSWER 20

static lnr_engine *engine_with(lnr_engine_options o) {
    lnr_engine *e;
    lnr_error err;
    o.struct_size = sizeof o;
    if (o.n_threads == 0)
        o.n_threads = 2;
    if (lnr_engine_create(model, &o, &e, &err) != LNR_OK)
        fail_msg("%s", err.text);
    return e;
}

static lnr_request_options request_of(const int32_t *token, size_t n, uint32_t n_max) {
    lnr_request_options o = {.struct_size = sizeof o,
                             .tokens = token,
                             .n_tokens = n,
                             .max_tokens = n_max,
                             .ignore_end = true,
                             .hash_logits = true};
    lnr_sampler_defaults(&o.sampler);
    o.sampler.temperature = 0.9f;
    o.sampler.seed = 5;
    return o;
}

static lnr_request *submit_options(lnr_engine *e, const lnr_request_options *o) {
    lnr_request *r;
    lnr_error err;
    if (lnr_engine_submit(e, o, &r, &err) != LNR_OK)
        fail_msg("%s", err.text);
    return r;
}

static lnr_engine_stats stats_of(lnr_engine *e) {
    lnr_engine_stats s;
    lnr_engine_get_stats(e, &s);
    return s;
}

/* Steps until all n requests are done, reading everything. */
static void run_all(lnr_engine *e, lnr_request **r, answer *a, int n) {
    bool done[32] = {false};
    int n_left = n;
    for (int i = 0; i < n; i++)
        a[i] = (answer){0};
    while (n_left > 0) {
        bool active;
        step(e, &active);
        int n_before = n_left;
        for (int i = 0; i < n; i++)
            if (!done[i] && drain(r[i], &a[i])) {
                done[i] = true;
                n_left--;
                lnr_request_release(r[i]);
            }
        assert_true(active || n_left < n_before);
    }
}

static void same_answer(const answer *a, const answer *b) {
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->token, b->token, sizeof a->token);
    assert_int_equal(a->done.logits_hash, b->done.logits_hash);
}

static answer alone(const lnr_request_options *o) {
    lnr_engine *e = engine_with((lnr_engine_options){.n_ctx = 512});
    answer a;
    run(e, submit_options(e, o), &a);
    lnr_engine_destroy(e);
    return a;
}

/* ---- what is shared
 * ------------------------------------------------------------------------------ */

static void equal_prompts_are_computed_once(void **state) {
    (void)state;
    enum { N = 8 };
    int32_t prompt[PROMPT];
    fill_prompt(prompt, PROMPT, 1);
    lnr_engine *e = engine_with((lnr_engine_options){.n_ctx = 256, .n_sessions = N});
    lnr_request *r[N];
    static answer a[N];
    lnr_request_options o = request_of(prompt, PROMPT, ANSWER);
    for (uint32_t i = 0; i < N; i++) {
        o.sampler.seed = i / 2; /* two each draw alike */
        r[i] = submit_options(e, &o);
    }
    run_all(e, r, a, N);
    for (uint32_t i = 0; i < N; i++) {
        o.sampler.seed = i / 2;
        answer b = alone(&o);
        same_answer(&a[i], &b);
        assert_int_equal(a[i].done.n_reused, i ? PROMPT - 1 : 0);
        assert_int_equal(a[i].done.n_prompt, PROMPT);
    }
    assert_memory_not_equal(a[0].token, a[2].token, sizeof a[0].token);
    lnr_engine_stats s = stats_of(e);
    assert_int_equal(s.n_computed_prompt, PROMPT + N - 1);
    assert_int_equal(s.n_reused, (N - 1) * (PROMPT - 1));
    assert_int_equal(s.n_finished[LNR_FINISH_LENGTH], N);
    assert_int_equal(s.n_kv_held, 0);
    lnr_engine_destroy(e);
}

/* Two conversations take turns: no token is computed twice, but for the last one sampled. */
static void conversations_go_on_without_computing_again(void **state) {
    (void)state;
    static int32_t text[2][400];
    uint32_t n[2] = {150, 170};
    fill_prompt(text[0], 400, 1);
    fill_prompt(text[1], 400, 2);
    lnr_engine *e =
        engine_with((lnr_engine_options){.n_ctx = 400, .n_sessions = 2, .n_ubatch = 64});
    uint32_t expected = 0;
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < 2; i++) {
            answer a;
            lnr_request_options o = request_of(text[i], n[i], ANSWER);
            run(e, submit_options(e, &o), &a);
            if (round > 0)
                expected = n[i] - 31; /* 30 new ones, and the last answer's last */
            assert_int_equal(a.done.n_reused, round ? expected : 0);
            assert_int_equal(a.done.n_same, a.done.n_reused);
            assert_int_equal(a.done.miss, LNR_MISS_NEW);
            assert_int_equal(a.done.n_computed, n[i] - a.done.n_reused + ANSWER - 1);
            answer b = alone(&o);
            same_answer(&a, &b);
            memcpy(text[i] + n[i], a.token, ANSWER * sizeof(int32_t));
            n[i] += ANSWER + 30;
        }
    lnr_engine_destroy(e);
}

static void a_miss_is_explained(void **state) {
    (void)state;
    int32_t prompt[PROMPT];
    fill_prompt(prompt, PROMPT, 1);
    lnr_engine *e = engine_with((lnr_engine_options){.n_ctx = 512});
    answer a;
    lnr_request_options o = request_of(prompt, PROMPT, 1);
    run(e, submit_options(e, &o), &a);
    assert_int_equal(a.done.miss, LNR_MISS_NEW);
    assert_int_equal(a.done.n_same, 0);
    prompt[100] ^= 1;
    run(e, submit_options(e, &o), &a);
    assert_int_equal(a.done.miss, LNR_MISS_EDITED);
    assert_int_equal(a.done.n_same, 100);
    assert_int_equal(a.done.n_reused, 100);
    o.no_reuse = true;
    run(e, submit_options(e, &o), &a);
    assert_int_equal(a.done.miss, LNR_MISS_OFF);
    assert_int_equal(a.done.n_reused, 0);
    o.no_reuse = false;
    o.n_tokens = 129;
    run(e, submit_options(e, &o), &a);
    assert_int_equal(a.done.miss, LNR_MISS_NONE);
    assert_int_equal(a.done.n_reused, 128);
    static int32_t other[511];
    fill_prompt(other, 511, 7);
    lnr_request_options large = request_of(other, 511, 1); /* takes all blocks */
    run(e, submit_options(e, &large), &a);
    run(e, submit_options(e, &o), &a);
    assert_int_equal(a.done.miss, LNR_MISS_EVICTED);
    assert_int_equal(a.done.n_reused, 0);
    assert_string_equal(lnr_miss_name(a.done.miss), "evicted");
    lnr_engine_destroy(e);
}

/* ---- who goes first
 * ------------------------------------------------------------------------------ */

static void priority_goes_first_and_age_among_equals(void **state) {
    (void)state;
    enum { N = 6 };
    static const int32_t priority[N] = {0, 0, 1, 0, 2, 1};
    static const int order[N] = {4, 2, 5, 0, 1, 3};
    int32_t prompt[20];
    fill_prompt(prompt, 20, 1);
    lnr_engine *e = engine_with((lnr_engine_options){.n_ctx = 64});
    lnr_request *r[N];
    answer a[N] = {0};
    lnr_request_options o = request_of(prompt, 20, 3);
    for (int i = 0; i < N; i++) {
        o.priority = priority[i];
        r[i] = submit_options(e, &o);
    }
    for (int i = 0; i < N; i++) {
        bool active = true;
        while (!drain(r[order[i]], &a[order[i]]))
            step(e, &active);
        for (int j = i + 1; j < N; j++)
            assert_int_equal(r[order[j]]->n_tokens, 20); /* none of the later ones has begun */
    }
    for (int i = 0; i < N; i++)
        lnr_request_release(r[i]);
    lnr_engine_destroy(e);
}

static void the_urgent_takes_a_place_and_gives_it_back(void **state) {
    (void)state;
    int32_t prompt[2][PROMPT];
    fill_prompt(prompt[0], PROMPT, 1);
    fill_prompt(prompt[1], PROMPT, 2);
    lnr_engine *e = engine_with((lnr_engine_options){.n_ctx = 256});
    lnr_request_options slow = request_of(prompt[0], PROMPT, 100),
                        urgent = request_of(prompt[1], PROMPT, ANSWER);
    urgent.priority = 1;
    lnr_request *r = submit_options(e, &slow);
    bool active;
    for (int i = 0; i < 20; i++)
        step(e, &active);
    answer a, b = {0};
    run(e, submit_options(e, &urgent), &a);
    assert_int_equal(a.n, ANSWER);
    run(e, r, &b);
    assert_int_equal(b.done.n_preempted, 1);
    answer c = alone(&slow), d = alone(&urgent);
    same_answer(&b, &c);
    same_answer(&a, &d);
    assert_int_equal(stats_of(e).n_preempted, 1);
    lnr_engine_destroy(e);
}

static void short_of_room_the_newest_waits(void **state) {
    (void)state;
    enum { N = 4 };
    static int32_t prompt[N][60];
    lnr_engine_info info;
    lnr_engine *e = engine_with((lnr_engine_options){.n_ctx = 256});
    lnr_engine_get_info(e, &info);
    lnr_engine_destroy(e);
    /* 4 blocks; each request needs 1 at first and 3 in the end. */
    e = engine_with((lnr_engine_options){
        .n_ctx = 256, .n_sessions = N, .kv_budget_bytes = info.kv_bytes, .overcommit = true});
    lnr_request *r[N];
    static answer a[N];
    for (uint32_t i = 0; i < N; i++) {
        fill_prompt(prompt[i], 60, i);
        lnr_request_options o = request_of(prompt[i], 60, 100);
        r[i] = submit_options(e, &o);
    }
    run_all(e, r, a, N);
    assert_int_equal(a[0].done.n_preempted, 0);
    assert_true(a[1].done.n_preempted > 0);
    for (uint32_t i = 0; i < N; i++) {
        lnr_request_options o = request_of(prompt[i], 60, 100);
        answer b = alone(&o);
        same_answer(&a[i], &b);
    }
    lnr_engine_destroy(e);
}

/* ---- guesses
 * ------------------------------------------------------------------------------------- */

/* A text that repeats itself, so that there is something to guess. */
static void fill_repeating(int32_t *token, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++)
        token[i] = (int32_t)(300 + (i + seed) % 12);
}

static void guesses_change_no_answer(void **state) {
    (void)state;
    enum { N = 3, LONG = 120 };
    int32_t prompt[N][60];
    static answer plain[N], quick[N];
    lnr_request *r[N];
    for (uint32_t guesses = 0; guesses < 2; guesses++) {
        lnr_engine *e = engine_with((lnr_engine_options){
            .n_ctx = 256, .n_sessions = N, .n_guesses = guesses ? 20 : 0, .n_ubatch = 64});
        for (uint32_t i = 0; i < N; i++) {
            fill_repeating(prompt[i], 60, i);
            lnr_request_options o = request_of(prompt[i], 60, LONG);
            o.sampler.temperature = i == 2 ? 0.9f : 0;
            r[i] = submit_options(e, &o);
        }
        run_all(e, r, guesses ? quick : plain, N);
        lnr_engine_stats s = stats_of(e);
        assert_true(s.n_guessed_right <= s.n_guessed);
        /* How many is up to the clock: where steps with guesses take too long, it stops. */
        assert_true(guesses ? s.n_guessed_right > 0 : s.n_guessed == 0);
        lnr_engine_destroy(e);
    }
    for (int i = 0; i < N; i++)
        same_answer(&plain[i], &quick[i]);
    lnr_engine *e;
    lnr_engine_options o = {.struct_size = sizeof o, .n_guesses = 1000};
    assert_int_equal(lnr_engine_create(model, &o, &e, NULL), LNR_E_ARGUMENT);
}

/* ---- limits and faults
 * --------------------------------------------------------------------------- */

static void time_is_a_limit(void **state) {
    (void)state;
    int32_t prompt[20];
    fill_prompt(prompt, 20, 1);
    lnr_engine *e = engine_with((lnr_engine_options){.n_ctx = 512});
    lnr_request_options o = request_of(prompt, 20, 0);
    o.time_limit_ms = 30;
    lnr_request *running = submit_options(e, &o), *waiting = submit_options(e, &o);
    answer a = {0}, b = {0};
    bool active, done[2] = {false, false};
    while (!done[0] || !done[1]) {
        step(e, &active);
        done[0] = done[0] || drain(running, &a);
        uint64_t start = os_now_ns();
        while (a.n == 5 && os_now_ns() - start < 30000000)
            os_pause(); /* its time passes while it runs */
        done[1] = done[1] || drain(waiting, &b);
    }
    assert_int_equal(a.done.finish, LNR_FINISH_TIME);
    assert_int_equal(b.done.finish, LNR_FINISH_TIME);
    assert_true(a.n <= 6);
    assert_int_equal(b.n, 0);
    assert_string_equal(lnr_finish_name(LNR_FINISH_TIME), "time");
    lnr_request_release(running);
    lnr_request_release(waiting);
    lnr_engine_destroy(e);
}

static void a_budget_below_one_context_is_refused(void **state) {
    (void)state;
    lnr_engine *e;
    lnr_error err;
    lnr_engine_options o = {.struct_size = sizeof o, .n_ctx = 512, .kv_budget_bytes = 5000};
    assert_int_equal(lnr_engine_create(model, &o, &e, &err), LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "5000"));
    assert_non_null(strstr(err.text, "512"));
    o = (lnr_engine_options){.struct_size = sizeof o, .n_sessions = 8, .n_ubatch = 4};
    assert_int_equal(lnr_engine_create(model, &o, &e, &err), LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "sessions 8"));
    o = (lnr_engine_options){.struct_size = sizeof o, .n_sessions = 1000};
    assert_int_equal(lnr_engine_create(model, &o, &e, &err), LNR_E_ARGUMENT);
    o = (lnr_engine_options){.struct_size = sizeof o, .n_queue = 100000};
    assert_int_equal(lnr_engine_create(model, &o, &e, &err), LNR_E_ARGUMENT);
    assert_null(e);
}

/* A backend that stumbles over one token, and one whose logits are broken by another. */
#define TOKEN_FAILS 2040 /* fill_prompt leaves them out */
#define TOKEN_NAN   2041

static lnr_backend faulty;

static bool has_token(lnr_pass *p, int32_t token, uint32_t first, uint32_t n) {
    for (uint32_t i = first; i < first + n; i++)
        if (cpu(p)->step->token[i] == token)
            return true;
    return false;
}

static void faulty_attention(lnr_pass *p, uint32_t layer) {
    lnr_backend_cpu.attention(p, layer);
    if (has_token(p, TOKEN_FAILS, 0, cpu(p)->step->n_tokens)) {
        p->status = LNR_E_NUMERIC;
        (void)LNR_FAIL(&p->error, LNR_E_NUMERIC, "token %d again", TOKEN_FAILS);
    }
}

static void faulty_head(lnr_pass *p, const float *norm, const lnr_matrix *out) {
    lnr_backend_cpu.head(p, norm, out);
    for (uint32_t i = 0; i < cpu(p)->step->n_out; i++)
        if (has_token(p, TOKEN_NAN, cpu(p)->step->out[i], 1))
            cpu(p)->logits[i * cpu(p)->ld_vocab] = nanf("");
}

static void one_that_fails_hurts_no_other(void **state) {
    (void)state;
    enum { N = 5 };
    static int32_t prompt[N][40];
    faulty = lnr_backend_cpu;
    faulty.attention = faulty_attention;
    faulty.head = faulty_head;
    lnr_engine *e = engine_with((lnr_engine_options){.n_ctx = 128, .n_sessions = N});
    e->pass->backend = &faulty;
    lnr_request *r[N];
    static answer a[N];
    for (uint32_t i = 0; i < N; i++)
        fill_prompt(prompt[i], 40, i);
    prompt[2][13] = TOKEN_FAILS;
    prompt[4][39] = TOKEN_NAN;
    for (int i = 0; i < N; i++) {
        lnr_request_options o = request_of(prompt[i], 40, ANSWER);
        r[i] = submit_options(e, &o);
    }
    run_all(e, r, a, N);
    for (int i = 0; i < N; i++) {
        lnr_request_options o = request_of(prompt[i], 40, ANSWER);
        answer b = alone(&o);
        bool fails = i == 2 || i == 4;
        assert_int_equal(a[i].done.finish, fails ? LNR_FINISH_ERROR : LNR_FINISH_LENGTH);
        if (!fails)
            same_answer(&a[i], &b);
    }
    assert_non_null(strstr(a[2].done.error.text, "token 2040 again"));
    assert_non_null(strstr(a[4].done.error.text, "NaN"));
    assert_int_equal(stats_of(e).n_kv_held, 0);
    lnr_engine_destroy(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_prompts_are_computed_once),
        cmocka_unit_test(conversations_go_on_without_computing_again),
        cmocka_unit_test(a_miss_is_explained),
        cmocka_unit_test(priority_goes_first_and_age_among_equals),
        cmocka_unit_test(the_urgent_takes_a_place_and_gives_it_back),
        cmocka_unit_test(short_of_room_the_newest_waits),
        cmocka_unit_test(guesses_change_no_answer),
        cmocka_unit_test(time_is_a_limit),
        cmocka_unit_test(a_budget_below_one_context_is_refused),
        cmocka_unit_test(one_that_fails_hurts_no_other),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
