/* Many requests in every disorder, each answered as if it were alone.
 *
 *   stress MODEL [N_PROMPTS [SEED]]
 *
 * First every prompt is answered by itself, without reuse. Then the same prompts go through engines
 * of 2 to 16 sessions: arriving at random, cancelled at random, with and without reuse, of random
 * priority, with so little KV room that requests have to give way; or are saved by one engine and
 * restored by another. Every answer's tokens and the
 * hash of all its logits must be those of the first time, and a cancelled answer must be a
 * beginning of it. The schedule follows from the seed alone. The test also fails if the disorder
 * was too mild: fewer than N_PROMPTS / 10 preemptions, cancellations or prefix hits. */
#include <lanner/lanner.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CTX         384
#define ANSWER_MAX  40
#define N_BASES     12
#define RUNNING_MAX 48 /* submitted and not done, at a time */

static uint64_t rng_state;

static uint32_t below(uint32_t n) {
    rng_state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = rng_state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(((z ^ z >> 31) >> 32) * n >> 32);
}

typedef struct prompt {
    int32_t token[CTX];
    uint32_t n, n_answer_max;
    float temperature;
    /* alone: */
    int32_t answer[ANSWER_MAX];
    uint32_t n_answer;
    uint64_t hash;
} prompt;

typedef struct running {
    lnr_request *request; /* NULL: free */
    const prompt *of;
    uint32_t n_answer;
    uint32_t cancel_after; /* steps; 0: not */
} running;

static struct {
    lnr_model *model;
    prompt *prompt;
    uint32_t n_prompts;
    uint64_t n_answers, n_cancels, n_preemptions, n_hits, n_restores, n_wrong;
} test;

static int32_t base[N_BASES][CTX];

/* Most prompts begin like others: a piece of one of a few texts, then something of their own. */
static void make_prompt(prompt *p, uint32_t n_vocab) {
    uint32_t shared = below(4) == 0 ? 0 : below(200), own = 1 + below(below(3) == 0 ? 60 : 12);
    const int32_t *text = base[below(N_BASES)];
    p->n = shared + own;
    for (uint32_t i = 0; i < p->n; i++)
        p->token[i] = i < shared ? text[i] : (int32_t)below(n_vocab);
    p->n_answer_max = 1 + below(below(4) ? 16 : ANSWER_MAX);
    p->temperature = below(2) ? 0.9f : 0.0f;
}

static void make_prompts(void) {
    lnr_model_info info;
    lnr_model_get_info(test.model, &info);
    for (int i = 0; i < N_BASES; i++)
        for (int j = 0; j < CTX; j++)
            base[i][j] = (int32_t)below(info.n_vocab);
    for (uint32_t i = 0; i < test.n_prompts; i++)
        make_prompt(&test.prompt[i], info.n_vocab);
}

static void give_up(const char *what, const lnr_error *err) {
    fprintf(stderr, "FAILED %s: %s\n", what, err->text);
    exit(EXIT_FAILURE);
}

static lnr_engine *engine_create(const lnr_engine_options *o) {
    lnr_engine *e;
    lnr_error err;
    if (lnr_engine_create(test.model, o, &e, &err))
        give_up("lnr_engine_create", &err);
    return e;
}

static lnr_request_options request_of(const prompt *p) {
    lnr_request_options o = {.struct_size = sizeof o,
                             .tokens = p->token,
                             .n_tokens = p->n,
                             .max_tokens = p->n_answer_max,
                             .hash_logits = true,
                             .ignore_end = true};
    lnr_sampler_defaults(&o.sampler);
    o.sampler.temperature = p->temperature;
    o.sampler.seed = 11;
    return o;
}

static lnr_request *submit(lnr_engine *e, const prompt *p, int32_t priority, bool no_reuse) {
    lnr_request_options o = request_of(p);
    o.priority = priority;
    o.no_reuse = no_reuse;
    lnr_request *r;
    lnr_error err;
    if (lnr_engine_submit(e, &o, &r, &err))
        give_up("lnr_engine_submit", &err);
    return r;
}

static bool step(lnr_engine *e) {
    bool active;
    lnr_error err;
    if (lnr_engine_step(e, &active, &err))
        give_up("lnr_engine_step", &err);
    return active;
}

/* ---- alone
 * --------------------------------------------------------------------------------------- */

static void answer_alone(lnr_engine *e, prompt *p) {
    lnr_request *r = submit(e, p, 0, true);
    lnr_event ev = {.kind = LNR_EVENT_TOKEN};
    while (ev.kind != LNR_EVENT_DONE) {
        step(e);
        while (lnr_request_next(r, &ev) && ev.kind == LNR_EVENT_TOKEN)
            p->answer[p->n_answer++] = ev.token;
    }
    p->hash = ev.logits_hash;
    if (ev.finish != LNR_FINISH_LENGTH || p->n_answer != p->n_answer_max)
        give_up("an answer alone", &ev.error);
    lnr_request_release(r);
}

