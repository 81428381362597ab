/* What may go to a terminal, and how.
 *
 * A model's text is foreign: an escape sequence in it could move the cursor, change the window's
 * title or feed the keyboard. Where it is shown to a person, whatever is not plainly visible is
 * spelled out; where it goes to a file or a program it is passed on as it is. */
#ifndef LNR_APP_TERMINAL_H
#define LNR_APP_TERMINAL_H

#include "base/buf.h"

/* fd is a terminal that understands colours, and the user did not say NO_COLOR (no-color.org). */
bool app_terminal_has_color(int fd);

/* fd is a terminal on which a line can be edited in place. */
bool app_terminal_can_edit(int fd);

#define APP_DIM    "\x1b[2m"
#define APP_NORMAL "\x1b[0m"

/* Appends text for the eyes: newlines and tabs as they are, control characters, invalid bytes and
 * marks that reorder a line as \x1b, \u202e and the like. Whole characters are expected. */
void app_add_visible(lnr_buf *out, lnr_str text);

#endif
