/* See request.h. */
#include "engine/request.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "os/os.h"

#include <inttypes.h>
#include <string.h>

void bell_ring(engine_bell *b) {
    atomic_fetch_add_explicit(&b->n_rings, 1, memory_order_release);
    os_wake_all((const uint32_t *)(const void *)&b->n_rings);
}

lnr_status request_create(const lnr_request_options *o, uint32_t n_ctx, engine_bell *bell,
                          lnr_request **out, lnr_error *err) {
    *out = NULL;
    if (o->n_tokens == 0 || o->tokens == NULL)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "the prompt has no tokens, at least 1 needed");
    if (o->n_tokens >= n_ctx)
        return LNR_FAIL(err, LNR_E_LIMIT,
                        "the prompt has %zu tokens; a context of %" PRIu32 " holds at most %" PRIu32
                        " and one of answer",
                        o->n_tokens, n_ctx, n_ctx - 1);
    lnr_request *r = lnr_new(lnr_request);
    uint32_t n_prompt = (uint32_t)o->n_tokens, n_max = n_ctx;
    if (o->max_tokens && o->max_tokens < n_ctx - n_prompt)
        n_max = n_prompt + o->max_tokens;
    if (r)
        r->token = lnr_alloc_array(n_max, sizeof *r->token);
    if (r == NULL || r->token == NULL) {
        lnr_free(r);
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a request of %" PRIu32 " tokens", n_max);
    }
    lnr_status st = kv_sequence_init(&r->kv, n_max, err);
    if (st) {
        lnr_free(r->token);
        lnr_free(r);
        return st;
    }
    memcpy(r->token, o->tokens, n_prompt * sizeof *r->token);
    r->options = *o;
    r->options.tokens = NULL;
    r->bell = bell;
    r->kv.apart = o->no_reuse;
    r->n_scores = o->prompt_logprobs ? n_prompt - 1 : 0;
    r->n_prompt = r->n_tokens = n_prompt;
    r->n_tokens_max = n_max;
    r->result.kind = LNR_EVENT_DONE;
    r->result.n_prompt = n_prompt;
    r->result.logits_hash = LNR_FNV1A64_INIT;
    r->submitted_ns = os_now_ns();
    atomic_init(&r->n_refs, 2);
    *out = r;
    return LNR_OK;
}

void request_unref(lnr_request *r) {
    if (atomic_fetch_sub_explicit(&r->n_refs, 1, memory_order_acq_rel) != 1)
        return;
    kv_sequence_deinit(&r->kv);
    choice_request_deinit(&r->choice);
    lnr_free(r->token);
    lnr_free(r);
}

void request_cancel(lnr_request *r) {
    atomic_store_explicit(&r->cancelled, true, memory_order_release);
    if (!atomic_load_explicit(&r->done, memory_order_acquire))
        bell_ring(r->bell);
}

bool request_before(const lnr_request *a, const lnr_request *b) {
    if (a->options.priority != b->options.priority)
        return a->options.priority > b->options.priority;
    return a->number < b->number;
}

bool request_cancelled(const lnr_request *r) {
    return atomic_load_explicit(&r->cancelled, memory_order_acquire);
}

bool request_out_of_time(const lnr_request *r, uint64_t now_ns) {
    uint64_t limit_ns = (uint64_t)r->options.time_limit_ms * 1000000u;
    return limit_ns > 0 && now_ns - r->submitted_ns >= limit_ns;
}

uint32_t request_room(const lnr_request *r) {
    uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);
    return REQUEST_RING - (atomic_load_explicit(&r->tail, memory_order_relaxed) - head);
}

void request_push(lnr_request *r, int32_t token) {
    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    r->ring[tail % REQUEST_RING] = token;
    atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
}

void request_finish(lnr_request *r, lnr_finish why, const lnr_error *error) {
    lnr_event *e = &r->result;
    e->finish = why;
    if (error)
        e->error = *error;
    uint64_t now = os_now_ns();
    uint64_t started = r->started_ns ? r->started_ns : now;
    uint64_t first = r->first_ns ? r->first_ns : now;
    e->queue_ns = started - r->submitted_ns;
    e->prompt_ns = r->started_ns ? first - started : 0;
    e->generation_ns = r->first_ns ? r->last_ns - first : 0;
    atomic_store_explicit(&r->done, true, memory_order_release);
}

bool request_next(lnr_request *r, lnr_event *out) {
    /* done first: once it is set the ring gets no more tokens, so an empty ring is then the end. */
    bool done = atomic_load_explicit(&r->done, memory_order_acquire);
    uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint32_t n = atomic_load_explicit(&r->tail, memory_order_acquire) - head;
    if (n > 0) {
        *out = (lnr_event){.kind = head < r->n_scores ? LNR_EVENT_PROMPT : LNR_EVENT_TOKEN,
                           .token = r->ring[head % REQUEST_RING]};
        choice_tell(&r->choice, head % REQUEST_RING, out);
        atomic_store_explicit(&r->head, head + 1, memory_order_release);
        if (n == REQUEST_RING && !done)
            bell_ring(r->bell); /* the engine had stopped for want of room */
        return true;
    }
    if (!done || r->done_read)
        return false;
    r->done_read = true;
    *out = r->result;
    return true;
}
