/* Answers; see run_answer.h. */
#include "cli/run_answer.h"

#include "app/interrupt.h"
#include "app/terminal.h"
#include "cli/cli.h"
#include "os/os.h"

static void write_out(run_answer *a, const char *p, size_t n) {
    if (a->silent || a->reader_stuck || a->code || n == 0)
        return;
    int code = cli_write(p, n);
    a->reader_stuck |= code == CLI_INTERRUPTED;
    a->code = code == CLI_INTERRUPTED ? CLI_OK : code; /* Ctrl-C cancels the request in its turn */
    a->last = p[n - 1];
}

static void show(run_answer *a, lnr_str text, bool dim) {
    if (!a->on_terminal) {
        write_out(a, text.p, text.n);
        return;
    }
    buf_clear(&a->shown);
    if (dim && a->has_color)
        buf_add_str(&a->shown, APP_DIM);
    app_add_visible(&a->shown, text);
    if (dim && a->has_color)
        buf_add_str(&a->shown, APP_NORMAL);
    write_out(a, a->shown.p, buf_failed(&a->shown) ? 0 : a->shown.n);
    if (text.n > 0)
        a->last = text.p[text.n - 1];
}

void run_answer_write(run_answer *a, lnr_str text) {
    show(a, text, false);
}

static void on_part(app_part part, const char *p, size_t n, void *user) {
    run_answer *a = user;
    if (part != APP_PART_MARK)
        buf_add(part == APP_PART_ANSWER ? &a->text : &a->reasoning, p, n);
    show(a, (lnr_str){p, n}, part != APP_PART_ANSWER);
}

lnr_status run_answer_begin(run_answer *a, const run_model *m, const sampling_options *o,
                            lnr_error *err) {
    a->tokenizer = lnr_model_tokenizer(m->model);
    a->on_terminal = os_is_terminal(1);
    a->has_color = app_terminal_has_color(1);
    a->detokenizer = lnr_detokenizer_create(a->tokenizer, false, a->at_start);
    if (a->splits)
        app_reasoning_init(&a->splitter, a->prompt, on_part, a);
    a->wants_logprobs = o->logprobs != NULL;
    if (a->detokenizer == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the answer");
    return lnr_stop_create(o->stop.item, o->stop.n, &a->stop, err);
}

void run_answer_deinit(run_answer *a) {
    lnr_detokenizer_destroy(a->detokenizer);
    lnr_stop_destroy(a->stop);
    app_reasoning_deinit(&a->splitter);
    buf_deinit(&a->text);
    buf_deinit(&a->reasoning);
    buf_deinit(&a->tokens);
    buf_deinit(&a->logprobs);
    buf_deinit(&a->shown);
    *a = (run_answer){0};
}

static void take_safe(run_answer *a, lnr_str text) {
    if (a->splits)
        app_reasoning_add(&a->splitter, text);
    else
        on_part(APP_PART_ANSWER, text.p, text.n, a);
}

/* Passes on what cannot be part of a stop string. */
static void take_text(run_answer *a, lnr_str text) {
    const char *safe;
    size_t n_safe;
    int idx;
    if (lnr_stop_add(a->stop, text.p, text.n, &safe, &n_safe, &idx))
        a->text.failed = true;
    else
        take_safe(a, (lnr_str){safe, n_safe});
}

static lnr_status check_memory(const run_answer *a, lnr_error *err) {
    bool failed = buf_failed(&a->text) || buf_failed(&a->reasoning) || buf_failed(&a->tokens) ||
                  buf_failed(&a->logprobs) || buf_failed(&a->shown) ||
                  app_reasoning_failed(&a->splitter);
    return failed ? LNR_FAIL(err, LNR_E_NOMEM, "no memory for the answer") : LNR_OK;
}

static lnr_status take_token(run_answer *a, const lnr_event *event, lnr_error *err) {
    const char *text;
    size_t n, n_stored;
    int32_t id = event->token;
    buf_add(&a->tokens, &id, sizeof id);
    if (a->wants_logprobs)
        buf_add(&a->logprobs, event, sizeof *event);
    if (lnr_detokenizer_add(a->detokenizer, id, &text, &n))
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the answer");
    const char *stored = lnr_tokenizer_token_text(a->tokenizer, id, &n_stored);
    if (n == 0 && a->splits && app_reasoning_wants((lnr_str){stored, n_stored}))
        take_text(a, (lnr_str){stored, n_stored});
    else
        take_text(a, (lnr_str){text, n});
    return check_memory(a, err);
}

lnr_status run_answer_end(run_answer *a, lnr_error *err) {
    const char *text;
    size_t n;
    if (lnr_detokenizer_end(a->detokenizer, &text, &n))
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the answer");
    take_text(a, (lnr_str){text, n});
    lnr_stop_end(a->stop, &text, &n);
    take_safe(a, (lnr_str){text, n});
    if (a->splits)
        app_reasoning_end(&a->splitter);
    return check_memory(a, err);
}

/* Steps until the request is done. */
static lnr_status follow(run_answer *a, lnr_engine *e, lnr_request *r, lnr_event *done,
                         lnr_error *err) {
    bool asked = false, active = true;
    for (;;) {
        bool progress = false;
        LNR_TRY(lnr_engine_step(e, &active, err));
        while (lnr_request_next(r, done)) {
            if (done->kind == LNR_EVENT_DONE)
                return LNR_OK;
            LNR_TRY(take_token(a, done, err));
            progress = true;
        }
        if (!asked && (app_interrupted() || a->code)) {
            lnr_request_cancel(r);
            asked = progress = true;
        }
        if (!active && !progress)
            return LNR_FAIL(err, LNR_E_BUSY, "the engine stopped without a result");
    }
}

lnr_status run_answer_generate(run_answer *a, lnr_engine *e, const lnr_request_options *o,
                               lnr_event *done, lnr_error *err) {
    lnr_request *r;
    LNR_TRY(lnr_engine_submit(e, o, &r, err));
    lnr_status st = follow(a, e, r, done, err);
    lnr_request_release(r);
    if (st == LNR_OK && done->finish == LNR_FINISH_ERROR) {
        if (err)
            *err = done->error;
        return done->error.code;
    }
    return st;
}
