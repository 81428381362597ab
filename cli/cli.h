/* What the commands of `lanner` share: their table, exit codes, and checked output. */
#ifndef LNR_CLI_CLI_H
#define LNR_CLI_CLI_H

#include "app/options.h"

enum { CLI_OK = 0, CLI_FAILURE = 1, CLI_USAGE = 2, CLI_INTERRUPTED = 130 };

typedef struct cli_command {
    const app_command *table;
    int (*main)(int n_words,
                char **words); /* the words after the command's name; returns the exit code */
} cli_command;

/* The row of an option table for --threads; field says where its uint32_t goes, as OPTION does. */
#define CLI_THREADS_OPTION(field)                                                                  \
    {                                                                                              \
        .name = "threads", .kind = APP_U32, field, .value = "N", .min = 1, .max = 1024,            \
        .shown_default = "one per CPU granted to this process",                                    \
        .help = "threads that compute; the result does not depend on it"                           \
    }

extern const cli_command cli_run, cli_inspect, cli_tokenize, cli_quantize, cli_imatrix, cli_synth,
    cli_render, cli_machine, cli_bench, cli_version;

/* Parses words into values, which hold the defaults. True: go on; false: *code says how to end
 * (--help was printed, or the mistake told). */
bool cli_parse(const app_command *c, int n_words, char **words, void *values, app_parsed *out,
               int *code);

/* Prints err as one line on standard error and returns the exit code that fits: a bad argument is a
 * mistake in usage, a cancelled operation an interruption. */
int cli_fail(const lnr_error *err);

/* Writes to standard output, at once. CLI_OK, or the exit code after saying what failed. Nothing is
 * said if the reader went away (`| head`), or if Ctrl-C broke off a write that hung:
 * CLI_INTERRUPTED. */
int cli_write(const void *p, size_t n);
int cli_write_buf(lnr_buf *b);

#endif
