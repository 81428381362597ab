/* The XDG base directory rules; see state.h. A relative path in the variable does not count. */
#include "app/state.h"

#include <stdlib.h>

const char *app_state_path(const char *file, lnr_buf *path) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && state[0] == '/')
        buf_printf(path, "%s/lanner/%s", state, file);
    else if (home && home[0] == '/')
        buf_printf(path, "%s/.local/state/lanner/%s", home, file);
    else
        return NULL;
    return buf_cstr(path);
}
