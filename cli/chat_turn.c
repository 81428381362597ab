/* One question and its answer; see chat.h. The model is given the whole conversation each time. */
#include "app/interrupt.h"
#include "cli/chat.h"
#include "cli/cli.h"
#include "cli/context.h"
#include "cli/run_answer.h"
#include "cli/run_prompt.h"

#include <inttypes.h>

/* Of the context, left for the answer when old turns are dropped: a quarter, or less if the answer
 * is limited to less. */
static size_t room_for_answer(const chat *c) {
    uint32_t quarter = c->model.engine_info.n_ctx / 4;
    return c->o.max_tokens && c->o.max_tokens < quarter ? c->o.max_tokens : quarter;
}

static lnr_status too_long(const chat *c, size_t n, lnr_error *err) {
    return context_overflow(n, c->model.engine_info.n_ctx, c->model.info.n_ctx_train,
                            c->o.context_shift
                                ? "this one message is too long"
                                : "/reset begins anew, '--context-shift' drops the oldest turns",
                            err);
}

/* Renders the conversation, without its oldest turns if it has become too long and that is
 * allowed. */
static lnr_status make_prompt(chat *c, run_prompt *p, lnr_error *err) {
    size_t n_turns = app_conversation_n_turns(&c->conversation), n_ctx = c->model.engine_info.n_ctx;
    size_t first = c->n_dropped, room = c->o.context_shift ? room_for_answer(c) : 1;
    for (;; c->n_dropped++) {
        LNR_TRY(run_prompt_render(&c->model, &c->conversation, c->n_dropped, p, err));
        bool last = !c->o.context_shift || c->n_dropped + 1 >= n_turns;
        if (p->n + room <= n_ctx || (last && p->n < n_ctx))
            break;
        size_t n = p->n;
        run_prompt_deinit(p);
        if (last)
            return too_long(c, n, err);
    }
    if (c->n_dropped > first)
        chat_note(c,
                  "context of %zu tokens full: from here on the model is given nothing of turns "
                  "%zu to %zu",
                  n_ctx, first + 1, c->n_dropped);
    return LNR_OK;
}

static lnr_status generate(chat *c, const run_prompt *p, run_answer *a, lnr_error *err) {
    lnr_event done;
    lnr_request_options request = {.struct_size = sizeof request,
                                   .tokens = p->ids,
                                   .n_tokens = p->n,
                                   .max_tokens = c->o.max_tokens,
                                   .sampler = c->o.sampler};
    sampling_options_apply(&c->o.sampling, &request);
    a->splits = true;
    a->prompt = (lnr_str){p->text.p, p->text.n};
    LNR_TRY(run_answer_begin(a, &c->model, &c->o.sampling, err));
    LNR_TRY(run_answer_generate(a, c->model.engine, &request, &done, err));
    c->stats = (chat_stats){.answered = true, .n_prompt = p->n, .done = done};
    return run_answer_end(a, err);
}

/* Models set their answers apart by blank lines that are no part of them. */
static lnr_str trimmed(const lnr_buf *b) {
    lnr_str s = {b->p, b->n};
    while (s.n > 0 && (s.p[0] == '\n' || s.p[0] == ' '))
        s = (lnr_str){s.p + 1, s.n - 1};
    while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == ' '))
        s.n--;
    return s;
}

static lnr_status keep_answer(chat *c, const run_answer *a, lnr_error *err) {
    /* A plain text goes on exactly where it ended. */
    bool exact = c->model.add_start;
    lnr_str text = exact ? (lnr_str){a->text.p, a->text.n} : trimmed(&a->text);
    lnr_str reasoning = trimmed(&a->reasoning);
    if (c->stats.done.finish == LNR_FINISH_CANCELLED && text.n == 0 && reasoning.n == 0) {
        chat_note(c, "[stopped before the answer began: the question is forgotten]");
        app_conversation_drop_last(&c->conversation);
        return LNR_OK;
    }
    return app_conversation_add(&c->conversation, APP_ROLE_ASSISTANT, text, reasoning, err);
}

static void tell_end(const chat *c) {
    const lnr_event *done = &c->stats.done;
    if (done->finish == LNR_FINISH_CANCELLED)
        chat_note(c, "[stopped]");
    else if (done->finish == LNR_FINISH_LENGTH)
        chat_note(c, "[%" PRIu32 " tokens, the limit of -n]", c->o.max_tokens);
    else if (done->finish == LNR_FINISH_CONTEXT)
        chat_note(c, "[the context of %" PRIu32 " tokens is full]", c->model.engine_info.n_ctx);
}

/* From the prompt to the kept answer. */
static lnr_status answer(chat *c, run_answer *a, lnr_error *err) {
    run_prompt p;
    LNR_TRY(make_prompt(c, &p, err));
    lnr_status st = generate(c, &p, a, err);
    run_prompt_deinit(&p);
    if (a->last && a->last != '\n')
        run_answer_write(a, lnr_str_from("\n"));
    LNR_TRY(st);
    tell_end(c);
    return keep_answer(c, a, err);
}

int chat_turn(chat *c, lnr_str text) {
    lnr_error err;
    run_answer a = {0};
    size_t n_dropped = c->n_dropped;
    if (app_conversation_add(&c->conversation, APP_ROLE_USER, text, (lnr_str){0}, &err)) {
        chat_tell_error(&err);
        return CLI_OK;
    }
    if (answer(c, &a, &err)) {
        chat_tell_error(&err);
        app_conversation_drop_last(&c->conversation);
        c->n_dropped = n_dropped;
    }
    int code = a.code;
    run_answer_deinit(&a);
    app_interrupt_clear();
    return code;
}
