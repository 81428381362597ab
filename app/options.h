/* Command line options: one table per command says what there is; parsing, checks, error lines and
 * --help all come from it, so that they cannot disagree.
 *
 * Values land in the command's own struct, by offset. What that struct holds before parsing are the
 * defaults, and --help prints them from there. Names are not abbreviated, short options not
 * combined and values not glued to them (-n5), because a typing mistake would then silently become
 * something else. */
#ifndef LNR_APP_OPTIONS_H
#define LNR_APP_OPTIONS_H

#include "base/buf.h"

#define APP_ARGUMENTS_MAX 16
#define APP_OPTIONS_MAX   64
#define APP_STRINGS_MAX   64

typedef enum app_kind {
    APP_FLAG,    /* bool: --name sets it */
    APP_SWITCH,  /* bool: --name sets it, --no-name clears it */
    APP_STRING,  /* const char *, borrowed from argv */
    APP_STRINGS, /* app_strings: may be given several times */
    APP_CHOICE,  /* const char *, one of choices */
    APP_I32,     /* needs range */
    APP_U32,
    APP_U64,
    APP_FLOAT
} app_kind;

typedef struct app_strings {
    const char *item[APP_STRINGS_MAX]; /* (n), borrowed from argv */
    size_t n;
} app_strings;

typedef struct app_option {
    const char *name; /* without the dashes */
    char letter;      /* of the short form; 0: none */
    app_kind kind;
    size_t offset;     /* of the value in the command's struct */
    const char *value; /* what --help calls it: "N"; NULL for bools */
    const char *help;
    const char *shown_default;  /* NULL: the default itself; "": none */
    const char *range;          /* the valid values in words; NULL: min to max */
    uint64_t min, max;          /* APP_U32, APP_U64 */
    int32_t int_min, int_max;   /* APP_I32 */
    float float_min, float_max; /* APP_FLOAT, which needs range too */
    const char *const *choices; /* APP_CHOICE; ended by NULL */
} app_option;

typedef struct app_command {
    const char *name;      /* "run" */
    const char *arguments; /* as the usage line shows them: "[MODEL]" */
    unsigned n_arguments_min, n_arguments_max;
    const char *summary; /* one line for the list of commands */
    const char *details; /* paragraphs of --help, each ended by a newline */
    const app_option *option;
    size_t n_options; /* at most APP_OPTIONS_MAX */
} app_command;

typedef struct app_parsed {
    bool help;                               /* --help or -h: nothing after it was looked at */
    uint64_t given;                          /* bit i: option i was on the command line */
    const char *argument[APP_ARGUMENTS_MAX]; /* borrowed from argv */
    unsigned n_arguments;
} app_parsed;

/* words: what follows the command's name, n of them. LNR_E_ARGUMENT with a line that names the
 * option, the value and what would be valid. */
lnr_status app_options_parse(const app_command *c, int n, char *const *words, void *values,
                             app_parsed *out, lnr_error *err);

/* Whether the option of that name was on the command line. */
bool app_options_given(const app_command *c, const app_parsed *p, const char *name);

/* The text of --help; defaults: the command's struct before parsing. */
void app_options_help(const app_command *c, const void *defaults, lnr_buf *out);

/* Appends text wrapped at 100 columns, every line after the first indented; column: where it
 * begins. */
void app_add_wrapped(lnr_buf *out, const char *text, size_t column, size_t indent);

/* Which values an option takes, in words: "1 to 4096". */
void app_option_range(const app_option *o, lnr_buf *out);

#endif
