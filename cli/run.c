/* `lanner run`: completes a text. Standard output carries the completion (or with --json one
 * object) and nothing else; what there is to tell about it goes to standard error. */
#include "cli/run.h"

#include "app/builtin.h"
#include "app/input.h"
#include "app/interrupt.h"
#include "app/progress.h"
#include "base/alloc.h"
#include "cli/cli.h"
#include "os/os.h"

#include <lanner/machine.h>
#include <lanner/tokenizer.h>

#include <stdio.h>

#define PATH_BYTES     4096
#define MAX_TOKENS     256
#define UBATCH_MAX     4096
#define OPTION(member) .offset = offsetof(run_options, member)

static const char *const isa_levels[] = {"scalar",     "avx2", "avxvnni", "avx512",
                                         "avx512vnni", "amx",  NULL};

static const app_option options[] = {
    {.name = "prompt",
     .letter = 'p',
     .kind = APP_STRING,
     OPTION(prompt),
     .value = "TEXT",
     .help = "the text to go on from"},
    {.name = "file",
     .letter = 'f',
     .kind = APP_STRING,
     OPTION(file),
     .value = "FILE",
     .help =
         "read the text from FILE, exactly as it is, its last newline included; '-' is standard "
         "input, also the default when that is no terminal"},
    {.name = "max-tokens",
     .letter = 'n',
     .kind = APP_U32,
     OPTION(max_tokens),
     .value = "N",
     .max = UINT32_MAX,
     .help = "generate at most N tokens; 0: until the context is full"},
    SAMPLING_OPTIONS(run_options, sampler,
                     sampling){.name = "ctx",
                               .kind = APP_U32,
                               OPTION(n_ctx),
                               .value = "N",
                               .min = 2,
                               .max = UINT32_MAX,
                               .range = "2 to what the model was trained with",
                               .shown_default = "that, at most 4096",
                               .help = "tokens that prompt and completion may take together"},
    CLI_THREADS_OPTION(OPTION(n_threads)),
    {.name = "ubatch",
     .kind = APP_U32,
     OPTION(n_ubatch),
     .value = "N",
     .min = 1,
     .max = UBATCH_MAX,
     .shown_default = "128",
     .help = "prompt tokens computed at once; the result does not depend on it"},
    {.name = "isa",
     .kind = APP_CHOICE,
     OPTION(isa),
     .value = "LEVEL",
     .choices = isa_levels,
     .shown_default = "the highest of this machine",
     .help = "highest instruction set to use; the result does not depend on it"},
    {.name = "raw",
     .kind = APP_FLAG,
     OPTION(raw),
     .help = "complete the text as it stands; there is no other mode yet, chat comes later"},
    {.name = "echo", .kind = APP_FLAG, OPTION(echo), .help = "print the prompt too, first"},
    {.name = "special",
     .kind = APP_SWITCH,
     OPTION(special),
     .help = "add no start token, and take control tokens written in the prompt as plain text"},
    {.name = "logits-hash",
     .kind = APP_FLAG,
     OPTION(logits_hash),
     .help = "tell a hash of all logits drawn from: equal hashes, equal computation"},
    {.name = "json",
     .kind = APP_FLAG,
     OPTION(json),
     .help = "print one JSON object with text, tokens, timings and what really ran"},
};

static const app_command table = {
    .name = "run",
    .arguments = "[MODEL]",
    .n_arguments_max = 1,
    .summary = "complete a text with a model",
    .details =
        "Completes a text with MODEL, a GGUF file, or with the small built-in model. The "
        "completion "
        "goes to standard output, timings to standard error. Control tokens written in the prompt, "
        "such as <|im_start|>, are taken as such unless --no-special is given. Ctrl-C ends the "
        "completion, a second one the program.\n",
    .option = options,
    .n_options = sizeof options / sizeof options[0],
};

/* One run's belongings, released together. */
typedef struct run_state {
    const run_options *o;
    app_progress progress;
    lnr_model *model;
    lnr_engine *engine;
    lnr_request *request;
    lnr_detokenizer *detokenizer;
    lnr_stop *stop;
    int32_t *prompt_ids;
    bool reader_stuck; /* Ctrl-C came while a write hung: no more is written */
    lnr_buf prompt;
    run_result result;
    char builtin_path[PATH_BYTES];
} run_state;

static bool on_load_progress(uint64_t done, uint64_t total, void *user) {
    app_progress_update(user, done, total, os_now_ns());
    return !app_interrupted();
}

