/* `lanner version`, also `lanner --version`: which build this is and what it found on this machine.
 */
#include "app/builtin.h"
#include "app/json.h"
#include "cli/cli.h"

#include <lanner/machine.h>

typedef struct version_options {
    bool json;
} version_options;

static const app_option options[] = {
    {.name = "json",
     .kind = APP_FLAG,
     .offset = offsetof(version_options, json),
     .help = "print one JSON object"},
};

static const app_command table = {
    .name = "version",
    .arguments = "",
    .summary = "show the version, the build and what it found on this machine",
    .details =
        "Shows the version, the build and what it found on this machine. Two builds with the "
        "same arithmetic number give the same results to the bit.\n",
    .option = options,
    .n_options = sizeof options / sizeof options[0],
};

static void add_json(lnr_buf *out) {
    app_json j;
    app_json_init(&j);
    app_json_object(&j, NULL);
    app_json_cstr(&j, "version", lnr_version());
    app_json_uint(&j, "arithmetic", LNR_ARITH_VERSION);
    app_json_cstr(&j, "isa", lnr_isa());
    app_json_array(&j, "backends");
    for (const char *const *name = lnr_backends(); *name; name++)
        app_json_cstr(&j, NULL, *name);
    app_json_end(&j);
    app_json_cstr(&j, "compiler", app_build_compiler());
    app_json_cstr(&j, "build_type", app_build_type());
    app_json_cstr(&j, "build_flags", app_build_flags());
    app_json_cstr(&j, "commit", app_build_commit());
    app_json_end(&j);
    *out = j.text; /* handed over, failure included */
    buf_add_char(out, '\n');
}

static void add_text(lnr_buf *out) {
    buf_printf(out, "lanner %s\narithmetic  %d\nisa         %s\nbackends   ", lnr_version(),
               LNR_ARITH_VERSION, lnr_isa());
    for (const char *const *name = lnr_backends(); *name; name++)
        buf_printf(out, " %s", *name);
    buf_printf(out, "\ncompiler    %s\nbuild       %s (%s)\ncommit      %s\n", app_build_compiler(),
               app_build_type(), app_build_flags(), app_build_commit());
}

static int version_main(int n_words, char **words) {
    version_options o = {0};
    app_parsed parsed;
    int code;
    if (!cli_parse(&table, n_words, words, &o, &parsed, &code))
        return code;
    lnr_buf text;
    buf_init(&text);
    if (o.json)
        add_json(&text);
    else
        add_text(&text);
    code = cli_write_buf(&text);
    buf_deinit(&text);
    return code;
}

const cli_command cli_version = {&table, version_main};
