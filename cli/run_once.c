/* One prompt, one completion. Standard output carries the completion (or with --json one object)
 * and nothing else; what there is to tell about it goes to standard error. */
#include "app/input.h"
#include "app/interrupt.h"
#include "base/alloc.h"
#include "cli/cli.h"
#include "cli/context.h"
#include "cli/run_answer.h"
#include "cli/run_prompt.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdio.h>

/* One run's belongings, released together. */
typedef struct once {
    const run_options *o;
    run_model model;
    lnr_buf input; /* what the user gave */
    app_conversation conversation;
    run_prompt prompt;
    context_tokens tokens; /* the prompt's and what was generated since */
    run_answer answer;
    run_result result;
} once;

static lnr_status read_input(once *s, lnr_error *err) {
    const run_options *o = s->o;
    if (o->prompt == NULL)
        return app_input_read(o->file ? o->file : "-", &s->input, err);
    buf_add_str(&s->input, o->prompt);
    return buf_failed(&s->input) ? LNR_FAIL(err, LNR_E_NOMEM, "no memory for the prompt") : LNR_OK;
}

/* The prompt by the model's chat template: a system message, if one is given, and the input. */
static lnr_status render_prompt(once *s, lnr_error *err) {
    const run_options *o = s->o;
    app_conversation *c = &s->conversation;
    if (!o->special)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "option '--no-special' needs '--raw': a chat template's control tokens "
                        "have to be such");
    if (o->system)
        LNR_TRY(app_conversation_set_system(c, lnr_str_from(o->system), err));
    lnr_str input = {s->input.n ? s->input.p : "", s->input.n};
    LNR_TRY(app_conversation_add(c, APP_ROLE_USER, input, (lnr_str){0}, err));
    return run_prompt_render(&s->model, c, 0, &s->prompt, err);
}

static lnr_status tokenize_raw(once *s, lnr_error *err) {
    unsigned flags = s->o->special ? LNR_TOKENIZE_ADD_SPECIAL | LNR_TOKENIZE_PARSE_SPECIAL : 0;
    run_prompt *p = &s->prompt;
    buf_add(&p->text, s->input.p, s->input.n);
    if (buf_failed(&p->text))
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the prompt");
    LNR_TRY(lnr_tokenize(lnr_model_tokenizer(s->model.model), p->text.n ? p->text.p : "", p->text.n,
                         flags, &p->ids, &p->n, err));
    if (p->n == 0)
        return LNR_FAIL(
            err, LNR_E_ARGUMENT,
            "the prompt is empty and no start token is added to it: there is nothing to "
            "go on from");
    return LNR_OK;
}

static lnr_status make_prompt(once *s, lnr_error *err) {
    if (s->model.chat == NULL && s->o->system)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "the model has no chat template, which option '--system' needs; "
                        "'--chat-template chatml' or a file gives it one");
    LNR_TRY(s->model.chat ? render_prompt(s, err) : tokenize_raw(s, err));
    s->result.n_prompt_tokens = s->prompt.n;
    return context_tokens_add(&s->tokens, s->prompt.ids, s->prompt.n, err);
}

