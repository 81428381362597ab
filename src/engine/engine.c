/* The engine's life and its step; see engine.h and state.h. */
#include "engine/engine.h"

#include "backend/cpu/cpu.h"
#include "base/alloc.h"
#include "base/checked.h"
#include "base/hash.h"
#include "engine/state.h"

#include <lanner/machine.h>

#include <inttypes.h>
#include <string.h>

#define QUEUE_DEFAULT    64u
#define QUEUE_MAX        65536u
#define STALL_MS_DEFAULT 150u

/* ---- creation
 * ------------------------------------------------------------------------------------ */

static uint32_t given(uint32_t value, uint32_t otherwise) {
    return value ? value : otherwise;
}

static lnr_status choose_sizes(lnr_engine *e, const lnr_engine_options *o, lnr_error *err) {
    uint32_t trained = e->model->n_ctx_train;
    e->n_ctx = given(o->n_ctx, trained < ENGINE_CTX_DEFAULT ? trained : ENGINE_CTX_DEFAULT);
    e->n_sessions = given(o->n_sessions, 1);
    e->n_ubatch = given(o->n_ubatch, e->n_sessions > ENGINE_UBATCH_DEFAULT ? e->n_sessions
                                                                           : ENGINE_UBATCH_DEFAULT);
    e->n_threads = given(o->n_threads, cpu_default_threads());
    e->n_guesses_max = o->n_guesses;
    e->n_rows_max = e->n_sessions + e->n_guesses_max;
    e->max_stall_ms = given(o->max_stall_ms, STALL_MS_DEFAULT);
    e->overcommit = o->overcommit;
    if (e->n_ctx > trained)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "ctx %" PRIu32 " is more than the %" PRIu32
                        " tokens that the model was trained for",
                        e->n_ctx, trained);
    if (e->n_ctx < 2)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "ctx %" PRIu32 ": at least 2 needed", e->n_ctx);
    if (e->n_sessions > ENGINE_SESSIONS_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "sessions %" PRIu32 ": 1 to %u allowed", e->n_sessions,
                        ENGINE_SESSIONS_MAX);
    if (e->n_ubatch > ENGINE_UBATCH_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "ubatch %" PRIu32 ": 1 to %u allowed", e->n_ubatch,
                        ENGINE_UBATCH_MAX);
    if (e->n_ubatch < e->n_sessions)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "ubatch %" PRIu32 " is less than sessions %" PRIu32
                        ": a step takes one token of each",
                        e->n_ubatch, e->n_sessions);
    if (o->n_guesses > ENGINE_GUESSES_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "guesses %" PRIu32 ": 0 to %u allowed", o->n_guesses,
                        ENGINE_GUESSES_MAX);
    if (o->n_queue > QUEUE_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "queue %" PRIu32 ": 1 to %u allowed", o->n_queue,
                        QUEUE_MAX);
    return LNR_OK;
}

static lnr_status kv_type(const char *name, const char *what, lnr_type *out, lnr_error *err) {
    static const lnr_type types[] = {LNR_TYPE_F16, LNR_TYPE_Q8_0, LNR_TYPE_F32};
    *out = LNR_TYPE_F16;
    if (name == NULL)
        return LNR_OK;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(name, lnr_type_name(types[i])) == 0) {
            *out = types[i];
            return LNR_OK;
        }
    return LNR_FAIL(err, LNR_E_ARGUMENT, "%s '%.40s': F16, Q8_0 or F32 expected", what, name);
}

/* Blocks of the whole KV memory: what the budget holds, or a context for every session. */
static lnr_status choose_blocks(const lnr_engine *e, const lnr_engine_options *o, uint32_t *out,
                                lnr_error *err) {
    uint64_t bytes =
        e->model->backend->kv_block_bytes(&e->model->shape, e->kv_type_k, e->kv_type_v);
    uint64_t per_ctx = lnr_div_up(e->n_ctx, KV_BLOCK_TOKENS), n = per_ctx * e->n_sessions;
    if (o->kv_budget_bytes) {
        n = o->kv_budget_bytes / bytes;
        if (n < per_ctx)
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "kv_budget %" PRIu64 " bytes: one context of %" PRIu32
                            " tokens takes %" PRIu64,
                            o->kv_budget_bytes, e->n_ctx, per_ctx * bytes);
    }
    if (n >= KV_NONE)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "kv_budget %" PRIu64 " bytes: at most %" PRIu64 " can be used",
                        o->kv_budget_bytes, (KV_NONE - 1) * bytes);
    *out = (uint32_t)n;
    return LNR_OK;
}

