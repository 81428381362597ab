/* Where a program keeps what it remembers about its use: $XDG_STATE_HOME/lanner. */
#ifndef LNR_APP_STATE_H
#define LNR_APP_STATE_H

#include "base/buf.h"

/* The path of a file there; NULL if the user has no such place (no HOME) or memory ran short.
 * Valid as buf_cstr is. */
const char *app_state_path(const char *file, lnr_buf *path);

#endif