static void answer_all_alone(void) {
    lnr_engine_options o = {.struct_size = sizeof o, .n_ctx = CTX, .n_threads = 1};
    lnr_engine *e = engine_create(&o);
    for (uint32_t i = 0; i < test.n_prompts; i++)
        answer_alone(e, &test.prompt[i]);
    lnr_engine_destroy(e);
}

/* ---- together
 * ------------------------------------------------------------------------------------ */

static void wrong(const running *w, const char *what) {
    test.n_wrong++;
    fprintf(stderr, "FAILED prompt %td (%" PRIu32 " tokens): %s\n", w->of - test.prompt, w->of->n,
            what);
}

static void check_done(const running *w, const lnr_event *done) {
    const prompt *p = w->of;
    test.n_preemptions += done->n_preempted;
    test.n_hits += done->n_reused > 0;
    if (done->finish == LNR_FINISH_CANCELLED) {
        test.n_cancels++;
        return;
    }
    test.n_answers++;
    if (done->finish != LNR_FINISH_LENGTH)
        wrong(w, lnr_finish_name(done->finish));
    else if (w->n_answer != p->n_answer)
        wrong(w, "another number of tokens");
    else if (done->logits_hash != p->hash)
        wrong(w, "other logits than alone");
    if (done->n_reused > done->n_same || done->n_same > p->n)
        wrong(w, "impossible figures of reuse");
}

/* Reads some or all of what is there; true when the request is done. */
static bool read_events(running *w) {
    lnr_event ev;
    while (below(8) && lnr_request_next(w->request, &ev)) {
        if (ev.kind == LNR_EVENT_DONE) {
            check_done(w, &ev);
            lnr_request_release(w->request);
            *w = (running){0};
            return true;
        }
        if (w->n_answer >= w->of->n_answer || ev.token != w->of->answer[w->n_answer])
            wrong(w, "another token than alone");
        w->n_answer++;
    }
    return false;
}

typedef struct disorder {
    lnr_engine_options engine;
    bool reuse, cancels, priorities;
} disorder;

static void start_one(lnr_engine *e, const disorder *d, running *w, const prompt *p) {
    *w = (running){.of = p};
    int32_t priority = d->priorities ? (int32_t)below(3) : 0;
    w->request = submit(e, p, priority, !d->reuse || below(16) == 0);
    if (d->cancels && below(4) == 0)
        w->cancel_after = 1 + below(20);
}

/* All prompts in random order; those that were cancelled once more, then to the end. */
static void answer_all_together(disorder d) {
    lnr_engine *e = engine_create(&d.engine);
    running all[RUNNING_MAX] = {0};
    uint32_t n_started = 0, n_running = 0, offset = below(test.n_prompts), n_idle = 0;
    while (n_started < test.n_prompts || n_running > 0) {
        for (int i = 0; i < RUNNING_MAX; i++) {
            running *w = &all[i];
            if (w->request == NULL && n_started < test.n_prompts && below(3) == 0) {
                start_one(e, &d, w, &test.prompt[(offset + n_started) % test.n_prompts]);
                n_started++;
                n_running++;
            }
            if (w->request && w->cancel_after && --w->cancel_after == 0)
                lnr_request_cancel(w->request);
            if (w->request && read_events(w))
                n_running--;
        }
        n_idle = step(e) ? 0 : n_idle + 1;
        if (n_idle > 1000) {
            fprintf(stderr, "FAILED: %" PRIu32 " requests make no progress\n", n_running);
            exit(EXIT_FAILURE);
        }
    }
    lnr_engine_stats s;
    lnr_engine_get_stats(e, &s);
    if (s.n_kv_held || s.n_kv_shared || s.n_running || s.n_waiting) {
        fprintf(stderr, "FAILED: %" PRIu32 " KV blocks held by nobody\n", s.n_kv_held);
        test.n_wrong++;
    }
    printf("%2" PRIu32 " sessions, ubatch %3" PRIu32 ": %6" PRIu64 " steps, %6" PRIu64
           " prompt tokens computed, %6" PRIu64 " reused, %4" PRIu64 " preemptions, %4" PRIu64
           " of %4" PRIu64 " guesses right\n",
           d.engine.n_sessions, d.engine.n_ubatch, s.n_steps, s.n_computed_prompt, s.n_reused,
           s.n_preempted, s.n_guessed_right, s.n_guessed);
    lnr_engine_destroy(e);
}

/* ---- from disk
 * ----------------------------------------------------------------------------------- */

