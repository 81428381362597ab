/* The program `lanner`: finds the command and hands it the rest of the line. The commands are
 * ordinary users of the public API, one file each. */
#include "app/nearest.h"
#include "cli/cli.h"
#include "os/os.h"

#include <errno.h>
#include <stdio.h>

static const cli_command *const commands[] = {
    &cli_run,   &cli_inspect, &cli_tokenize, &cli_quantize, &cli_imatrix,
    &cli_synth, &cli_render,  &cli_machine,  &cli_bench,    &cli_version};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

static const cli_command *find_command(const char *name) {
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->table->name, name) == 0)
            return commands[i];
    return NULL;
}

static void add_overview(lnr_buf *out) {
    buf_add_str(out, "usage: lanner COMMAND [options] ...\n\n"
                     "Runs language models from GGUF files on this machine.\n\ncommands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        buf_printf(out, "  %-10s  %s\n", commands[i]->table->name, commands[i]->table->summary);
    buf_add_str(out, "\n'lanner help COMMAND' or 'lanner COMMAND --help' tells more about one.\n"
                     "'lanner run -p \"Once upon a time\"' tries the built-in model.\n"
                     "Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted.\n");
}

static int unknown(const char *what, const char *word, const char *const *names, size_t n) {
    lnr_error err;
    const char *nearest = app_nearest(word, names, n);
    if (nearest)
        LNR_FAIL(&err, LNR_E_ARGUMENT, "unknown %s '%s'; did you mean '%s'?", what, word, nearest);
    else
        LNR_FAIL(&err, LNR_E_ARGUMENT, "unknown %s '%s'; 'lanner --help' lists the commands", what,
                 word);
    return cli_fail(&err);
}

static int unknown_command(const char *word) {
    const char *names[N_COMMANDS + 1] = {"help"};
    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i + 1] = commands[i]->table->name;
    return unknown("command", word, names, N_COMMANDS + 1);
}

static int unknown_option(const char *word) {
    static const char *const names[] = {"--help", "--version"};
    return unknown("option", word, names, sizeof names / sizeof names[0]);
}

static int help(int n_words, char **words) {
    if (n_words > 0) {
        char *ask[] = {"--help"};
        const cli_command *c = find_command(words[0]);
        return c ? c->main(1, ask) : unknown_command(words[0]);
    }
    lnr_buf text;
    buf_init(&text);
    add_overview(&text);
    int code = cli_write_buf(&text);
    buf_deinit(&text);
    return code;
}

static int dispatch(int n_words, char **words) {
    if (n_words == 0) {
        fprintf(stderr, "lanner: no command; 'lanner --help' lists them\n");
        return CLI_USAGE;
    }
    const char *word = words[0];
    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return help(n_words - 1, words + 1);
    const cli_command *c = strcmp(word, "--version") == 0 ? &cli_version : find_command(word);
    if (c)
        return c->main(n_words - 1, words + 1);
    return word[0] == '-' ? unknown_option(word) : unknown_command(word);
}

int main(int argc, char **argv) {
    os_standard_files_occupy();
    /* Everything is written in whole pieces (cli_write). A write that Ctrl-C broke off must leave
     * nothing in a buffer that closing would try to write again, and hang. */
    setvbuf(stdout, NULL, _IONBF, 0);
    int code = dispatch(argc > 0 ? argc - 1 : 0, argv + 1);
    /* Some file systems tell only at closing that what was written did not fit. */
    if (fclose(stdout) != 0 && code == CLI_OK) {
        fprintf(stderr, "lanner: cannot write the output: %s\n", strerror(errno));
        code = CLI_FAILURE;
    }
    return code;
}
