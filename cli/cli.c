/* Shared by the commands; see cli.h. */
#include "cli/cli.h"

#include "app/interrupt.h"

#include <errno.h>
#include <stdio.h>

int cli_fail(const lnr_error *err) {
    fprintf(stderr, "lanner: %s\n", err->text);
    if (err->code == LNR_E_CANCELLED)
        return CLI_INTERRUPTED;
    return err->code == LNR_E_ARGUMENT ? CLI_USAGE : CLI_FAILURE;
}

bool cli_parse(const app_command *c, int n_words, char **words, void *values, app_parsed *out,
               int *code) {
    lnr_error err;
    lnr_buf help;
    /* The defaults are gone once parsing has begun, so the text is made before. */
    buf_init(&help);
    app_options_help(c, values, &help);
    bool go_on = false;
    if (app_options_parse(c, n_words, words, values, out, &err))
        *code = cli_fail(&err);
    else if (out->help)
        *code = cli_write_buf(&help);
    else
        go_on = true;
    buf_deinit(&help);
    return go_on;
}

int cli_write(const void *p, size_t n) {
    errno = 0;
    if (n == 0 || fwrite(p, 1, n, stdout) == n) /* p may be NULL then */
        return CLI_OK;
    if (errno == EINTR && app_interrupted())
        return CLI_INTERRUPTED;
    if (errno != EPIPE)
        fprintf(stderr, "lanner: cannot write the output: %s\n", strerror(errno));
    return CLI_FAILURE;
}

int cli_write_buf(lnr_buf *b) {
    if (buf_failed(b)) {
        fprintf(stderr, "lanner: no memory to build the output\n");
        return CLI_FAILURE;
    }
    return cli_write(b->p, b->n);
}
