/* What goes into a step.
 *
 * One token of every request that is being answered, always, and what is guessed to follow it; then
 * prompts, as much as the micro-batch holds and, if somebody is being answered, as the stall bound
 * allows. Prompts of equal priority share that evenly, down to COST_CHUNK_MIN tokens each; below
 * that the older go first. */
#include "engine/state.h"

#include "base/alloc.h"
#include "os/os.h"

#include <inttypes.h>

/* ---- the arrays
 * ---------------------------------------------------------------------------------- */

lnr_status batch_init(engine_batch *b, const lnr_engine *e, lnr_error *err) {
    size_t n = e->n_ubatch, n_rope = model_rope_floats(e->model, e->n_ubatch);
    *b = (engine_batch){0};
    b->part = lnr_alloc_array(e->n_sessions, sizeof *b->part);
    b->prompt = lnr_alloc_array(e->n_sessions, sizeof *b->prompt);
    b->token = lnr_alloc_array(n, sizeof *b->token);
    b->pos = lnr_alloc_array(n, sizeof *b->pos);
    b->seq = lnr_alloc_array(n, sizeof *b->seq);
    b->rope_cos = lnr_alloc_array(n_rope, sizeof *b->rope_cos);
    b->rope_sin = lnr_alloc_array(n_rope, sizeof *b->rope_sin);
    b->block = lnr_alloc_array(e->n_sessions, sizeof *b->block);
    b->out = lnr_alloc_array(e->n_rows_max, sizeof *b->out);
    if (!b->part || !b->prompt || !b->token || !b->pos || !b->seq || !b->rope_cos || !b->rope_sin ||
        !b->block || !b->out)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for steps of %" PRIu32 " tokens", e->n_ubatch);
    return LNR_OK;
}

void batch_deinit(engine_batch *b) {
    lnr_free(b->part);
    lnr_free(b->prompt);
    lnr_free(b->token);
    lnr_free(b->pos);
    lnr_free(b->seq);
    lnr_free(b->rope_cos);
    lnr_free(b->rope_sin);
    lnr_free(b->block);
    lnr_free(b->out);
    *b = (engine_batch){0};
}

static void clear(engine_batch *b) {
    b->n_parts = b->n_prompt_tokens = b->n_guesses = 0;
    b->step = (lnr_step){.token = b->token,
                         .pos = b->pos,
                         .seq = b->seq,
                         .block = b->block,
                         .out = b->out,
                         .rope_cos = b->rope_cos,
                         .rope_sin = b->rope_sin};
}

/* Appends r's next n tokens and the n_guesses behind its last; a row of logits for the last one, if
 * it is among them, for each guess, and for prompt tokens whose successors are to be scored. */
static void add_part(engine_batch *b, lnr_request *r, uint32_t n, uint32_t n_guesses) {
    lnr_step *s = &b->step;
    uint32_t first = r->kv.n_tokens;
    batch_part *part = &b->part[b->n_parts];
    *part = (batch_part){
        .request = r, .n_tokens = n + n_guesses, .first_row = s->n_out, .n_guesses = n_guesses};
    for (uint32_t i = 0; i < n + n_guesses; i++, s->n_tokens++) {
        b->token[s->n_tokens] = r->token[first + i];
        b->pos[s->n_tokens] = first + i;
        b->seq[s->n_tokens] = b->n_parts;
        bool scores = r->n_scored + part->n_scores == first + i && first + i < r->n_scores;
        part->n_scores += scores;
        if (scores || first + i + 1 >= r->n_tokens)
            b->out[s->n_out++] = s->n_tokens;
    }
    part->n_rows = s->n_out - part->first_row;
    b->block[b->n_parts++] = r->kv.block;
    b->n_guesses += n_guesses;
    if (r->started_ns == 0)
        r->started_ns = os_now_ns();
}

/* ---- answers
 * ------------------------------------------------------------------------------------- */

static bool is_answering(const lnr_request *r) {
    return r->n_tokens - r->kv.n_tokens == 1;
}

