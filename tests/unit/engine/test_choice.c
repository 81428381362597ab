/* engine/choice through lnr_engine_submit: options of a request that are about choosing tokens have
 * their effect, and what they point to may be gone after submitting. The model is the built-in one.
 */
#include "engine/choice.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MODEL LNR_SOURCE_DIR "/models/lanner-tiny-q8_0.gguf"

static lnr_model *model;
static lnr_engine *engine;
static int32_t *prompt;
static size_t n_prompt;

typedef struct answer {
    lnr_event token[100];
    uint32_t n;
    lnr_event done;
    char text[2000];
} answer;

static lnr_request_options options(uint32_t n) {
    lnr_request_options o = {
        .struct_size = sizeof o, .tokens = prompt, .n_tokens = n_prompt, .max_tokens = n};
    lnr_sampler_defaults(&o.sampler);
    o.sampler.temperature = 0;
    return o;
}

static void ask(const lnr_request_options *o, answer *a) {
    lnr_request *r;
    lnr_error err;
    bool active, done = false;
    const char *piece;
    size_t n;
    lnr_detokenizer *d = lnr_detokenizer_create(lnr_model_tokenizer(model), false, false);
    if (lnr_engine_submit(engine, o, &r, &err) != LNR_OK)
        fail_msg("%s", err.text);
    *a = (answer){0};
    while (!done) {
        lnr_event event;
        assert_int_equal(lnr_engine_step(engine, &active, &err), LNR_OK);
        while (!done && lnr_request_next(r, &event)) {
            done = event.kind == LNR_EVENT_DONE;
            if (done) {
                a->done = event;
                continue;
            }
            a->token[a->n++] = event;
            assert_int_equal(lnr_detokenizer_add(d, event.token, &piece, &n), LNR_OK);
            strncat(a->text, piece, n);
        }
    }
    lnr_detokenizer_destroy(d);
    lnr_request_release(r);
}

static void a_stop_string_ends_the_answer(void **state) {
    (void)state;
    answer whole, a;
    lnr_request_options o = options(60);
    o.ignore_end = true;
    ask(&o, &whole);
    assert_int_equal(whole.n, 60);
    /* every piece of the text, wherever tokens border: found at its first place */
    for (size_t at = 5; at + 6 < strlen(whole.text); at += 7) {
        char second[7] = "";
        memcpy(second, whole.text + at, 6);
        const char *stop[] = {"not in it", second};
        o.stop = stop;
        o.n_stop = 2;
        ask(&o, &a);
        assert_int_equal(a.done.finish, LNR_FINISH_STOP);
        assert_int_equal(a.done.stop_idx, 1);
        const char *first = strstr(whole.text, second);
        size_t n_cut = (size_t)(first - whole.text);
        assert_true(strlen(a.text) >= n_cut + 6);
        assert_int_equal(strncmp(a.text, whole.text, strlen(a.text)), 0);

        /* the consumer's matcher cuts there, whatever the pieces */
        lnr_stop *s;
        const char *safe;
        size_t n_safe, n_shown = 0;
        int idx = -1;
        assert_int_equal(lnr_stop_create(stop, 2, &s, NULL), LNR_OK);
        for (size_t i = 0; i < strlen(a.text); i += 3) {
            size_t n = strlen(a.text) - i < 3 ? strlen(a.text) - i : 3;
            assert_int_equal(lnr_stop_add(s, a.text + i, n, &safe, &n_safe, &idx), LNR_OK);
            assert_int_equal(memcmp(whole.text + n_shown, safe, n_safe), 0);
            n_shown += n_safe;
        }
        lnr_stop_end(s, &safe, &n_safe);
        assert_int_equal(idx, 1);
        assert_int_equal(n_shown + n_safe, n_cut);
        lnr_stop_destroy(s);
    }
}

static void logprobs_come_with_the_tokens(void **state) {
    (void)state;
    answer a, plain;
    lnr_request_options o = options(80); /* more than the ring holds */
    o.ignore_end = true;
    ask(&o, &plain);
    assert_true(plain.token[0].n_top == 0 && plain.token[0].logprob == 0);
    o.logprobs = true;
    o.n_top_logprobs = 3;
    ask(&o, &a);
    for (uint32_t i = 0; i < a.n; i++) {
        const lnr_event *e = &a.token[i];
        assert_int_equal(e->token, plain.token[i].token);
        assert_int_equal(e->n_top, 3);
        assert_int_equal(e->top[0].token, e->token); /* greedy */
        assert_true(e->top[0].logprob == e->logprob && e->logprob < 0);
        assert_true(e->top[1].logprob <= e->top[0].logprob);
        assert_true(e->top[2].logprob <= e->top[1].logprob);
    }
}

/* The model is made to end at once by a bias on an end token. */
static void min_tokens_holds_the_end_back(void **state) {
    (void)state;
    answer a;
    const lnr_tokenizer *t = lnr_model_tokenizer(model);
    const lnr_logit_bias end = {lnr_tokenizer_eos(t), 1000.0f};
    lnr_request_options o = options(20);
    o.sampler.logit_bias = &end;
    o.sampler.n_logit_bias = 1;
    ask(&o, &a);
    assert_int_equal(a.done.finish, LNR_FINISH_END);
    assert_int_equal(a.n, 0);
    o.min_tokens = 7;
    ask(&o, &a);
    assert_int_equal(a.done.finish, LNR_FINISH_END);
    assert_int_equal(a.n, 7);
    o.ignore_end = true;
    ask(&o, &a);
    assert_int_equal(a.done.finish, LNR_FINISH_LENGTH);
    assert_int_equal(a.n, 20);
    assert_int_equal(a.token[7].token, end.token);
}

