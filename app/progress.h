/* A progress bar for long operations, on a terminal only, and only once a second has passed. */
#ifndef LNR_APP_PROGRESS_H
#define LNR_APP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct app_progress {
    FILE *out; /* borrowed; NULL: draw nothing */
    bool color;
    const char *label; /* borrowed */
    uint64_t start_ns, drawn_ns;
    int n_drawn; /* columns to wipe at the end; 0: nothing was drawn */
} app_progress;

/* Standard error if it is a terminal that can redraw a line, else NULL. */
FILE *app_progress_stream(void);

/* False if the user set NO_COLOR (no-color.org). */
bool app_color_wanted(void);

void app_progress_init(app_progress *p, const char *label, FILE *out, bool color, uint64_t now_ns);
void app_progress_update(app_progress *p, uint64_t done, uint64_t total, uint64_t now_ns);
void app_progress_end(app_progress *p); /* wipes the line */

#endif
