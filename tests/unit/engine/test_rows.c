/* What requests ask of single rows of logits: logprobs of their prompt, and masks. */
#include "support.h"

#define PROMPT 100
#define ANSWER 30

static lnr_request_options request_of(const int32_t *token, size_t n, uint32_t n_max) {
    lnr_request_options o = {.struct_size = sizeof o,
                             .tokens = token,
                             .n_tokens = n,
                             .max_tokens = n_max,
                             .ignore_end = true,
                             .hash_logits = true};
    lnr_sampler_defaults(&o.sampler);
    o.sampler.temperature = 0;
    return o;
}

static lnr_engine *engine_guessing(uint32_t n_guesses) {
    lnr_engine_options o = {
        .struct_size = sizeof o, .n_ctx = 256, .n_sessions = 2, .n_guesses = n_guesses};
    lnr_engine *e;
    assert_int_equal(lnr_engine_create(model, &o, &e, NULL), LNR_OK);
    return e;
}

typedef struct told {
    lnr_event event[256];
    size_t n;
    lnr_event done;
} told;

static void run_told(lnr_engine *e, const lnr_request_options *o, told *t) {
    lnr_request *r;
    lnr_error err;
    lnr_event ev = {0};
    bool active = true;
    if (lnr_engine_submit(e, o, &r, &err) != LNR_OK)
        fail_msg("%s", err.text);
    t->n = 0;
    while (ev.kind != LNR_EVENT_DONE) {
        if (!lnr_request_next(r, &ev)) {
            assert_true(active);
            step(e, &active);
        } else if (ev.kind != LNR_EVENT_DONE) {
            t->event[t->n++] = ev;
        }
    }
    t->done = ev;
    lnr_request_release(r);
}

/* An answer's logprobs are those that its tokens have when they are part of a prompt. */
static void a_prompt_is_scored_as_an_answer_is(void **state) {
    (void)state;
    int32_t text[PROMPT + ANSWER];
    static told given, scored[3];
    static const uint32_t guesses[] = {0, 16, 200};
    fill_prompt(text, PROMPT, 3);
    lnr_engine *e = engine_guessing(0);
    lnr_request_options o = request_of(text, PROMPT, ANSWER);
    o.logprobs = true;
    o.n_top_logprobs = 3;
    run_told(e, &o, &given);
    lnr_engine_destroy(e);
    assert_int_equal(given.n, ANSWER);
    for (int i = 0; i < ANSWER; i++)
        text[PROMPT + i] = given.event[i].token;
    o.tokens = text;
    o.n_tokens = PROMPT + ANSWER;
    o.max_tokens = 2;
    o.prompt_logprobs = true;
    for (int i = 0; i < 3; i++) {
        e = engine_guessing(guesses[i]);
        told before;
        lnr_request_options first = request_of(text, PROMPT, 1);
        run_told(e, &first, &before); /* leaves a prefix that must not be reused */
        run_told(e, &o, &scored[i]);
        assert_int_equal(scored[i].done.n_reused, 0);
        assert_int_equal(scored[i].done.miss, LNR_MISS_OFF);
        lnr_engine_destroy(e);
        assert_int_equal(scored[i].n, PROMPT + ANSWER - 1 + 2);
        for (size_t j = 0; j < scored[i].n; j++) {
            bool prompt = j < PROMPT + ANSWER - 1;
            const lnr_event *ev = &scored[i].event[j];
            assert_int_equal(ev->kind, prompt ? LNR_EVENT_PROMPT : LNR_EVENT_TOKEN);
            if (prompt)
                assert_int_equal(ev->token, text[j + 1]);
            assert_int_equal(ev->n_top, 3);
            assert_true(ev->logprob <= ev->top[0].logprob);
            assert_memory_equal(&ev->logprob, &scored[0].event[j].logprob, sizeof(float));
            assert_memory_equal(ev->top, scored[0].event[j].top, 3 * sizeof ev->top[0]);
        }
    }
    for (size_t j = 0; j < ANSWER; j++) {
        const lnr_event *ev = &scored[0].event[PROMPT - 1 + j];
        assert_memory_equal(&ev->logprob, &given.event[j].logprob, sizeof(float));
        assert_memory_equal(ev->top, given.event[j].top, 3 * sizeof ev->top[0]);
    }
    o.logprobs = false;
    o.n_top_logprobs = 0;
    lnr_request *r;
    e = engine_guessing(0);
    assert_int_equal(lnr_engine_submit(e, &o, &r, NULL), LNR_E_ARGUMENT);
    lnr_engine_destroy(e);
}

/* ---- masks
 * -------------------------------------------------------------------------------------- */

typedef struct script {
    int32_t token[ANSWER];
    size_t n; /* allowed one by one; then nothing is */
    size_t n_calls;
} script;

static void only_the_script(const int32_t *so_far, size_t n_answer, uint8_t *allowed,
                            size_t n_vocab, void *user) {
    script *s = user;
    s->n_calls++;
    assert_true(n_answer <= s->n);
    assert_memory_equal(so_far, s->token, n_answer * sizeof *so_far);
    memset(allowed, 0, n_vocab);
    if (n_answer < s->n)
        allowed[s->token[n_answer]] = 1;
}

static void a_mask_decides_what_may_come(void **state) {
    (void)state;
    int32_t prompt[PROMPT];
    fill_prompt(prompt, PROMPT, 3);
    static told t;
    uint64_t hash = 0;
    for (uint32_t guesses = 0; guesses <= 16; guesses += 16) {
        script s = {.n = ANSWER};
        for (size_t i = 0; i < ANSWER; i++) /* repeats itself: what is guessed comes true */
            s.token[i] = (int32_t)(700 + i % 6);
        lnr_engine *e = engine_guessing(guesses);
        lnr_request_options o = request_of(prompt, PROMPT, ANSWER);
        o.sampler.temperature = 0.7f;
        o.mask = only_the_script;
        o.user = &s;
        run_told(e, &o, &t);
        assert_int_equal(t.done.finish, LNR_FINISH_LENGTH);
        assert_int_equal(t.n, ANSWER);
        assert_int_equal(s.n_calls, ANSWER);
        for (size_t i = 0; i < ANSWER; i++)
            assert_int_equal(t.event[i].token, s.token[i]);
        lnr_engine_stats stats;
        lnr_engine_get_stats(e, &stats);
        assert_true(guesses == 0 || stats.n_guessed_right > 0);
        assert_int_equal(stats.n_steps + stats.n_guessed_right, ANSWER); /* each saves a step */
        assert_true(hash == 0 || hash == t.done.logits_hash);
        hash = t.done.logits_hash;
        s.n = 3;
        s.n_calls = 0;
        run_told(e, &o, &t);
        assert_int_equal(t.done.finish, LNR_FINISH_ERROR);
        assert_int_equal(t.n, 3);
        assert_non_null(strstr(t.done.error.text, "mask"));
        lnr_engine_destroy(e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prompt_is_scored_as_an_answer_is),
        cmocka_unit_test(a_mask_decides_what_may_come),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
