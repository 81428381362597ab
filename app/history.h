/* The lines a user typed, kept in a private file from session to session, one per line: newlines
 * within are written as \n, backslashes doubled. Lines are appended as they come, so that two
 * programs at a time lose nothing. */
#ifndef LNR_APP_HISTORY_H
#define LNR_APP_HISTORY_H

#include "base/buf.h"

#define APP_HISTORY_LINES 1000 /* kept when a session begins */

/* Calls each for every line, oldest first, and shortens a file that has grown to twice its length.
 * No file is no failure. */
lnr_status app_history_load(const char *path, void (*each)(const char *line, void *user),
                            void *user, lnr_error *err);
lnr_status app_history_append(const char *path, lnr_str line, lnr_error *err);

#endif