static lnr_status load_model(run_state *s, const char *path, lnr_error *err) {
    lnr_model_options opts = {.struct_size = sizeof opts,
                              .n_threads = s->o->n_threads,
                              .on_progress = on_load_progress,
                              .user = &s->progress};
    if (s->o->isa)
        LNR_TRY(lnr_isa_limit(s->o->isa, err));
    if (path == NULL) {
        LNR_TRY(app_builtin_model(s->builtin_path, sizeof s->builtin_path, err));
        path = s->builtin_path;
    }
    uint64_t start_ns = os_now_ns();
    app_progress_init(&s->progress, "loading", app_progress_stream(), app_color_wanted(), start_ns);
    lnr_status st = lnr_model_load(path, &opts, &s->model, err);
    app_progress_end(&s->progress);
    if (st)
        return st;
    s->result.load_ns = os_now_ns() - start_ns;
    s->result.model_path = path;
    lnr_model_get_info(s->model, &s->result.model);
    return LNR_OK;
}

static lnr_status read_prompt(run_state *s, lnr_error *err) {
    const run_options *o = s->o;
    if (o->prompt && o->file)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "options '--prompt' and '--file' exclude each other: give one");
    if (o->prompt) {
        buf_add_str(&s->prompt, o->prompt);
        return buf_failed(&s->prompt) ? LNR_FAIL(err, LNR_E_NOMEM, "no memory for the prompt")
                                      : LNR_OK;
    }
    if (o->file == NULL && os_is_terminal(0))
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "no prompt: give -p TEXT, -f FILE, or a text on standard input");
    return app_input_read(o->file ? o->file : "-", &s->prompt, err);
}

static lnr_status tokenize_prompt(run_state *s, lnr_error *err) {
    unsigned flags = s->o->special ? LNR_TOKENIZE_ADD_SPECIAL | LNR_TOKENIZE_PARSE_SPECIAL : 0;
    const char *text = s->prompt.n ? s->prompt.p : "";
    const lnr_tokenizer *t = lnr_model_tokenizer(s->model);
    LNR_TRY(
        lnr_tokenize(t, text, s->prompt.n, flags, &s->prompt_ids, &s->result.n_prompt_tokens, err));
    if (s->result.n_prompt_tokens == 0)
        return LNR_FAIL(
            err, LNR_E_ARGUMENT,
            "the prompt is empty and no start token is added to it: there is nothing to "
            "go on from");
    s->detokenizer = lnr_detokenizer_create(t, false, s->prompt.n == 0);
    return s->detokenizer ? LNR_OK : LNR_FAIL(err, LNR_E_NOMEM, "no memory for the completion");
}

