/* Puts a message together from typed lines: a backslash at a line's end goes on with the next line,
 * and a line of three double quotes opens a block that the next such line closes. */
#ifndef LNR_APP_MULTILINE_H
#define LNR_APP_MULTILINE_H

#include "base/buf.h"

typedef struct app_multiline {
    lnr_buf text; /* owned: the message so far */
    bool in_block, goes_on;
} app_multiline;

void app_multiline_init(app_multiline *m);
void app_multiline_deinit(app_multiline *m);
void app_multiline_clear(app_multiline *m); /* for the next message */

/* Adds a line without its newline (pasted ones have newlines within). True: the message is
 * complete. */
bool app_multiline_add(app_multiline *m, lnr_str line);

/* Whether a message was begun. */
bool app_multiline_is_open(const app_multiline *m);

#endif