/* Stands for all that keys and values depend on besides the tokens. One engine has one model, so
 * inside it any constant would do; the value matters where KV leaves the process. */
static uint64_t root_hash(const lnr_engine *e) {
    const model_rope *rope = &e->model->rope;
    size_t bytes = e->model->shape.n_rot / 2 * sizeof(double);
    uint32_t version = LNR_ARITH_VERSION;
    uint64_t id = e->model->id;
    uint64_t h = lnr_fnv1a64(LNR_FNV1A64_INIT, &version, sizeof version);
    h = lnr_fnv1a64(h, &id, sizeof id);
    h = lnr_fnv1a64(h, &e->kv_type_k, sizeof e->kv_type_k);
    h = lnr_fnv1a64(h, &e->kv_type_v, sizeof e->kv_type_v);
    for (uint32_t i = 0; i < rope->n_sets; i++) {
        bool is_long = i == 0 && rope->freq_long && e->n_ctx > rope->n_ctx_short;
        h = lnr_fnv1a64(h, is_long ? rope->freq_long : rope->freq[i], bytes);
    }
    return lnr_fnv1a64(h, &rope->magnitude, sizeof rope->magnitude);
}

static lnr_status create_parts(lnr_engine *e, const lnr_engine_options *o, lnr_error *err) {
    const lnr_model *m = e->model;
    uint32_t n_blocks = 0;
    LNR_TRY(choose_blocks(e, o, &n_blocks, err));
    pass_options pass = {.n_ubatch = e->n_ubatch,
                         .n_out_max = e->n_rows_max,
                         .n_kv_blocks = n_blocks,
                         .n_ctx = e->n_ctx,
                         .kv_type_k = e->kv_type_k,
                         .kv_type_v = e->kv_type_v,
                         .n_threads = e->n_threads};
    LNR_TRY(m->backend->pass_create(&m->shape, &pass, &e->pass, err));
    LNR_TRY(choice_engine_init(&e->choice, m, e->n_ctx, err));
    LNR_TRY(kv_pool_init(&e->kv, n_blocks, root_hash(e), err));
    LNR_TRY(queue_init(&e->queue, given(o->n_queue, QUEUE_DEFAULT), e->n_sessions, err));
    LNR_TRY(stats_init(&e->stats, err));
    LNR_TRY(batch_init(&e->batch, e, err));
    e->active = lnr_alloc_array(e->n_sessions, sizeof(lnr_request *));
    return e->active
               ? LNR_OK
               : LNR_FAIL(err, LNR_E_NOMEM, "no memory for %" PRIu32 " sessions", e->n_sessions);
}

lnr_status engine_create(lnr_model *m, const lnr_engine_options *o, lnr_engine **out,
                         lnr_error *err) {
    *out = NULL;
    lnr_engine *e = lnr_new(lnr_engine);
    if (e == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for an engine");
    e->model = model_ref(m);
    lnr_status st = choose_sizes(e, o, err);
    if (st == LNR_OK)
        st = kv_type(o->kv_type_k, "kv_type_k", &e->kv_type_k, err);
    if (st == LNR_OK)
        st = kv_type(o->kv_type_v, "kv_type_v", &e->kv_type_v, err);
    if (st == LNR_OK)
        st = create_parts(e, o, err);
    if (st) {
        engine_destroy(e);
        return st;
    }
    *out = e;
    return LNR_OK;
}

void engine_end(lnr_engine *e, lnr_request *r, lnr_finish why, const lnr_error *error) {
    void (*on_ready)(void *) = r->options.on_ready;
    void *user = r->options.user;
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->n_active; i++)
        if (e->active[i] != r)
            e->active[n++] = e->active[i];
    e->n_active = n;
    kv_sequence_close(&r->kv, &e->kv, r->token);
    e->stats.now.n_finished[why]++;
    e->stats.now.n_reused += r->result.n_reused;
    request_finish(r, why, error);
    request_unref(r);
    if (on_ready)
        on_ready(user);
}

static void end_queued(lnr_engine *e, lnr_request *r, lnr_finish why) {
    queue_remove(&e->queue, r);
    engine_end(e, r, why, NULL);
}

