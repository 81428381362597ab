/* Reads lines that a person types at a terminal, with editing and history (libedit).
 *
 * Pasted text stays one line, newlines and all, until Enter is pressed: terminals mark a paste
 * (bracketed paste), and the marks are understood here. Ctrl-C (app_interrupt_catch) comes back as
 * a result. Characters are UTF-8 whatever the locale says; wide ones take two columns. */
#ifndef LNR_APP_LINE_INPUT_H
#define LNR_APP_LINE_INPUT_H

#include "base/buf.h"

#include <stdio.h>

typedef struct app_line_input app_line_input;

typedef enum app_line {
    APP_LINE_TEXT,        /* a line, perhaps empty */
    APP_LINE_INTERRUPTED, /* Ctrl-C where nothing was typed */
    APP_LINE_GIVEN_UP,    /* Ctrl-C; what was typed is thrown away */
    APP_LINE_END,         /* Ctrl-D on an empty line, or the terminal went away */
    APP_LINE_NO_MEMORY
} app_line;

/* Reads from standard input and shows on out, a terminal, with its descriptor. Sets the process's
 * character type locale to a UTF-8 one. NULL when memory is short. */
app_line_input *app_line_input_create(FILE *out, int out_fd);
void app_line_input_destroy(app_line_input *in); /* NULL allowed */

/* Reads one line into line, which is emptied first, without its newline. prompt is copied. */
app_line app_line_input_read(app_line_input *in, const char *prompt, lnr_buf *line);

/* Puts a line into the history that the arrow keys go through. */
void app_line_input_remember(app_line_input *in, const char *line);

#endif