static lnr_status set_up(once *s, const char *path, lnr_error *err) {
    LNR_TRY(read_input(s, err));
    app_interrupt_install();
    LNR_TRY(run_model_open(s->o, path, !s->o->raw, &s->model, err));
    run_result *r = &s->result;
    r->model_path = s->model.path;
    r->model = s->model.info;
    r->engine = s->model.engine_info;
    r->load_ns = s->model.load_ns;
    r->panels = lnr_alloc_array(r->engine.n_threads, sizeof(uint64_t));
    if (r->panels == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the figures of the run");
    LNR_TRY(make_prompt(s, err));
    s->answer.silent = s->o->json;
    s->answer.splits = s->model.chat && !s->o->json && os_is_terminal(1);
    s->answer.prompt = (lnr_str){s->prompt.text.p, s->prompt.text.n};
    s->answer.at_start = s->input.n == 0;
    return run_answer_begin(&s->answer, &s->model, &s->o->sampling, err);
}

/* The tokens that a shift of the context leaves at the front. */
static size_t n_kept(const once *s) {
    if (s->o->keep_given)
        return s->o->keep;
    size_t system = run_prompt_system_tokens(&s->model, &s->conversation, &s->prompt);
    bool starts = s->prompt.ids[0] == lnr_tokenizer_bos(lnr_model_tokenizer(s->model.model));
    return system > 0 ? system : starts;
}

/* Makes the tokens fit, if that is allowed, and says what was dropped. */
static lnr_status fit(once *s, lnr_error *err) {
    uint32_t n_ctx = s->model.engine_info.n_ctx;
    if (s->tokens.n < n_ctx)
        return LNR_OK;
    if (!s->o->context_shift)
        return context_overflow(s->tokens.n, n_ctx, s->model.info.n_ctx_train,
                                "'--context-shift' drops the oldest tokens", err);
    lnr_buf said;
    buf_init(&said);
    lnr_status st = context_tokens_shift(&s->tokens, n_kept(s), n_ctx, &said, err);
    if (st == LNR_OK && !buf_failed(&said))
        fprintf(stderr, "%slanner: %.*s\n",
                s->answer.last && os_is_terminal(1) && os_is_terminal(2) ? "\n" : "", (int)said.n,
                said.p);
    buf_deinit(&said);
    return st;
}

/* Adds a further request's figures; recomputing what a shift left counts as generation. */
static void add_event(lnr_event *sum, const lnr_event *more, bool first) {
    lnr_event before = *sum;
    *sum = *more;
    if (first)
        return;
    sum->n_prompt = before.n_prompt;
    sum->n_reused = before.n_reused;
    sum->queue_ns = before.queue_ns;
    sum->prompt_ns = before.prompt_ns;
    sum->n_generated += before.n_generated;
    sum->generation_ns += before.generation_ns + more->queue_ns + more->prompt_ns;
}

static lnr_status complete(once *s, lnr_error *err) {
    const run_options *o = s->o;
    lnr_event *sum = &s->result.done;
    for (bool first = true;; first = false) {
        LNR_TRY(fit(s, err));
        lnr_event done;
        lnr_request_options request = {.struct_size = sizeof request,
                                       .tokens = s->tokens.ids,
                                       .n_tokens = s->tokens.n,
                                       .max_tokens =
                                           o->max_tokens ? o->max_tokens - sum->n_generated : 0,
                                       .hash_logits = o->logits_hash,
                                       .sampler = o->sampler};
        size_t n_before = s->answer.tokens.n;
        sampling_options_apply(&o->sampling, &request);
        request.min_tokens -=
            request.min_tokens < sum->n_generated ? request.min_tokens : sum->n_generated;
        LNR_TRY(run_answer_generate(&s->answer, s->model.engine, &request, &done, err));
        add_event(sum, &done, first);
        bool full = done.finish == LNR_FINISH_CONTEXT && o->context_shift;
        if (!full || (o->max_tokens && sum->n_generated >= o->max_tokens))
            return run_answer_end(&s->answer, err);
        const int32_t *made = (const void *)(s->answer.tokens.p + n_before);
        LNR_TRY(context_tokens_add(&s->tokens, made, (s->answer.tokens.n - n_before) / sizeof *made,
                                   err));
    }
}

/* The report, and the exit code of a run that came to its end. */
static int report(once *s) {
    lnr_buf out;
    run_result *r = &s->result;
    int code = CLI_OK;
    buf_init(&out);
    lnr_engine_worker_panels(s->model.engine, r->panels, r->engine.n_threads);
    r->text = s->answer.text; /* lent */
    r->tokens = s->answer.tokens;
    r->logprobs = s->answer.logprobs;
    if (s->o->json) {
        run_report_json(s->o, r, &out);
        code = cli_write_buf(&out);
    } else {
        if (os_is_terminal(1))
            run_answer_write(&s->answer, lnr_str_from("\n"));
        run_report_text(s->o, r, &out);
        fwrite(out.p, 1, out.n, stderr);
    }
    buf_deinit(&out);
    /* A text that could not all be written is not complete, even if the model was just done. */
    if (code == CLI_OK && (s->answer.reader_stuck || r->done.finish == LNR_FINISH_CANCELLED))
        code = CLI_INTERRUPTED;
    return s->answer.code ? s->answer.code : code;
}

static void echo(once *s) {
    if (s->o->json)
        buf_add(&s->answer.text, s->prompt.text.p, s->prompt.text.n);
    else
        run_answer_write(&s->answer, (lnr_str){s->prompt.text.p, s->prompt.text.n});
}

static int run(once *s, const char *path) {
    lnr_error err;
    if (set_up(s, path, &err))
        return cli_fail(&err);
    if (s->o->echo)
        echo(s);
    if (complete(s, &err))
        return cli_fail(&err);
    return s->answer.code ? s->answer.code : report(s);
}

static void release(once *s) {
    run_answer_deinit(&s->answer);
    context_tokens_deinit(&s->tokens);
    run_prompt_deinit(&s->prompt);
    app_conversation_deinit(&s->conversation);
    run_model_close(&s->model);
    lnr_free(s->result.panels);
    buf_deinit(&s->input);
}

int run_once(const run_options *o, const char *path) {
    once *s = lnr_new(once);
    if (s == NULL) {
        lnr_error err;
        LNR_FAIL(&err, LNR_E_NOMEM, "no memory to start");
        return cli_fail(&err);
    }
    s->o = o;
    int code = run(s, path);
    release(s);
    lnr_free(s);
    return code;
}
