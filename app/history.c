/* The file of typed lines; see history.h. */
#include "app/history.h"

#include "app/input.h"
#include "os/os.h"

lnr_status app_history_append(const char *path, lnr_str line, lnr_error *err) {
    lnr_buf text;
    buf_init(&text);
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '\n' || line.p[i] == '\\')
            buf_add_char(&text, '\\');
        buf_add_char(&text, line.p[i] == '\n' ? 'n' : line.p[i]);
    }
    buf_add_char(&text, '\n');
    lnr_status st = buf_failed(&text)
                        ? LNR_FAIL(err, LNR_E_NOMEM, "%s%s: no memory to write it", LNR_PATH(path))
                        : os_append_private(path, text.p, text.n, err);
    buf_deinit(&text);
    return st;
}

/* Where the last n lines of the text begin. */
static size_t last_lines(lnr_str text, size_t n) {
    for (size_t i = text.n; i > 0; i--)
        if (text.p[i - 1] == '\n' && i < text.n && --n == 0)
            return i;
    return 0;
}

static void give_line(lnr_str written, lnr_buf *line, void (*each)(const char *, void *),
                      void *user) {
    buf_clear(line);
    for (size_t i = 0; i < written.n; i++) {
        bool escaped = written.p[i] == '\\' && i + 1 < written.n;
        i += escaped;
        buf_add_char(line, escaped && written.p[i] == 'n' ? '\n' : written.p[i]);
    }
    const char *z = buf_cstr(line);
    if (z)
        each(z, user);
}

static lnr_status shorten(const char *path, lnr_str kept, lnr_error *err) {
    os_writer *w;
    LNR_TRY(os_writer_open_private(path, &w, err));
    lnr_status st = os_writer_write(w, kept.p, kept.n, err);
    if (st == LNR_OK)
        return os_writer_commit(w, err);
    os_writer_abandon(w);
    return st;
}

static size_t count_lines(lnr_str text) {
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

static lnr_status load_text(const char *path, lnr_str text, void (*each)(const char *, void *),
                            void *user, lnr_error *err) {
    lnr_buf line;
    size_t begin = last_lines(text, APP_HISTORY_LINES);
    lnr_str kept = {text.p + begin, text.n - begin};
    buf_init(&line);
    for (size_t i = 0, start = 0; i < kept.n; i++) {
        if (kept.p[i] != '\n')
            continue;
        give_line((lnr_str){kept.p + start, i - start}, &line, each, user);
        start = i + 1;
    }
    buf_deinit(&line);
    return count_lines(text) > 2 * APP_HISTORY_LINES ? shorten(path, kept, err) : LNR_OK;
}

lnr_status app_history_load(const char *path, void (*each)(const char *line, void *user),
                            void *user, lnr_error *err) {
    os_file *f;
    lnr_buf text;
    if (os_file_open(path, &f, NULL))
        return LNR_OK;
    os_file_close(f);
    buf_init(&text);
    lnr_status st = app_input_read(path, &text, err);
    if (st == LNR_OK && text.n > 0)
        st = load_text(path, (lnr_str){text.p, text.n}, each, user, err);
    buf_deinit(&text);
    return st;
}
