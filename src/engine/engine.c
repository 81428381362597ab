/* Scheduling and stepping; see engine.h. */
#include "engine/engine.h"

#include "backend/cpu/cpu.h"
#include "base/alloc.h"
#include "base/checked.h"
#include "base/hash.h"
#include "os/os.h"

#include <inttypes.h>
#include <string.h>

struct lnr_engine {
    lnr_model *model; /* shared reference */
    lnr_pass *pass;   /* owned: scratch, KV memory, workers */
    choice_engine choice;
    kv_pool kv;
    uint32_t n_ctx, n_ubatch, n_threads;

    lnr_request *active[ENGINE_SESSIONS]; /* each holds the engine's reference */
    uint32_t n_active;

    /* arrays of the step being built; owned */
    int32_t *token;             /* (n_ubatch) */
    uint32_t *pos, *seq;        /* (n_ubatch) */
    float *rope_cos, *rope_sin; /* (n_rope_sets, n_ubatch, n_rot / 2) */
    const uint32_t *block[ENGINE_SESSIONS];
    uint32_t out[ENGINE_SESSIONS];

    os_mutex *lock; /* guards the two below, written by any thread */
    lnr_request *incoming[ENGINE_QUEUE];
    uint32_t n_incoming;
};

/* ---- creation
 * ------------------------------------------------------------------------------------ */

static lnr_status choose_sizes(lnr_engine *e, const lnr_engine_options *o, lnr_error *err) {
    uint32_t trained = e->model->n_ctx_train;
    e->n_ctx = o && o->n_ctx                  ? o->n_ctx
               : trained < ENGINE_CTX_DEFAULT ? trained
                                              : ENGINE_CTX_DEFAULT;
    e->n_ubatch = o && o->n_ubatch ? o->n_ubatch : ENGINE_UBATCH_DEFAULT;
    e->n_threads = o && o->n_threads ? o->n_threads : cpu_default_threads();
    if (e->n_ctx > trained)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "ctx %" PRIu32 " is more than the %" PRIu32
                        " tokens that the model was trained for",
                        e->n_ctx, trained);
    if (e->n_ubatch > ENGINE_UBATCH_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "ubatch %" PRIu32 ": 1 to %u allowed", e->n_ubatch,
                        ENGINE_UBATCH_MAX);
    if (e->n_ctx < 2)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "ctx %" PRIu32 ": at least 2 needed", e->n_ctx);
    return LNR_OK;
}

static lnr_status create_parts(lnr_engine *e, lnr_error *err) {
    const lnr_model *m = e->model;
    uint32_t n_blocks = (uint32_t)lnr_div_up(e->n_ctx, KV_BLOCK_TOKENS) * ENGINE_SESSIONS;
    pass_options o = {.n_ubatch = e->n_ubatch,
                      .n_out_max = ENGINE_SESSIONS,
                      .n_kv_blocks = n_blocks,
                      .n_ctx = e->n_ctx,
                      .kv_type_k = LNR_TYPE_F16,
                      .kv_type_v = LNR_TYPE_F16,
                      .n_threads = e->n_threads};
    LNR_TRY(m->backend->pass_create(&m->shape, &o, &e->pass, err));
    LNR_TRY(choice_engine_init(&e->choice, m, e->n_ctx, err));
    LNR_TRY(kv_pool_init(&e->kv, n_blocks, err));
    size_t n = e->n_ubatch, n_rope = model_rope_floats(m, e->n_ubatch);
    e->token = lnr_alloc_array(n, sizeof *e->token);
    e->pos = lnr_alloc_array(n, sizeof *e->pos);
    e->seq = lnr_alloc_array(n, sizeof *e->seq);
    e->rope_cos = lnr_alloc_array(n_rope, sizeof *e->rope_cos);
    e->rope_sin = lnr_alloc_array(n_rope, sizeof *e->rope_sin);
    e->lock = os_mutex_create();
    if (!e->token || !e->pos || !e->seq || !e->rope_cos || !e->rope_sin || !e->lock)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for steps of %" PRIu32 " tokens", e->n_ubatch);
    return LNR_OK;
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
        st = create_parts(e, err);
    if (st) {
        engine_destroy(e);
        return st;
    }
    *out = e;
    return LNR_OK;
}