void engine_destroy(lnr_engine *e) {
    if (e == NULL)
        return;
    while (e->n_active > 0)
        engine_end(e, e->active[0], LNR_FINISH_CANCELLED, NULL);
    for (lnr_request *r; e->queue.lock && (r = queue_first(&e->queue)) != NULL;)
        end_queued(e, r, LNR_FINISH_CANCELLED);
    if (e->pass)
        e->model->backend->pass_destroy(e->pass);
    choice_engine_deinit(&e->choice);
    kv_pool_deinit(&e->kv);
    queue_deinit(&e->queue);
    stats_deinit(&e->stats);
    batch_deinit(&e->batch);
    lnr_free(e->active);
    model_unref(e->model);
    lnr_free(e);
}

void engine_get_info(const lnr_engine *e, lnr_engine_info *out) {
    *out = (lnr_engine_info){.n_ctx = e->n_ctx,
                             .n_ubatch = e->n_ubatch,
                             .n_threads = e->n_threads,
                             .kv_bytes = e->pass->kv_bytes,
                             .scratch_bytes = e->pass->scratch_bytes,
                             .n_sessions = e->n_sessions};
}

void engine_get_counters(const lnr_engine *e, lnr_engine_counters *out) {
    const pass_counters *c = &e->pass->counted;
    *out = (lnr_engine_counters){.n_steps = c->n_steps,
                                 .n_tokens = c->n_tokens,
                                 .weight_bytes = c->weight_bytes,
                                 .kv_bytes = c->kv_bytes,
                                 .int8_macs = c->int8_macs,
                                 .f32_macs = c->f32_macs};
}

uint32_t engine_worker_panels(const lnr_engine *e, uint64_t *panels, uint32_t n_max) {
    return e->model->backend->worker_panels(e->pass, panels, n_max);
}

/* ---- from any thread
 * ----------------------------------------------------------------------------- */

static lnr_status check_prompt(const lnr_engine *e, const lnr_request_options *o, lnr_error *err) {
    for (size_t i = 0; i < o->n_tokens; i++)
        if (o->tokens[i] < 0 || (uint32_t)o->tokens[i] >= e->model->shape.n_vocab)
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "prompt token %zu is %" PRId32 ", 0 to %" PRIu32 " allowed", i,
                            o->tokens[i], e->model->shape.n_vocab - 1);
    return LNR_OK;
}

lnr_status engine_submit(lnr_engine *e, const lnr_request_options *o, lnr_request **out,
                         lnr_error *err) {
    *out = NULL;
    LNR_TRY(check_prompt(e, o, err));
    lnr_request *r;
    LNR_TRY(request_create(o, e->n_ctx, &e->bell, &r, err));
    lnr_status st =
        choice_request_init(&r->choice, &e->choice, o, r->n_tokens_max, REQUEST_RING, err);
    if (st) {
        request_unref(r);
        request_unref(r);
        return st;
    }
    if (!queue_add(&e->queue, r)) {
        request_unref(r);
        request_unref(r);
        return LNR_FAIL(err, LNR_E_BUSY, "%" PRIu32 " requests wait already", e->queue.n_max);
    }
    *out = r;
    bell_ring(&e->bell);
    return LNR_OK;
}

void engine_get_stats(lnr_engine *e, lnr_engine_stats *out) {
    stats_get(&e->stats, out);
    out->n_waiting = queue_n(&e->queue);
}

/* ---- the owner thread
 * ---------------------------------------------------------------------------- */

static void drop_ended(lnr_engine *e) {
    uint64_t now = os_now_ns();
    for (uint32_t i = e->n_active; i-- > 0;) {
        lnr_request *r = e->active[i];
        if (request_cancelled(r))
            engine_end(e, r, LNR_FINISH_CANCELLED, NULL);
        else if (request_out_of_time(r, now))
            engine_end(e, r, LNR_FINISH_TIME, NULL);
    }
    for (lnr_request *r; (r = queue_find_ended(&e->queue, now)) != NULL;)
        end_queued(e, r, request_cancelled(r) ? LNR_FINISH_CANCELLED : LNR_FINISH_TIME);
}

static void count_tokens(lnr_engine *e, const batch_part *part) {
    lnr_engine_stats *s = &e->stats.now;
    lnr_event *result = &part->request->result;
    bool answer = result->n_generated > 0 && part->n_tokens - part->n_guesses == 1;
    result->n_computed += part->n_tokens;
    *(answer ? &s->n_computed_answer : &s->n_computed_prompt) += part->n_tokens;
}

