/* Line editing by libedit; see line_input.h. */
#include "app/line_input.h"

#include "app/history.h"
#include "app/interrupt.h"
#include "app/terminal.h"
#include "base/alloc.h"
#include "base/utf8.h"

#include <errno.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#define PASTE_ON    "\x1b[?2004h"
#define PASTE_OFF   "\x1b[?2004l"
#define PASTE_END   L"\x1b[201~"
#define PASTE_END_N 6
#define PROMPT_MAX  32

struct app_line_input {
    EditLine *edit;   /* owned */
    History *history; /* owned */
    FILE *out;        /* borrowed */
    bool marks_paste;
    size_t n_typed; /* characters of the line being read */
    char prompt[PROMPT_MAX];
};

/* libedit decodes input by the locale; under "C" it would refuse everything beyond ASCII. Only the
 * character type is set: numbers stay as lanner writes them. */
static void use_utf8(void) {
    if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        (void)setlocale(LC_CTYPE, "C.UTF-8");
}

static app_line_input *owner_of(EditLine *edit) {
    void *in = NULL;
    el_get(edit, EL_CLIENTDATA, &in);
    return in;
}

static char *show_prompt(EditLine *edit) {
    return owner_of(edit)->prompt;
}

/* Waits for one byte of standard input. False: Ctrl-C, or the terminal went away. Ctrl-C is let
 * through only while waiting, so that it cannot fall between the look at the flag and the wait. */
static bool read_byte(char *out) {
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigdelset(&mask, SIGINT);
    for (;;) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(STDIN_FILENO, &set);
        int ready = pselect(STDIN_FILENO + 1, &set, NULL, NULL, NULL, &mask);
        if (app_interrupted() || (ready < 0 && errno != EINTR))
            return false;
        ssize_t n = ready > 0 ? read(STDIN_FILENO, out, 1) : -1;
        if (n >= 0)
            return n == 1;
        if (ready > 0 && errno != EINTR && errno != EAGAIN)
            return false;
    }
}

/* One character for libedit; bytes that are none are passed over. */
static int read_character(EditLine *edit, wchar_t *out) {
    char bytes[LNR_UTF8_MAX];
    size_t n = 0;
    uint32_t cp;
    app_interrupt_catch(); /* libedit has put its own handler there */
    while (read_byte(&bytes[n])) {
        n++;
        if (lnr_utf8_decode(bytes, n, &cp)) {
            *out = (wchar_t)cp;
            owner_of(edit)->n_typed++;
            return 1;
        }
        if (lnr_utf8_complete(bytes, n) == n)
            n = 0; /* cannot become a character any more */
    }
    return -1;
}

/* A growing wide string; wchar_t because that is what libedit inserts. */
typedef struct wide_text {
    wchar_t *p; /* owned */
    size_t n, capacity;
} wide_text;

static bool add_wide(wide_text *t, wchar_t c) {
    if (t->n + 1 >= t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 256;
        wchar_t *larger = lnr_realloc_array(t->p, capacity, sizeof *larger);
        if (larger == NULL)
            return false;
        t->p = larger;
        t->capacity = capacity;
    }
    t->p[t->n++] = c;
    t->p[t->n] = L'\0';
    return true;
}

static bool ends_paste(const wide_text *t) {
    return t->n >= PASTE_END_N && wmemcmp(t->p + t->n - PASTE_END_N, PASTE_END, PASTE_END_N) == 0;
}

/* What stands between the marks of a paste goes into the line as it is. */
static unsigned char on_paste(EditLine *edit, int key) {
    (void)key;
    wide_text text = {0};
    wchar_t c;
    while (!ends_paste(&text) && el_wgetc(edit, &c) == 1)
        if (c != L'\0' && !add_wide(&text, c == L'\r' ? L'\n' : c))
            break;
    unsigned char result = CC_ERROR;
    if (ends_paste(&text)) {
        text.p[text.n - PASTE_END_N] = L'\0';
        result = text.n == PASTE_END_N || el_winsertstr(edit, text.p) == 0 ? CC_REFRESH : CC_ERROR;
    }
    lnr_free(text.p);
    return result;
}

static void set_up(app_line_input *in) {
    HistEvent event;
    el_set(in->edit, EL_CLIENTDATA, in);
    el_set(in->edit, EL_PROMPT, show_prompt);
    el_set(in->edit, EL_GETCFN, read_character);
    el_set(in->edit, EL_EDITOR, "emacs");
    el_set(in->edit, EL_SIGNAL, 1); /* the terminal is put right if a signal ends the program */
    history(in->history, &event, H_SETSIZE, APP_HISTORY_LINES);
    history(in->history, &event, H_SETUNIQUE, 1);
    el_set(in->edit, EL_HIST, history, in->history);
    /* The wide form: libedit's narrow one copies the strings and loses the copies. */
    el_wset(in->edit, EL_ADDFN, L"lanner-paste", L"Insert what is pasted", on_paste);
    el_set(in->edit, EL_BIND, "\\e[200~", "lanner-paste", NULL);
    el_set(in->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
}

app_line_input *app_line_input_create(FILE *out, int out_fd) {
    use_utf8();
    app_line_input *in = lnr_new(app_line_input);
    if (in == NULL)
        return NULL;
    in->out = out;
    in->marks_paste = app_terminal_can_edit(out_fd);
    in->history = history_init();
    in->edit = el_init("lanner", stdin, out, stderr);
    if (in->history == NULL || in->edit == NULL) {
        app_line_input_destroy(in);
        return NULL;
    }
    set_up(in);
    return in;
}

void app_line_input_destroy(app_line_input *in) {
    if (in == NULL)
        return;
    if (in->edit)
        el_end(in->edit);
    if (in->history)
        history_end(in->history);
    lnr_free(in);
}

app_line app_line_input_read(app_line_input *in, const char *prompt, lnr_buf *line) {
    int n = 0;
    buf_clear(line);
    in->n_typed = 0;
    snprintf(in->prompt, sizeof in->prompt, "%s", prompt);
    if (in->marks_paste)
        fputs(PASTE_ON, in->out);
    sigset_t interrupt, before;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, &before);
    el_set(in->edit, EL_PREP_TERM, 1); /* el_gets would do it after it showed the prompt */
    const char *text = el_gets(in->edit, &n);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (in->marks_paste)
        fputs(PASTE_OFF, in->out);
    fflush(in->out);
    if (text == NULL && app_interrupted())
        return in->n_typed > 0 ? APP_LINE_GIVEN_UP : APP_LINE_INTERRUPTED;
    if (text == NULL || n <= 0)
        return APP_LINE_END;
    buf_add(line, text, (size_t)n - (text[n - 1] == '\n'));
    return buf_failed(line) ? APP_LINE_NO_MEMORY : APP_LINE_TEXT;
}

void app_line_input_remember(app_line_input *in, const char *line) {
    HistEvent event;
    history(in->history, &event, H_ENTER, line);
}