/* Gives the sequence's blocks back, tells the consumer, and drops the engine's reference. */
static void retire(lnr_engine *e, lnr_request *r, lnr_finish why, const lnr_error *error) {
    void (*on_ready)(void *) = r->options.on_ready;
    void *user = r->options.user;
    kv_sequence_clear(&r->kv, &e->kv);
    request_finish(r, why, error);
    request_unref(r);
    if (on_ready)
        on_ready(user);
}

void engine_destroy(lnr_engine *e) {
    if (e == NULL)
        return;
    for (uint32_t i = 0; i < e->n_active; i++)
        retire(e, e->active[i], LNR_FINISH_CANCELLED, NULL);
    for (uint32_t i = 0; i < e->n_incoming; i++)
        retire(e, e->incoming[i], LNR_FINISH_CANCELLED, NULL);
    if (e->pass)
        e->model->backend->pass_destroy(e->pass);
    choice_engine_deinit(&e->choice);
    kv_pool_deinit(&e->kv);
    os_mutex_destroy(e->lock);
    lnr_free(e->token);
    lnr_free(e->pos);
    lnr_free(e->seq);
    lnr_free(e->rope_cos);
    lnr_free(e->rope_sin);
    model_unref(e->model);
    lnr_free(e);
}

void engine_get_info(const lnr_engine *e, lnr_engine_info *out) {
    *out = (lnr_engine_info){.n_ctx = e->n_ctx,
                             .n_ubatch = e->n_ubatch,
                             .n_threads = e->n_threads,
                             .kv_bytes = e->pass->kv_bytes,
                             .scratch_bytes = e->pass->scratch_bytes};
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
    LNR_TRY(request_create(o, e->n_ctx, &r, err));
    lnr_status st =
        choice_request_init(&r->choice, &e->choice, o, r->n_tokens_max, REQUEST_RING, err);
    if (st) {
        request_unref(r);
        request_unref(r);
        return st;
    }
    os_mutex_lock(e->lock);
    bool queued = e->n_incoming < ENGINE_QUEUE;
    if (queued)
        e->incoming[e->n_incoming++] = r;
    os_mutex_unlock(e->lock);
    if (!queued) {
        request_unref(r);
        request_unref(r);
        return LNR_FAIL(err, LNR_E_BUSY, "%u requests wait already", ENGINE_QUEUE);
    }
    *out = r;
    return LNR_OK;
}

/* ---- the owner thread
 * ---------------------------------------------------------------------------- */

/* Moves waiting requests to the active ones while there is a session and KV room for the whole
 * answer. */
static void admit(lnr_engine *e) {
    os_mutex_lock(e->lock);
    while (e->n_active < ENGINE_SESSIONS && e->n_incoming > 0) {
        lnr_request *r = e->incoming[0];
        if (!kv_sequence_reserve(&r->kv, &e->kv, r->n_tokens_max))
            break;
        e->n_incoming--;
        memmove(e->incoming, e->incoming + 1, e->n_incoming * sizeof e->incoming[0]);
        e->active[e->n_active++] = r;
    }
    os_mutex_unlock(e->lock);
}

static void drop_cancelled(lnr_engine *e) {
    for (uint32_t i = 0; i < e->n_active;) {
        lnr_request *r = e->active[i];
        if (!atomic_load_explicit(&r->cancelled, memory_order_acquire)) {
            i++;
            continue;
        }
        e->active[i] = e->active[--e->n_active];
        retire(e, r, LNR_FINISH_CANCELLED, NULL);
    }
}

typedef struct batch {
    lnr_step step;
    lnr_request *request[ENGINE_SESSIONS]; /* of step.seq */
    lnr_request *sampled[ENGINE_SESSIONS]; /* of step.out */
    uint32_t n_requests;
} batch;

/* Appends the next tokens of r to the step: at most n_max of them. */
static void add_tokens(lnr_engine *e, batch *b, lnr_request *r, uint32_t n_max) {
    uint32_t first = r->kv.n_tokens, n = r->n_tokens - first;
    if (n > n_max)
        n = n_max;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = b->step.n_tokens++;
        e->token[at] = r->token[first + i];
        e->pos[at] = first + i;
        e->seq[at] = b->n_requests;
    }
    e->block[b->n_requests] = r->kv.block;
    b->request[b->n_requests++] = r;
    r->kv.n_tokens += n;
    if (r->kv.n_tokens == r->n_tokens) {
        b->sampled[b->step.n_out] = r;
        e->out[b->step.n_out++] = b->step.n_tokens - 1;
    }
    if (r->started_ns == 0)
        r->started_ns = os_now_ns();
}

