/* Terminals; see terminal.h. */
#include "app/terminal.h"

#include "app/format.h"
#include "app/progress.h"
#include "os/os.h"

#include <stdlib.h>

bool app_terminal_can_edit(int fd) {
    const char *kind = getenv("TERM");
    return os_is_terminal(fd) && kind && *kind && strcmp(kind, "dumb") != 0;
}

bool app_terminal_has_color(int fd) {
    return app_terminal_can_edit(fd) && app_color_wanted();
}

void app_add_visible(lnr_buf *out, lnr_str text) {
    size_t begin = 0;
    for (size_t i = 0; i <= text.n; i++) {
        bool plain = i < text.n && text.p[i] != '\n' && text.p[i] != '\t' && text.p[i] != '"' &&
                     text.p[i] != '\\';
        if (plain)
            continue;
        (void)app_add_printable(out, (lnr_str){text.p + begin, i - begin}, SIZE_MAX);
        if (i < text.n)
            buf_add_char(out, text.p[i]); /* app_add_printable would escape these */
        begin = i + 1;
    }
}
