/* Lines with a slash; see chat.h. */
#include "app/format.h"
#include "app/saved_chat.h"
#include "app/slash.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "cli/chat.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdio.h>

enum { HELP, RESET, SYSTEM, MODEL, SAVE, LOAD, STATS, QUIT, EXIT, N_COMMANDS };

static const app_slash commands[N_COMMANDS] = {
    [HELP] = {"/help", APP_SLASH_NONE, "", "this list"},
    [RESET] = {"/reset", APP_SLASH_NONE, "", "forget the conversation, keep the system message"},
    [SYSTEM] = {"/system", APP_SLASH_MAY, "[TEXT]",
                "show the system message, or set it; \"\" takes it away"},
    [MODEL] = {"/model", APP_SLASH_MUST, "FILE", "go on with another model"},
    [SAVE] = {"/save", APP_SLASH_MUST, "FILE", "write the conversation to FILE, as JSON"},
    [LOAD] = {"/load", APP_SLASH_MUST, "FILE", "go on with a conversation that was saved"},
    [STATS] = {"/stats", APP_SLASH_NONE, "", "speed, context and memory"},
    [QUIT] = {"/quit", APP_SLASH_NONE, "", "leave, as Ctrl-D does"},
    [EXIT] = {"/exit", APP_SLASH_NONE, "", "leave"},
};

static void tell(lnr_buf *text) {
    if (!buf_failed(text))
        fwrite(text->p, 1, text->n, stderr);
}

static void help(void) {
    lnr_buf out;
    buf_init(&out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        buf_printf(&out, "  %-8s%-7s %s\n", commands[i].name, commands[i].argument_name,
                   commands[i].help);
    buf_add_str(&out, "A backslash at a line's end goes on with the next line; a line \"\"\" opens "
                      "and closes a\nblock of lines. Ctrl-C stops an answer.\n");
    tell(&out);
    buf_deinit(&out);
}

static void reset(chat *c) {
    app_conversation_reset(&c->conversation);
    c->n_dropped = 0;
    c->stats = (chat_stats){0};
    chat_note(c, "The conversation begins anew.");
}

static lnr_status set_system(chat *c, lnr_str text, lnr_error *err) {
    if (text.n == 0 && !app_conversation_has_system(&c->conversation)) {
        chat_note(c, "no system message");
    } else if (text.n == 0) {
        lnr_buf out;
        buf_init(&out);
        app_add_visible(&out, c->conversation.message[0].content);
        buf_add_char(&out, '\n');
        tell(&out);
        buf_deinit(&out);
    } else {
        bool empty = lnr_str_is(text, "\"\"");
        LNR_TRY(app_conversation_set_system(&c->conversation, empty ? (lnr_str){0} : text, err));
        chat_note(c, empty ? "no system message from here on" : "system message set");
    }
    return LNR_OK;
}

static lnr_status change_model(chat *c, const char *path, lnr_error *err) {
    run_model next;
    LNR_TRY(run_model_open(&c->o, path, true, &next, err));
    lnr_status st = chat_prepare_model(c, &next, err);
    if (st) {
        run_model_close(&next);
        return st;
    }
    run_model_close(&c->model);
    c->model = next;
    c->n_dropped = 0;
    c->stats = (chat_stats){0};
    chat_note(c, "going on with %s (%s, context %" PRIu32 ")", run_model_name(&c->model),
              c->model.info.architecture, c->model.engine_info.n_ctx);
    return LNR_OK;
}

static lnr_status save(chat *c, const char *path, lnr_error *err) {
    LNR_TRY(app_chat_save(path, &c->conversation, c->model.path, &c->o.sampler, err));
    chat_note(c, "saved %zu messages to %s", c->conversation.n, path);
    return LNR_OK;
}

static lnr_status load(chat *c, const char *path, lnr_error *err) {
    app_saved_chat saved;
    LNR_TRY(app_chat_load(path, &c->o.sampler, &saved, err));
    app_conversation previous = c->conversation;
    c->conversation = saved.conversation;
    saved.conversation = previous;
    c->n_dropped = 0;
    c->stats = (chat_stats){0};
    chat_note(c, "loaded %zu messages%s", c->conversation.n,
              saved.has_sampling ? ", and how they were sampled" : "");
    if (saved.has_sampling)
        c->o.sampler = saved.sampling;
    if (saved.model && strcmp(saved.model, c->model.path) != 0)
        chat_note(c, "they were held with %s; '/model' changes to it", saved.model);
    app_saved_chat_deinit(&saved);
    return LNR_OK;
}

static void add_rate(lnr_buf *out, uint64_t n, uint64_t ns) {
    if (n > 0 && ns > 0)
        buf_printf(out, ", %.1f tokens/s", (double)n * 1e9 / (double)ns);
    buf_add_char(out, '\n');
}

static void add_memory(lnr_buf *out, const chat *c) {
    buf_add_str(out, "memory      ");
    app_add_size(out, c->model.info.weight_bytes);
    buf_add_str(out, " weights, ");
    app_add_size(out, c->model.engine_info.kv_bytes);
    buf_add_str(out, " context, ");
    app_add_size(out, os_memory_resident());
    buf_add_str(out, " in all\n");
}

static void stats(const chat *c) {
    const lnr_event *done = &c->stats.done;
    uint64_t n_steps = done->n_generated > 0 ? done->n_generated - 1 : 0;
    lnr_buf out;
    buf_init(&out);
    if (c->stats.answered) {
        uint32_t n_computed = done->n_prompt - done->n_reused;
        buf_printf(&out, "prompt      %" PRIu32 " tokens, %" PRIu32 " of them reused",
                   done->n_prompt, done->n_reused);
        add_rate(&out, n_computed, done->prompt_ns);
        buf_printf(&out, "generation  %" PRIu32 " tokens", done->n_generated);
        add_rate(&out, n_steps, done->generation_ns);
    } else {
        buf_add_str(&out, "no answer yet\n");
    }
    buf_printf(&out, "context     %zu of %" PRIu32 " tokens, %zu turns\n",
               c->stats.n_prompt + done->n_generated, c->model.engine_info.n_ctx,
               app_conversation_n_turns(&c->conversation) - c->n_dropped);
    add_memory(&out, c);
    buf_printf(&out, "loaded in   %.1f ms\n", (double)c->model.load_ns / 1e6);
    tell(&out);
    buf_deinit(&out);
}

/* Commands whose value is a file. */
static lnr_status with_path(chat *c, size_t which, lnr_str argument, lnr_error *err) {
    char *path = lnr_strdup_n(argument.p, argument.n);
    if (path == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a path");
    lnr_status st = which == MODEL  ? change_model(c, path, err)
                    : which == SAVE ? save(c, path, err)
                                    : load(c, path, err);
    lnr_free(path);
    return st;
}

static lnr_status do_command(chat *c, lnr_str line, lnr_error *err) {
    size_t which;
    lnr_str argument;
    LNR_TRY(app_slash_parse(commands, N_COMMANDS, line, &which, &argument, err));
    if (which == HELP)
        help();
    else if (which == RESET)
        reset(c);
    else if (which == SYSTEM)
        return set_system(c, argument, err);
    else if (which == STATS)
        stats(c);
    else if (which == QUIT || which == EXIT)
        c->leave = true;
    else
        return with_path(c, which, argument, err);
    return LNR_OK;
}

void chat_command(chat *c, lnr_str line) {
    lnr_error err;
    if (do_command(c, line, &err))
        chat_tell_error(&err);
}
