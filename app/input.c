/* Reading of prompts; see input.h. Through stdio rather than os_file, because `-f <(command)` is a
 * pipe and os_file takes regular files only. */
#include "app/input.h"

#include <errno.h>
#include <stdio.h>

#define PIECE_BYTES ((size_t)64 << 10)

static lnr_status read_stream(FILE *f, const char *name, lnr_buf *out, lnr_error *err) {
    char piece[PIECE_BYTES];
    size_t n;
    errno = 0;
    while ((n = fread(piece, 1, sizeof piece, f)) > 0) {
        if (out->n + n > APP_INPUT_BYTES_MAX)
            return LNR_FAIL(err, LNR_E_LIMIT, "%s: a text of more than %zu MiB", name,
                            APP_INPUT_BYTES_MAX >> 20);
        buf_add(out, piece, n);
    }
    if (ferror(f))
        return LNR_FAIL(err, LNR_E_IO, "%s: cannot read: %s", name, strerror(errno));
    if (buf_failed(out))
        return LNR_FAIL(err, LNR_E_NOMEM, "%s: no memory to hold the text", name);
    return LNR_OK;
}

lnr_status app_input_read(const char *path, lnr_buf *out, lnr_error *err) {
    if (strcmp(path, "-") == 0)
        return read_stream(stdin, "standard input", out, err);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return LNR_FAIL(err, LNR_E_IO, "%s: cannot open: %s", path, strerror(errno));
    lnr_status st = read_stream(f, path, out, err);
    fclose(f);
    return st;
}
