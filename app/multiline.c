/* Messages of several lines; see multiline.h. */
#include "app/multiline.h"

void app_multiline_init(app_multiline *m) {
    *m = (app_multiline){0};
    buf_init(&m->text);
}

void app_multiline_deinit(app_multiline *m) {
    buf_deinit(&m->text);
}

void app_multiline_clear(app_multiline *m) {
    buf_clear(&m->text);
    m->in_block = m->goes_on = false;
}

bool app_multiline_is_open(const app_multiline *m) {
    return m->in_block || m->goes_on;
}

static bool is_fence(lnr_str line) {
    while (line.n > 0 && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
        line.n--;
    return lnr_str_is(line, "\"\"\"");
}

static bool add_to_block(app_multiline *m, lnr_str line) {
    if (is_fence(line)) {
        if (m->text.n > 0)
            m->text.n--; /* the newline before the closing fence */
        m->in_block = false;
        return true;
    }
    buf_add(&m->text, line.p, line.n);
    buf_add_char(&m->text, '\n');
    return false;
}

bool app_multiline_add(app_multiline *m, lnr_str line) {
    if (m->in_block)
        return add_to_block(m, line);
    if (!m->goes_on && is_fence(line)) {
        m->in_block = true;
        return false;
    }
    m->goes_on = line.n > 0 && line.p[line.n - 1] == '\\';
    buf_add(&m->text, line.p, line.n - m->goes_on);
    if (m->goes_on)
        buf_add_char(&m->text, '\n');
    return !m->goes_on;
}