/* Blocks for r's next token; if there are none, the last ones give way. False: r itself did. */
static bool make_room(lnr_engine *e, lnr_request *r) {
    while (!kv_sequence_extend(&r->kv, &e->kv, r->kv.n_tokens + 1)) {
        bool itself = e->active[e->n_active - 1] == r;
        admission_preempt_last(e);
        if (itself)
            return false;
    }
    return true;
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* Tokens tried ahead of r's next, where places of the step, of its context and of its ring are
 * free. */
static uint32_t guess(lnr_engine *e, lnr_request *r, uint32_t n_most) {
    uint32_t n = least(n_most, r->n_tokens_max - r->n_tokens - 1);
    n = least(n, request_room(r) - 1);
    n = least(n, guess_wanted(&r->guess));
    if (n > 0)
        n = guess_tokens(r->token, r->n_tokens, n);
    return kv_sequence_extend(&r->kv, &e->kv, r->kv.n_tokens + 1 + n) ? n : 0;
}

static void add_answers(lnr_engine *e) {
    uint32_t n_free = e->n_guesses_max > 0 && guess_pays(&e->gain) ? e->n_guesses_max : 0;
    n_free = least(n_free, e->n_ubatch - e->n_active); /* the others' next tokens come first */
    /* In order, and who gives way is the last: never one that is in the batch already. */
    for (uint32_t i = 0; i < e->n_active; i++) {
        lnr_request *r = e->active[i];
        if (!is_answering(r) || request_room(r) == 0 || !make_room(e, r))
            continue;
        uint32_t n_guesses = n_free > 0 ? guess(e, r, n_free) : 0;
        n_free -= n_guesses;
        add_part(&e->batch, r, 1, n_guesses);
    }
}

/* ---- prompts
 * ------------------------------------------------------------------------------------- */

static bool wants_prompt(const lnr_request *r) {
    return !is_answering(r) && r->leader == 0 && request_room(r) > 0;
}

static uint32_t n_wanted(const lnr_request *r) {
    return r->n_tokens - r->kv.n_tokens - r->n_granted;
}

/* Shares n tokens among requests of equal priority; what is left over. */
static uint32_t share(lnr_request **group, uint32_t n_group, uint32_t n) {
    uint32_t each = n / n_group > COST_CHUNK_MIN ? n / n_group : COST_CHUNK_MIN;
    for (int round = 0; round < 2; round++, each = n) /* then the rest, to the older first */
        for (uint32_t i = 0; i < n_group; i++) {
            uint32_t granted = least(least(n_wanted(group[i]), each), n);
            group[i]->n_granted += granted;
            n -= granted;
        }
    return n;
}

static uint32_t gather_prompts(lnr_engine *e) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->n_active; i++) {
        e->active[i]->n_granted = 0;
        if (wants_prompt(e->active[i]))
            e->batch.prompt[n++] = e->active[i];
    }
    return n;
}

static void add_prompts(lnr_engine *e) {
    engine_batch *b = &e->batch;
    lnr_request **prompt = b->prompt;
    uint32_t n_prompts = gather_prompts(e), n = e->n_ubatch - b->step.n_tokens;
    if (b->n_parts > 0)
        n = cost_chunk(&e->cost, e->max_stall_ms, n);
    for (uint32_t first = 0, end; first < n_prompts; first = end) {
        end = first + 1;
        while (end < n_prompts && prompt[end]->options.priority == prompt[first]->options.priority)
            end++;
        n = share(prompt + first, end - first, n);
    }
    uint32_t n_rows = e->n_rows_max - e->n_active - b->n_guesses; /* beside one of each request */
    for (uint32_t i = 0; i < n_prompts; i++) {
        lnr_request *r = prompt[i];
        if (r->n_scored < r->n_scores) {
            r->n_granted = least(least(r->n_granted, n_rows + 1), request_room(r));
            n_rows -= r->n_granted ? r->n_granted - 1 : 0;
        }
        if (r->n_granted == 0 || !kv_sequence_extend(&r->kv, &e->kv, r->kv.n_tokens + r->n_granted))
            continue;
        add_part(b, r, r->n_granted, 0);
        b->n_prompt_tokens += r->n_granted;
    }
}

/* ---- the step
 * ------------------------------------------------------------------------------------ */

/* After a step that failed, its requests are tried one by one, to find whose fault it was. */
static bool add_alone(lnr_engine *e) {
    for (uint32_t i = 0; i < e->n_active; i++) {
        lnr_request *r = e->active[i];
        if (!r->alone || request_room(r) == 0)
            continue;
        uint32_t n =
            least(r->n_tokens - r->kv.n_tokens, r->n_scored < r->n_scores ? 1 : e->n_ubatch);
        if (!kv_sequence_extend(&r->kv, &e->kv, r->kv.n_tokens + n))
            continue;
        r->alone = false;
        r->leader = 0;
        add_part(&e->batch, r, n, 0);
        return true;
    }
    return false;
}

void scheduler_build(lnr_engine *e) {
    engine_batch *b = &e->batch;
    clear(b);
    if (!add_alone(e)) {
        for (uint32_t i = 0; i < e->n_active; i++)
            if (e->active[i]->leader)
                admission_follow(e, e->active[i]);
        add_answers(e);
        add_prompts(e);
    }
    if (b->step.n_tokens > 0)
        model_rope_angles(e->model, e->n_ctx, b->pos, b->step.n_tokens, b->rope_cos, b->rope_sin);
}
