/* Sessions: what is appended, forked and cut off, and files that bring a conversation back to the
 * bit or are refused. */
#include "heap.h"
#include "os/os.h"
#include "support.h"

#include <stdio.h>
#include <unistd.h>

#define PROMPT      150
#define ANSWER      20
#define OTHER_MODEL LNR_SOURCE_DIR "/models/lanner-tiny-f16.gguf"

static char path[64];

static int setup(void **state) {
    int pid = (int)getpid();
    snprintf(path, sizeof path, "/tmp/lanner-test-session-%d", pid);
    return load(state);
}

static int teardown(void **state) {
    (void)remove(path);
    return unload(state);
}

static lnr_session *session_with(lnr_engine *e, const int32_t *token, size_t n) {
    lnr_session *s;
    assert_int_equal(lnr_session_create(e, &s, NULL), LNR_OK);
    assert_int_equal(lnr_session_append(s, token, n, NULL), LNR_OK);
    return s;
}

static void generate(lnr_engine *e, lnr_session *s, uint32_t n, answer *a) {
    lnr_request_options o = {
        .struct_size = sizeof o, .max_tokens = n, .ignore_end = true, .hash_logits = true};
    lnr_sampler_defaults(&o.sampler);
    *a = (answer){0};
    assert_int_equal(lnr_session_generate(s, &o, NULL), LNR_OK);
    for (bool active, done = false; !done;) {
        step(e, &active);
        lnr_event ev;
        while (!done && lnr_session_next(s, &ev)) {
            done = ev.kind == LNR_EVENT_DONE;
            if (done)
                a->done = ev;
            else
                a->token[a->n++] = ev.token;
        }
    }
    assert_int_equal(a->done.finish, LNR_FINISH_LENGTH);
}

static void a_session_goes_on(void **state) {
    (void)state;
    int32_t prompt[PROMPT];
    fill_prompt(prompt, PROMPT, 1);
    lnr_engine *e = engine_of(300, 64, 2);
    lnr_session *s = session_with(e, prompt, PROMPT), *fork;
    answer a, b, c;
    size_t n;
    generate(e, s, ANSWER, &a);
    const int32_t *token = lnr_session_tokens(s, &n);
    assert_int_equal(n, PROMPT + ANSWER);
    assert_memory_equal(token, prompt, sizeof prompt);
    assert_memory_equal(token + PROMPT, a.token, ANSWER * sizeof(int32_t));
    assert_int_equal(lnr_session_fork(s, &fork, NULL), LNR_OK);
    generate(e, s, ANSWER, &b);
    assert_int_equal(b.done.n_reused, PROMPT + ANSWER - 1);
    generate(e, fork, ANSWER, &c);
    assert_memory_equal(b.token, c.token, sizeof b.token);
    assert_int_equal(b.done.logits_hash, c.done.logits_hash);
    assert_int_equal(lnr_session_truncate(s, PROMPT, NULL), LNR_OK);
    generate(e, s, ANSWER, &c);
    assert_memory_equal(a.token, c.token, sizeof a.token);
    assert_int_equal(c.done.n_reused, PROMPT - 1);
    lnr_session_destroy(fork);
    lnr_session_destroy(s);
    lnr_engine_destroy(e);
}