static lnr_status start(run_state *s, lnr_error *err) {
    const run_options *o = s->o;
    lnr_engine_options engine = {.struct_size = sizeof engine,
                                 .n_ctx = o->n_ctx,
                                 .n_ubatch = o->n_ubatch,
                                 .n_threads = o->n_threads};
    lnr_request_options request = {.struct_size = sizeof request,
                                   .tokens = s->prompt_ids,
                                   .n_tokens = s->result.n_prompt_tokens,
                                   .max_tokens = o->max_tokens,
                                   .hash_logits = o->logits_hash,
                                   .sampler = o->sampler};
    sampling_options_apply(&o->sampling, &request);
    LNR_TRY(lnr_stop_create(o->sampling.stop.item, o->sampling.stop.n, &s->stop, err));
    LNR_TRY(lnr_engine_create(s->model, &engine, &s->engine, err));
    lnr_engine_get_info(s->engine, &s->result.engine);
    s->result.panels = lnr_alloc_array(s->result.engine.n_threads, sizeof(uint64_t));
    if (s->result.panels == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the figures of the run");
    return lnr_engine_submit(s->engine, &request, &s->request, err);
}

/* Hands out a piece of the completion: to the terminal at once, for --json at the end. */
static int give(run_state *s, const char *text, size_t n) {
    if (s->o->json) {
        buf_add(&s->result.text, text, n);
        return CLI_OK;
    }
    int code = n > 0 && !s->reader_stuck ? cli_write(text, n) : CLI_OK;
    s->reader_stuck |= code == CLI_INTERRUPTED;
    return code == CLI_INTERRUPTED ? CLI_OK : code; /* the request is cancelled in its turn */
}

/* Hands out what cannot be part of a stop string; `last`: nothing follows. */
static int give_unless_stop(run_state *s, const char *text, size_t n, bool last) {
    const char *safe;
    size_t n_safe;
    int idx, code = CLI_OK;
    lnr_error err;
    if (lnr_stop_add(s->stop, text, n, &safe, &n_safe, &idx)) {
        LNR_FAIL(&err, LNR_E_NOMEM, "no memory for the completion");
        return cli_fail(&err);
    }
    code = give(s, safe, n_safe);
    if (code == CLI_OK && last) {
        lnr_stop_end(s->stop, &safe, &n_safe);
        code = give(s, safe, n_safe);
    }
    return code;
}

static int take_event(run_state *s, const lnr_event *event) {
    const char *text;
    size_t n;
    lnr_status st;
    bool last = event->kind == LNR_EVENT_DONE;
    if (last) {
        s->result.done = *event;
        st = lnr_detokenizer_end(s->detokenizer, &text, &n);
    } else {
        if (s->o->json)
            buf_add(&s->result.tokens, &event->token, sizeof event->token);
        if (s->o->json && s->o->sampling.logprobs)
            buf_add(&s->result.logprobs, event, sizeof *event);
        st = lnr_detokenizer_add(s->detokenizer, event->token, &text, &n);
    }
    if (st == LNR_OK)
        return give_unless_stop(s, text, n, last);
    lnr_error err;
    LNR_FAIL(&err, st, "no memory for the completion");
    return cli_fail(&err);
}

/* Steps until the request is done. */
static int generate(run_state *s) {
    lnr_error err;
    bool done = false, asked = false, active = true;
    while (!done) {
        bool progress = false;
        lnr_event event;
        if (lnr_engine_step(s->engine, &active, &err))
            return cli_fail(&err);
        while (!done && lnr_request_next(s->request, &event)) {
            int code = take_event(s, &event);
            if (code)
                return code;
            progress = true;
            done = event.kind == LNR_EVENT_DONE;
        }
        if (!asked && app_interrupted()) {
            lnr_request_cancel(s->request);
            asked = progress = true;
        }
        if (!active && !progress) {
            LNR_FAIL(&err, LNR_E_BUSY, "the engine stopped without a result");
            return cli_fail(&err);
        }
    }
    if (s->result.done.finish != LNR_FINISH_ERROR)
        return CLI_OK;
    return cli_fail(&s->result.done.error);
}

/* The report, and the exit code of a run that came to its end. */
static int report(run_state *s) {
    lnr_buf out;
    int code = CLI_OK;
    buf_init(&out);
    lnr_engine_worker_panels(s->engine, s->result.panels, s->result.engine.n_threads);
    if (s->o->json) {
        run_report_json(s->o, &s->result, &out);
        out.failed |= buf_failed(&s->result.text) || buf_failed(&s->result.tokens) ||
                      buf_failed(&s->result.logprobs);
        code = cli_write_buf(&out);
    } else {
        if (os_is_terminal(1))
            code = give(s, "\n", 1);
        run_report_text(s->o, &s->result, &out);
        fwrite(out.p, 1, out.n, stderr);
    }
    buf_deinit(&out);
    /* A text that could not all be written is not complete, even if the model was just done. */
    if (code == CLI_OK && (s->reader_stuck || s->result.done.finish == LNR_FINISH_CANCELLED))
        code = CLI_INTERRUPTED;
    return code;
}

static int run(run_state *s, const char *path) {
    lnr_error err;
    int code;
    if (read_prompt(s, &err))
        return cli_fail(&err);
    app_interrupt_install();
    if (load_model(s, path, &err) || tokenize_prompt(s, &err) || start(s, &err))
        return cli_fail(&err);
    if (s->o->echo && (code = give(s, s->prompt.p, s->prompt.n)) != CLI_OK)
        return code;
    code = generate(s);
    return code ? code : report(s);
}

static void release(run_state *s) {
    lnr_request_release(s->request);
    lnr_engine_destroy(s->engine);
    lnr_detokenizer_destroy(s->detokenizer);
    lnr_stop_destroy(s->stop);
    lnr_tokens_free(s->prompt_ids);
    lnr_model_unref(s->model);
    lnr_free(s->result.panels);
    buf_deinit(&s->result.tokens);
    buf_deinit(&s->result.logprobs);
    buf_deinit(&s->result.text);
    buf_deinit(&s->prompt);
}

static int run_main(int n_words, char **words) {
    run_options o = {.max_tokens = MAX_TOKENS, .special = true};
    lnr_sampler_defaults(&o.sampler);
    app_parsed parsed;
    int code;
    if (!cli_parse(&table, n_words, words, &o, &parsed, &code))
        return code;
    /* 53 bits: a number every JSON reader keeps. */
    if (!app_options_given(&table, &parsed, "seed"))
        o.sampler.seed = os_random() >> 11;
    lnr_error err;
    if (sampling_options_finish(&o.sampling, &o.sampler, &err))
        return cli_fail(&err);
    if (o.sampling.logprobs && !o.json) {
        LNR_FAIL(&err, LNR_E_ARGUMENT, "option '--logprobs' needs '--json'");
        return cli_fail(&err);
    }
    run_state *s = lnr_new(run_state);
    if (s == NULL) {
        LNR_FAIL(&err, LNR_E_NOMEM, "no memory to start");
        return cli_fail(&err);
    }
    s->o = &o;
    code = run(s, parsed.n_arguments > 0 ? parsed.argument[0] : NULL);
    release(s);
    lnr_free(s);
    return code;
}

const cli_command cli_run = {&table, run_main};