/* Whether the token's text is nothing but this. */
static bool is_text(int32_t token, const char *want) {
    const char *piece;
    size_t n;
    lnr_detokenizer *d = lnr_detokenizer_create(lnr_model_tokenizer(model), false, false);
    assert_int_equal(lnr_detokenizer_add(d, token, &piece, &n), LNR_OK);
    bool same = n == strlen(want) && memcmp(piece, want, n) == 0;
    lnr_detokenizer_destroy(d);
    return same;
}

/* The answer is pushed towards one token; DRY forbids its repetition unless it is a breaker. */
static void dry_stops_repetitions_but_for_breakers(void **state) {
    (void)state;
    answer a;
    lnr_logit_bias again = {prompt[n_prompt - 1], 1000.0f};
    lnr_request_options o = options(12);
    o.sampler.logit_bias = &again;
    o.sampler.n_logit_bias = 1;
    ask(&o, &a);
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(a.token[i].token, again.token);
    o.sampler.dry_multiplier = 1e6f;
    ask(&o, &a);
    uint32_t same = 0;
    while (a.token[same].token == again.token)
        same++;
    assert_true(same >= 1 && same <= 2);
    char text[64] = "";
    const char *piece, *breakers[] = {text};
    size_t n;
    lnr_detokenizer *d = lnr_detokenizer_create(lnr_model_tokenizer(model), false, false);
    assert_int_equal(lnr_detokenizer_add(d, again.token, &piece, &n), LNR_OK);
    strncat(text, piece, n < 60 ? n : 60);
    lnr_detokenizer_destroy(d);
    assert_true(is_text(again.token, text));
    o.sampler.dry_breakers = breakers;
    o.sampler.n_dry_breakers = 1;
    ask(&o, &a);
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(a.token[i].token, again.token);
}

static void options_change_the_answer(void **state) {
    (void)state;
    answer plain, a;
    lnr_request_options base = options(40);
    base.ignore_end = true;
    base.sampler.temperature = 1;
    base.sampler.top_k = 0;
    base.sampler.top_p = 1;
    base.sampler.min_p = 0;
    ask(&base, &plain);
    for (int i = 0; i < 9; i++) {
        lnr_request_options o = base;
        lnr_sampler_options *s = &o.sampler;
        *(float *)(i == 0   ? &s->typical_p
                   : i == 1 ? &s->tfs_z
                   : i == 2 ? &s->top_n_sigma
                   : i == 3 ? &s->xtc_probability
                   : i == 4 ? &s->dynatemp_range
                            : &s->repeat_penalty) = i == 4 ? 0.9f : 0.3f;
        if (i >= 5)
            s->repeat_penalty = 1;
        if (i == 5)
            s->mirostat = 1;
        if (i == 6)
            s->mirostat = 2;
        if (i == 7)
            s->no_repeat_ngram = 1;
        if (i == 8)
            s->presence_penalty = 5;
        s->mirostat_tau = 2;
        ask(&o, &a);
        bool same = true;
        for (uint32_t k = 0; k < 40; k++)
            same &= a.token[k].token == plain.token[k].token;
        if (same)
            fail_msg("option %d has no effect", i);
    }
}

static void wrong_options_are_refused(void **state) {
    (void)state;
    lnr_request *r;
    lnr_error err;
    const char *empty = "";
    const lnr_logit_bias beyond = {1 << 30, 1};
    lnr_request_options o = options(5);
    o.n_top_logprobs = 2;
    assert_int_equal(lnr_engine_submit(engine, &o, &r, &err), LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "n_top_logprobs is 2 without logprobs"));
    o.logprobs = true;
    o.n_top_logprobs = 21;
    assert_int_equal(lnr_engine_submit(engine, &o, &r, &err), LNR_E_ARGUMENT);
    o = options(5);
    o.stop = &empty;
    o.n_stop = 1;
    assert_int_equal(lnr_engine_submit(engine, &o, &r, &err), LNR_E_ARGUMENT);
    o = options(5);
    o.sampler.logit_bias = &beyond;
    o.sampler.n_logit_bias = 1;
    assert_int_equal(lnr_engine_submit(engine, &o, &r, &err), LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "logit_bias names token"));
    o = options(5);
    o.sampler.mirostat = 9;
    assert_int_equal(lnr_engine_submit(engine, &o, &r, &err), LNR_E_ARGUMENT);
    assert_null(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_string_ends_the_answer),
        cmocka_unit_test(logprobs_come_with_the_tokens),
        cmocka_unit_test(min_tokens_holds_the_end_back),
        cmocka_unit_test(dry_stops_repetitions_but_for_breakers),
        cmocka_unit_test(options_change_the_answer),
        cmocka_unit_test(wrong_options_are_refused),
    };
    static const char text[] = "Once upon a time";
    lnr_engine_options o = {.struct_size = sizeof o, .n_ctx = 200, .n_threads = 1};
    if (lnr_model_load(MODEL, NULL, &model, NULL) ||
        lnr_tokenize(lnr_model_tokenizer(model), text, strlen(text), LNR_TOKENIZE_ADD_SPECIAL,
                     &prompt, &n_prompt, NULL) ||
        lnr_engine_create(model, &o, &engine, NULL))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    lnr_engine_destroy(engine);
    lnr_tokens_free(prompt);
    lnr_model_unref(model);
    return failed;
}