static void limits_are_errors(void **state) {
    (void)state;
    int32_t prompt[PROMPT];
    fill_prompt(prompt, PROMPT, 1);
    lnr_engine *e = engine_of(200, 64, 1);
    lnr_session *s = session_with(e, prompt, PROMPT), *fork;
    lnr_error err;
    assert_int_equal(lnr_session_append(s, prompt, 51, &err), LNR_E_LIMIT);
    assert_non_null(strstr(err.text, "150"));
    assert_non_null(strstr(err.text, "200"));
    assert_int_equal(lnr_session_truncate(s, PROMPT + 1, &err), LNR_E_ARGUMENT);
    lnr_request_options o = {.struct_size = sizeof o, .max_tokens = 5};
    lnr_sampler_defaults(&o.sampler);
    o.tokens = prompt;
    o.n_tokens = 3;
    assert_int_equal(lnr_session_generate(s, &o, &err), LNR_E_ARGUMENT);
    o.tokens = NULL;
    o.n_tokens = 0;
    assert_int_equal(lnr_session_generate(s, &o, &err), LNR_OK);
    assert_int_equal(lnr_session_generate(s, &o, &err), LNR_E_BUSY);
    assert_int_equal(lnr_session_append(s, prompt, 1, &err), LNR_E_BUSY);
    assert_int_equal(lnr_session_truncate(s, 1, &err), LNR_E_BUSY);
    assert_int_equal(lnr_session_fork(s, &fork, &err), LNR_E_BUSY);
    assert_int_equal(lnr_session_save(s, path, &err), LNR_E_BUSY);
    lnr_session_cancel(s);
    bool active;
    lnr_event ev;
    step(e, &active);
    assert_true(lnr_session_next(s, &ev));
    assert_int_equal(ev.finish, LNR_FINISH_CANCELLED);
    assert_int_equal(lnr_session_append(s, prompt, 50, &err), LNR_OK);
    lnr_session_destroy(s);
    lnr_engine_destroy(e);
}

/* ---- files
 * ---------------------------------------------------------------------------------------- */

static lnr_status restore(lnr_engine *e, lnr_session **s, lnr_error *err) {
    return lnr_session_restore(e, path, s, err);
}

/* Saves a conversation of PROMPT + ANSWER tokens; *next is what would have come then. */
static void save_one(answer *next) {
    int32_t prompt[PROMPT];
    fill_prompt(prompt, PROMPT, 1);
    lnr_engine *e = engine_of(300, 64, 2);
    lnr_session *s = session_with(e, prompt, PROMPT);
    answer a;
    lnr_error err;
    generate(e, s, ANSWER, &a);
    if (lnr_session_save(s, path, &err) != LNR_OK)
        fail_msg("%s", err.text);
    generate(e, s, ANSWER, next);
    lnr_session_destroy(s);
    lnr_engine_destroy(e);
}

static void what_was_saved_goes_on_to_the_bit(void **state) {
    (void)state;
    answer next, a;
    save_one(&next);
    lnr_session *s;
    lnr_error err;
    lnr_engine *e = engine_of(400, 32, 1); /* other sizes make no difference */
    if (restore(e, &s, &err) != LNR_OK)
        fail_msg("%s", err.text);
    generate(e, s, ANSWER, &a);
    assert_memory_equal(a.token, next.token, sizeof a.token);
    assert_int_equal(a.done.logits_hash, next.done.logits_hash);
    assert_int_equal(a.done.n_reused, PROMPT + ANSWER - 1);
    assert_int_equal(a.done.n_computed, ANSWER);
    lnr_session_destroy(s);
    lnr_engine_destroy(e);
    e = engine_of(190, 32, 1); /* just enough: three blocks */
    assert_int_equal(restore(e, &s, &err), LNR_OK);
    generate(e, s, ANSWER, &a);
    assert_int_equal(a.done.logits_hash, next.done.logits_hash);
    lnr_session_destroy(s);
    lnr_engine_destroy(e);
}

static void every_kv_type_comes_back(void **state) {
    (void)state;
    int32_t prompt[PROMPT];
    fill_prompt(prompt, PROMPT, 1);
    static const char *const types[][2] = {{"F32", "F16"}, {"F16", "F32"}, {"F32", "F32"}};
    for (int i = 0; i < 3; i++) {
        lnr_engine_options o = {.struct_size = sizeof o,
                                .n_ctx = 256,
                                .kv_type_k = types[i][0],
                                .kv_type_v = types[i][1]};
        lnr_engine *e, *f;
        lnr_session *s = NULL, *t = NULL;
        answer a, b;
        assert_int_equal(lnr_engine_create(model, &o, &e, NULL), LNR_OK);
        assert_int_equal(lnr_engine_create(model, &o, &f, NULL), LNR_OK);
        s = session_with(e, prompt, PROMPT);
        generate(e, s, 1, &a);
        assert_int_equal(lnr_session_save(s, path, NULL), LNR_OK);
        generate(e, s, ANSWER, &a);
        assert_int_equal(restore(f, &t, NULL), LNR_OK);
        generate(f, t, ANSWER, &b);
        assert_int_equal(a.done.logits_hash, b.done.logits_hash);
        assert_int_equal(b.done.n_reused, PROMPT);
        lnr_session_destroy(s);
        lnr_session_destroy(t);
        lnr_engine_destroy(e);
        lnr_engine_destroy(f);
    }
}