static void build_batch(lnr_engine *e, batch *b) {
    *b = (batch){0};
    for (uint32_t i = 0; i < e->n_active && b->step.n_tokens < e->n_ubatch; i++)
        if (request_has_room(e->active[i])) /* else its consumer has to read first */
            add_tokens(e, b, e->active[i], e->n_ubatch - b->step.n_tokens);
    lnr_step *s = &b->step;
    s->token = e->token;
    s->pos = e->pos;
    s->seq = e->seq;
    s->block = e->block;
    s->out = e->out;
    model_rope_angles(e->model, e->n_ctx, e->pos, s->n_tokens, e->rope_cos, e->rope_sin);
    s->rope_cos = e->rope_cos;
    s->rope_sin = e->rope_sin;
}

static void remove_active(lnr_engine *e, const lnr_request *r) {
    for (uint32_t i = 0; i < e->n_active; i++)
        if (e->active[i] == r) {
            e->active[i] = e->active[--e->n_active];
            return;
        }
}

static void end(lnr_engine *e, lnr_request *r, lnr_finish why, const lnr_error *error) {
    remove_active(e, r);
    retire(e, r, why, error);
}

/* Samples r's next token from its row of logits; ends r if that was the last. */
static void advance(lnr_engine *e, lnr_request *r, const float *logits) {
    size_t n_vocab = e->model->shape.n_vocab;
    lnr_event *result = &r->result;
    lnr_error error;
    sampler_result choice;
    int stop_idx;
    history so_far = {.token = r->token, .n = r->n_tokens, .n_prompt = r->n_prompt};
    if (r->options.hash_logits)
        result->logits_hash = lnr_fnv1a64(result->logits_hash, logits, n_vocab * sizeof *logits);
    if (choice_pick(&e->choice, &r->choice, logits, so_far, &choice, &error) ||
        choice_accept(&r->choice, choice.token, r->n_tokens, &stop_idx, &error)) {
        end(e, r, LNR_FINISH_ERROR, &error);
        return;
    }
    r->last_ns = os_now_ns();
    if (result->n_generated++ == 0) {
        r->first_ns = r->last_ns;
        result->n_prompt = r->n_prompt;
    }
    if (!r->options.ignore_end && tokenizer_is_end(e->model->tokenizer, choice.token)) {
        end(e, r, LNR_FINISH_END, NULL);
        return;
    }
    r->token[r->n_tokens++] = choice.token;
    choice_keep(&r->choice, atomic_load(&r->tail) % REQUEST_RING, &choice);
    request_push(r, choice.token);
    if (stop_idx >= 0) {
        result->stop_idx = (uint32_t)stop_idx;
        end(e, r, LNR_FINISH_STOP, NULL);
    } else if (r->n_tokens == r->n_tokens_max) {
        bool asked = r->options.max_tokens && result->n_generated == r->options.max_tokens;
        end(e, r, asked ? LNR_FINISH_LENGTH : LNR_FINISH_CONTEXT, NULL);
    } else if (r->options.on_ready) {
        r->options.on_ready(r->options.user);
    }
}

lnr_status engine_step(lnr_engine *e, bool *active, lnr_error *err) {
    (void)err; /* a request's failure is its own event */
    drop_cancelled(e);
    admit(e);
    batch b;
    build_batch(e, &b);
    *active = b.step.n_tokens > 0;
    if (!*active)
        return LNR_OK;
    lnr_error error;
    if (model_forward(e->model, e->pass, &b.step, &error)) {
        for (uint32_t i = 0; i < b.n_requests; i++)
            end(e, b.request[i], LNR_FINISH_ERROR, &error);
        return LNR_OK;
    }
    for (uint32_t i = 0; i < b.step.n_out; i++)
        advance(e, b.sampled[i], e->model->backend->logits(e->pass, i));
    return LNR_OK;
}
