/* The progress bar; see progress.h. Time is a parameter, so that a test needs no waiting. Without
 * colour no escape sequence is written: the line is redrawn and wiped with carriage returns and
 * blanks. */
#include "app/progress.h"

#include "os/os.h"

#include <stdlib.h>
#include <string.h>

#define QUIET_NS  1000000000u /* shorter operations show nothing */
#define REDRAW_NS 100000000u
#define BAR_CELLS 30

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value && *value;
}

FILE *app_progress_stream(void) {
    const char *terminal = getenv("TERM");
    bool dumb = terminal && strcmp(terminal, "dumb") == 0;
    return os_is_terminal(2) && !dumb ? stderr : NULL;
}

bool app_color_wanted(void) {
    return !is_set("NO_COLOR");
}

void app_progress_init(app_progress *p, const char *label, FILE *out, bool color, uint64_t now_ns) {
    *p = (app_progress){.out = out, .color = color, .label = label, .start_ns = now_ns};
}

void app_progress_update(app_progress *p, uint64_t done, uint64_t total, uint64_t now_ns) {
    if (p->out == NULL || total == 0 || now_ns - p->start_ns < QUIET_NS ||
        (p->n_drawn && now_ns - p->drawn_ns < REDRAW_NS))
        return;
    double part = done < total ? (double)done / (double)total : 1;
    int cells = (int)(part * BAR_CELLS);
    char bar[BAR_CELLS + 1];
    memset(bar, '#', (size_t)cells);
    bar[cells] = '\0';
    fprintf(p->out, "\r%s [%s%s%s%*s] %3d %%", p->label, p->color ? "\x1b[32m" : "", bar,
            p->color ? "\x1b[0m" : "", BAR_CELLS - cells, "", (int)(part * 100));
    fflush(p->out);
    p->n_drawn = (int)strlen(p->label) + BAR_CELLS + 9;
    p->drawn_ns = now_ns;
}

void app_progress_end(app_progress *p) {
    if (p->n_drawn == 0)
        return;
    fprintf(p->out, "\r%*s\r", p->n_drawn, "");
    fflush(p->out);
    p->n_drawn = 0;
}