static void refused(lnr_engine *e, lnr_status code, const char *part) {
    lnr_session *s;
    lnr_error err;
    assert_int_equal(restore(e, &s, &err), code);
    assert_null(s);
    if (strstr(err.text, part) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, part);
}

static void what_does_not_fit_is_refused_by_name(void **state) {
    (void)state;
    answer next;
    save_one(&next);
    lnr_engine *e = engine_of(169, 32, 1);
    refused(e, LNR_E_LIMIT, "169");
    lnr_engine_destroy(e);
    lnr_engine_options o = {.struct_size = sizeof o, .n_ctx = 300, .kv_type_v = "F32"};
    assert_int_equal(lnr_engine_create(model, &o, &e, NULL), LNR_OK);
    refused(e, LNR_E_UNSUPPORTED, "type of keys or values");
    lnr_engine_destroy(e);
    lnr_model *f16;
    assert_int_equal(lnr_model_load(OTHER_MODEL, NULL, &f16, NULL), LNR_OK);
    o = (lnr_engine_options){.struct_size = sizeof o, .n_ctx = 300};
    assert_int_equal(lnr_engine_create(f16, &o, &e, NULL), LNR_OK);
    refused(e, LNR_E_UNSUPPORTED, "another model");
    lnr_engine_destroy(e);
    lnr_model_unref(f16);
    o.kv_type_k = "Q4_K";
    lnr_error err;
    assert_int_equal(lnr_engine_create(model, &o, &e, &err), LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "Q4_K"));
}

static unsigned char *slurp(size_t *n) {
    FILE *f = fopen(path, "rb");
    unsigned char *p = malloc(1 << 22);
    assert_true(f && p);
    *n = fread(p, 1, 1 << 22, f);
    fclose(f);
    return p;
}

static void spill(const unsigned char *p, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

static void poke(size_t at, int value) {
    FILE *f = fopen(path, "r+b");
    assert_true(f && fseek(f, (long)at, SEEK_SET) == 0 && fputc(value, f) == value);
    fclose(f);
}

/* Any changed byte, and any other length. */
static void damage_is_noticed(void **state) {
    (void)state;
    answer next;
    save_one(&next);
    size_t n;
    unsigned char *p = slurp(&n);
    lnr_engine *e = engine_of(300, 32, 1);
    lnr_session *s;
    lnr_error err;
    for (size_t i = 0; i < n; i += i < 900 ? 1 : n / 200) {
        poke(i, p[i] ^ 0x10);
        lnr_status st = restore(e, &s, &err);
        poke(i, p[i]);
        if (st != LNR_E_FORMAT && !(st == LNR_E_UNSUPPORTED && i < 12))
            fail_msg("byte %zu changed: status %d", i, (int)st);
    }
    static const size_t lengths[] = {0, 1, 8, 79, 80, 81, 500, 700};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        spill(p, lengths[i]);
        refused(e, LNR_E_FORMAT, "");
    }
    spill(p, n - 1);
    refused(e, LNR_E_FORMAT, "too short");
    p = realloc(p, n + 1);
    p[n] = 0;
    spill(p, n + 1);
    refused(e, LNR_E_FORMAT, "too long");
    (void)remove(path);
    refused(e, LNR_E_IO, path);
    free(p);
    lnr_engine_destroy(e);
}