/* What the step computed is stored; its rows become tokens, the first always, those of guesses as
 * long as these come true. */
static void finish_part(lnr_engine *e, const batch_part *part) {
    lnr_request *r = part->request;
    count_tokens(e, part);
    kv_sequence_stored(&r->kv, &e->kv, r->token, r->kv.n_tokens + part->n_tokens - part->n_guesses);
    if (part->n_rows == 0)
        return;
    guess_state *state = part->n_guesses ? &r->guess : NULL;
    void (*on_ready)(void *) = r->options.on_ready;
    void *user = r->options.user;
    for (uint32_t i = 0; i < part->n_scores; i++)
        if (!sampling_score_row(e, r, e->model->backend->logits(e->pass, part->first_row + i)))
            return;
    uint32_t first = part->first_row + part->n_scores, n = part->n_rows - part->n_scores;
    for (uint32_t i = 0; i < n; i++) {
        int32_t guessed = i + 1 < n ? r->token[r->n_tokens] : -1;
        const float *logits = e->model->backend->logits(e->pass, first + i);
        if (!sampling_take_row(e, r, logits))
            return; /* it has ended, and told so */
        if (r->token[r->n_tokens - 1] != guessed) {
            if (state)
                guess_result(state, part->n_guesses, i);
            break;
        }
        e->stats.now.n_guessed_right++;
        kv_sequence_stored(&r->kv, &e->kv, r->token, r->n_tokens);
    }
    if (on_ready)
        on_ready(user);
}

/* The fault may lie with one request: each is tried by itself, and who fails then has to go. */
static void fail_step(lnr_engine *e, const lnr_error *error) {
    const engine_batch *b = &e->batch;
    if (b->n_parts == 1) {
        engine_end(e, b->part[0].request, LNR_FINISH_ERROR, error);
        return;
    }
    for (uint32_t i = 0; i < b->n_parts; i++)
        b->part[i].request->alone = true;
}

static void count_step(lnr_engine *e, uint32_t n_generated, uint64_t ns) {
    const engine_batch *b = &e->batch;
    uint32_t n_plain = b->step.n_tokens - b->n_guesses;
    if (b->n_prompt_tokens == 0)
        guess_add_step(&e->gain, n_generated, b->n_guesses, ns);
    if (b->n_guesses == 0)
        cost_add(&e->cost, n_plain, b->n_prompt_tokens, ns);
    e->stats.now.n_guessed += b->n_guesses;
    stats_add_step(&e->stats, ns, n_plain > b->n_prompt_tokens);
}

static void compute(lnr_engine *e) {
    const engine_batch *b = &e->batch;
    lnr_error error;
    uint64_t start = os_now_ns();
    if (model_forward(e->model, e->pass, &b->step, &error)) {
        fail_step(e, &error);
        return;
    }
    uint64_t n_before = e->stats.now.n_generated;
    for (uint32_t i = 0; i < b->n_parts; i++)
        finish_part(e, &b->part[i]);
    count_step(e, (uint32_t)(e->stats.now.n_generated - n_before), os_now_ns() - start);
}

static void publish(lnr_engine *e) {
    lnr_engine_stats *s = &e->stats.now;
    s->n_running = e->n_active;
    s->n_kv_blocks = e->kv.n_blocks;
    s->n_kv_held = e->kv.n_blocks - e->kv.n_free - e->kv.n_cached;
    s->n_kv_shared = e->kv.n_shared;
    s->n_kv_cached = e->kv.n_cached;
    s->stall_bound_ms = cost_bound_ms(&e->cost, e->max_stall_ms);
    stats_publish(&e->stats);
}

lnr_status engine_step(lnr_engine *e, bool *active, lnr_error *err) {
    (void)err; /* a request's failure is its own event */
    e->bell_heard = atomic_load_explicit(&e->bell.n_rings, memory_order_acquire);
    drop_ended(e);
    admission_run(e);
    scheduler_build(e);
    *active = e->batch.step.n_tokens > 0;
    if (*active)
        compute(e);
    publish(e);
    return LNR_OK;
}

void engine_wait(lnr_engine *e) {
    os_wait((const uint32_t *)(const void *)&e->bell.n_rings, e->bell_heard);
}