static void run_session(lnr_engine *e, lnr_session *s, const prompt *p, uint32_t n_max,
                        running *w) {
    lnr_request_options o = request_of(p);
    lnr_error err;
    lnr_event ev = {.kind = LNR_EVENT_TOKEN};
    o.tokens = NULL;
    o.n_tokens = 0;
    o.max_tokens = n_max;
    *w = (running){.of = p};
    if (lnr_session_generate(s, &o, &err))
        give_up("lnr_session_generate", &err);
    while (ev.kind != LNR_EVENT_DONE) {
        step(e);
        while (lnr_session_next(s, &ev) && ev.kind == LNR_EVENT_TOKEN)
            if (ev.token != p->answer[w->n_answer++])
                wrong(w, "another token than alone");
    }
    if (n_max == p->n_answer_max)
        check_done(w, &ev);
}

/* One engine reads the prompt and saves it, another one restores it and answers. */
static void answer_from_disk(const char *path) {
    lnr_engine_options o = {.struct_size = sizeof o, .n_ctx = CTX, .n_threads = 1};
    lnr_engine *first = engine_create(&o), *second = engine_create(&o);
    lnr_error err;
    running w;
    for (uint32_t i = 0; i < test.n_prompts; i += 4) {
        const prompt *p = &test.prompt[i];
        lnr_session *s, *again = NULL;
        lnr_status st = lnr_session_create(first, &s, &err);
        if (st == LNR_OK)
            st = lnr_session_append(s, p->token, p->n, &err);
        if (st)
            give_up("a session", &err);
        run_session(first, s, p, 1, &w);
        st = lnr_session_truncate(s, p->n, &err);
        if (st == LNR_OK)
            st = lnr_session_save(s, path, &err);
        if (st == LNR_OK)
            st = lnr_session_restore(second, path, &again, &err);
        if (st)
            give_up("saving and restoring", &err);
        uint64_t n_hits = test.n_hits;
        run_session(second, again, p, p->n_answer_max, &w);
        test.n_restores += test.n_hits > n_hits || p->n == 1;
        lnr_session_destroy(s);
        lnr_session_destroy(again);
    }
    lnr_engine_destroy(first);
    lnr_engine_destroy(second);
    (void)remove(path);
}

static uint64_t kv_bytes_of(uint32_t n_contexts) {
    lnr_engine_options o = {.struct_size = sizeof o, .n_ctx = CTX, .n_threads = 1};
    lnr_engine *e = engine_create(&o);
    lnr_engine_info info;
    lnr_engine_get_info(e, &info);
    lnr_engine_destroy(e);
    return info.kv_bytes * n_contexts;
}

static bool enough(const char *what, uint64_t n) {
    uint64_t need = test.n_prompts < 500 ? 0 : test.n_prompts / 10;
    printf("%s: %" PRIu64 "\n", what, n);
    if (n < need)
        fprintf(stderr, "FAILED: %" PRIu64 " %s, at least %" PRIu64 " needed\n", n, what, need);
    return n >= need;
}

int main(int argc, char **argv) {
    lnr_error err;
    test.n_prompts = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000;
    rng_state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    test.prompt = calloc(test.n_prompts ? test.n_prompts : 1, sizeof *test.prompt);
    if (argc < 2 || test.n_prompts == 0 || test.prompt == NULL) {
        fprintf(stderr, "usage: stress MODEL [N_PROMPTS [SEED]]\n");
        return EXIT_FAILURE;
    }
    if (lnr_model_load(argv[1], NULL, &test.model, &err))
        give_up("lnr_model_load", &err);
    make_prompts();
    answer_all_alone();
    lnr_engine_options o = {
        .struct_size = sizeof o, .n_ctx = CTX, .n_threads = 1, .n_queue = RUNNING_MAX};
    disorder plain = {.engine = o}, shared = {.engine = o, .reuse = true, .cancels = true},
             tight = {.engine = o, .reuse = true, .cancels = true, .priorities = true};
    plain.engine.n_sessions = 2;
    plain.engine.n_ubatch = 32;
    answer_all_together(plain);
    shared.engine.n_threads = 2;
    shared.engine.n_sessions = 8;
    shared.engine.n_ubatch = 100;
    shared.engine.n_guesses = 24;
    answer_all_together(shared);
    tight.engine.n_sessions = 16;
    tight.engine.n_ubatch = 64;
    tight.engine.overcommit = true;
    tight.engine.n_guesses = 6;
    tight.engine.kv_budget_bytes = kv_bytes_of(1);
    answer_all_together(tight);
    answer_from_disk("engine_stress.session");
    printf("answers: %" PRIu64 "\n", test.n_answers);
    bool ok = enough("preemptions", test.n_preemptions);
    ok = enough("cancellations", test.n_cancels) && ok;
    ok = enough("prefix hits", test.n_hits) && ok;
    ok = enough("restores", test.n_restores) && ok;
    lnr_model_unref(test.model);
    free(test.prompt);
    return ok && test.n_wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