static void a_save_that_fails_leaves_the_old_file(void **state) {
    (void)state;
    answer next;
    save_one(&next);
    size_t n, m;
    unsigned char *p = slurp(&n);
    lnr_engine *e = engine_of(300, 32, 1);
    int32_t token = 5;
    lnr_session *s = session_with(e, &token, 1);
    lnr_error err;
    assert_int_equal(lnr_session_save(s, "/nowhere/at/all", &err), LNR_E_IO);
    assert_non_null(strstr(err.text, "/nowhere"));
    unsigned char *q = slurp(&m);
    assert_int_equal(n, m);
    assert_memory_equal(p, q, n);
    assert_int_equal(lnr_session_save(s, path, &err), LNR_OK); /* no keys and values yet: fine */
    lnr_session_destroy(s);
    assert_int_equal(restore(e, &s, &err), LNR_OK);
    (void)lnr_session_tokens(s, &m);
    assert_int_equal(m, 1);
    lnr_session_destroy(s);
    lnr_engine_destroy(e);
    free(p);
    free(q);
}

/* A fork, a save, a restore, an answer; LNR_OK or the first failure, which names something. */
static lnr_status save_and_restore(lnr_engine *e, lnr_session *s) {
    lnr_session *fork = NULL, *again = NULL;
    lnr_error err = {0};
    lnr_event ev = {0};
    bool active;
    lnr_request_options o = {.struct_size = sizeof o, .max_tokens = 2, .ignore_end = true};
    lnr_sampler_defaults(&o.sampler);
    lnr_status st = lnr_session_fork(s, &fork, &err);
    if (st == LNR_OK)
        st = lnr_session_save(fork, path, &err);
    if (st == LNR_OK)
        st = lnr_session_restore(e, path, &again, &err);
    if (st == LNR_OK)
        st = lnr_session_generate(again, &o, &err);
    while (st == LNR_OK && ev.kind != LNR_EVENT_DONE) {
        step(e, &active);
        while (lnr_session_next(again, &ev) && ev.kind != LNR_EVENT_DONE)
            continue;
    }
    lnr_session_destroy(fork);
    lnr_session_destroy(again);
    assert_true(st == LNR_OK || strlen(err.text) > 0);
    return st;
}

static void every_allocation_may_fail(void **state) {
    int32_t prompt[PROMPT];
    fill_prompt(prompt, PROMPT, 1);
    unload(state);
    lnr_allocator_set(&counting);
    heap.n_alive = 0;
    load(state);
    lnr_engine *e = engine_of(300, 64, 1);
    lnr_session *s = session_with(e, prompt, PROMPT);
    answer a;
    generate(e, s, 1, &a);
    heap.n_allocs = 0;
    assert_int_equal(save_and_restore(e, s), LNR_OK);
    uint64_t n = heap.n_allocs;
    int64_t n_alive = heap.n_alive;
    int n_tolerated = 0;
    assert_true(n >= 10);
    for (uint64_t i = 1; i <= n; i++) {
        heap.n_allocs = 0;
        heap.fail_at = i;
        lnr_status st = save_and_restore(e, s);
        /* Only the name of the folder, to flush it too, can be done without. */
        if (st != LNR_E_NOMEM && (st || n_tolerated++ > 0))
            fail_msg("allocation %d of %d failed: status %d", (int)i, (int)n, (int)st);
        assert_int_equal(heap.n_alive, n_alive);
    }
    heap.fail_at = 0;
    assert_int_equal(save_and_restore(e, s), LNR_OK);
    lnr_session_destroy(s);
    lnr_engine_destroy(e);
    unload(state);
    assert_int_equal(heap.n_alive, 0);
    lnr_allocator_set(NULL);
    load(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_goes_on),
        cmocka_unit_test(limits_are_errors),
        cmocka_unit_test(what_was_saved_goes_on_to_the_bit),
        cmocka_unit_test(every_kv_type_comes_back),
        cmocka_unit_test(what_does_not_fit_is_refused_by_name),
        cmocka_unit_test(damage_is_noticed),
        cmocka_unit_test(a_save_that_fails_leaves_the_old_file),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
