/* The loop of a conversation; see chat.h. */
#include "cli/chat.h"

#include "app/history.h"
#include "app/interrupt.h"
#include "app/line_input.h"
#include "app/multiline.h"
#include "app/state.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "cli/cli.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* What the loop itself needs. */
typedef struct typing {
    app_line_input *input;
    app_multiline message;
    lnr_buf line, history_path;
    const char *history; /* NULL: none is kept */
    bool interrupted_before;
} typing;

void chat_note(const chat *c, const char *fmt, ...) {
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    lnr_buf shown;
    buf_init(&shown);
    app_add_visible(&shown, lnr_str_from(text));
    fprintf(stderr, "%s%.*s%s\n", c->has_color ? APP_DIM : "", (int)shown.n, shown.p,
            c->has_color ? APP_NORMAL : "");
    buf_deinit(&shown);
}

void chat_tell_error(const lnr_error *err) {
    (void)cli_fail(err); /* its exit code is of no use here: the conversation goes on */
}

lnr_status chat_prepare_model(chat *c, run_model *m, lnr_error *err) {
    if (m->chat)
        return LNR_OK;
    chat_note(c,
              "%s has no chat template: it is given all lines and its own as one plain text to go "
              "on with.\n'--chat-template chatml' or a Jinja file would tell it who speaks.",
              run_model_name(m));
    return run_model_go_plain(m, err);
}

/* ---- history ----------------------------------------------------------------------------------
 */

static void remember_line(const char *line, void *user) {
    app_line_input_remember(user, line);
}

static void load_history(const chat *c, typing *t) {
    lnr_error err;
    t->history = app_state_path("history", &t->history_path);
    if (t->history && app_history_load(t->history, remember_line, t->input, &err)) {
        chat_note(c, "no history: %s", err.text);
        t->history = NULL;
    }
}

static void remember(const chat *c, typing *t) {
    lnr_error err;
    const char *line = buf_cstr(&t->line);
    if (line == NULL || *line == '\0')
        return;
    app_line_input_remember(t->input, line);
    if (t->history && app_history_append(t->history, lnr_str_from(line), &err)) {
        chat_note(c, "no history from here on: %s", err.text);
        t->history = NULL;
    }
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static bool is_blank(lnr_str s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ' ' && s.p[i] != '\t' && s.p[i] != '\n')
            return false;
    return true;
}

/* Ctrl-C gives up what was begun; where nothing was, a second one leaves. */
static void on_interrupt(chat *c, typing *t, bool typed) {
    bool idle = !typed && !app_multiline_is_open(&t->message);
    fputs("^C\n", stderr);
    c->leave = idle && t->interrupted_before;
    if (idle && !c->leave)
        chat_note(c, "Ctrl-C again or Ctrl-D leaves; /help lists the commands");
    t->interrupted_before = idle;
    app_multiline_clear(&t->message);
}

static int on_message(chat *c, typing *t) {
    lnr_str text = {t->message.text.p, t->message.text.n};
    int code = CLI_OK;
    if (buf_failed(&t->message.text))
        chat_note(c, "no memory for this message");
    else if (text.n > 0 && text.p[0] == '/' && memchr(text.p, '\n', text.n) == NULL)
        chat_command(c, text);
    else if (!is_blank(text))
        code = chat_turn(c, text);
    app_multiline_clear(&t->message);
    return code;
}

static int on_line(chat *c, typing *t) {
    t->interrupted_before = false;
    remember(c, t);
    bool complete = app_multiline_add(&t->message, (lnr_str){t->line.p, t->line.n});
    return complete ? on_message(c, t) : CLI_OK;
}

static int converse(chat *c, typing *t) {
    int code = CLI_OK;
    while (code == CLI_OK && !c->leave) {
        const char *prompt = app_multiline_is_open(&t->message) ? ". " : "> ";
        app_line got = app_line_input_read(t->input, prompt, &t->line);
        app_interrupt_clear();
        if (got == APP_LINE_TEXT) {
            code = on_line(c, t);
        } else if (got == APP_LINE_INTERRUPTED || got == APP_LINE_GIVEN_UP) {
            on_interrupt(c, t, got == APP_LINE_GIVEN_UP);
        } else if (got == APP_LINE_NO_MEMORY) {
            chat_note(c, "no memory for this line");
        } else {
            fputc('\n', stderr);
            c->leave = true;
        }
    }
    return code;
}

/* ---- beginning and end --------------------------------------------------------------------
 */

static lnr_status set_up(chat *c, typing *t, const char *path, lnr_error *err) {
    app_interrupt_catch();
    LNR_TRY(run_model_open(&c->o, path, true, &c->model, err));
    if (c->o.system)
        LNR_TRY(app_conversation_set_system(&c->conversation, lnr_str_from(c->o.system), err));
    bool out = os_is_terminal(1);
    t->input = app_line_input_create(out ? stdout : stderr, out ? 1 : 2);
    if (t->input == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory to start");
    load_history(c, t);
    chat_note(c, "%s (%s, context %" PRIu32 "). /help lists the commands, Ctrl-D leaves.",
              run_model_name(&c->model), c->model.info.architecture, c->model.engine_info.n_ctx);
    return chat_prepare_model(c, &c->model, err);
}

static void release(chat *c, typing *t) {
    app_line_input_destroy(t->input);
    app_multiline_deinit(&t->message);
    buf_deinit(&t->line);
    buf_deinit(&t->history_path);
    app_conversation_deinit(&c->conversation);
    run_model_close(&c->model);
}

int run_chat(const run_options *o, const char *path) {
    lnr_error err;
    chat c = {.o = *o, .has_color = app_terminal_has_color(2)};
    typing t = {0};
    app_conversation_init(&c.conversation);
    app_multiline_init(&t.message);
    int code = set_up(&c, &t, path, &err) ? cli_fail(&err) : converse(&c, &t);
    release(&c, &t);
    return code;
}
