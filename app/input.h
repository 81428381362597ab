/* Reads a text from a file or standard input, whole and unchanged. */
#ifndef LNR_APP_INPUT_H
#define LNR_APP_INPUT_H

#include "base/buf.h"

/* More is refused: a prompt of this size is beyond any context, and /dev/zero has no end. */
#define APP_INPUT_BYTES_MAX ((size_t)64 << 20)

/* Appends all bytes of path ("-": standard input) to out. Pipes are welcome.
 * LNR_E_IO, LNR_E_LIMIT, LNR_E_NOMEM; err names the path. */
lnr_status app_input_read(const char *path, lnr_buf *out, lnr_error *err);

#endif
