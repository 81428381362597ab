/* Commands within a session; see slash.h. */
#include "app/slash.h"

#include "app/nearest.h"

#include <stdio.h>

#define COMMANDS_MAX 32

static lnr_str trimmed(lnr_str s) {
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = (lnr_str){s.p + 1, s.n - 1};
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static lnr_status unknown(const app_slash *commands, size_t n, lnr_str word, lnr_error *err) {
    const char *names[COMMANDS_MAX];
    char typed[48];
    LNR_ASSERT(n <= COMMANDS_MAX);
    for (size_t i = 0; i < n; i++)
        names[i] = commands[i].name;
    snprintf(typed, sizeof typed, "%.*s", LNR_STR(word));
    const char *nearest = app_nearest(typed, names, n);
    if (nearest)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "unknown command '%.*s'; did you mean '%s'?",
                        LNR_STR(word), nearest);
    return LNR_FAIL(err, LNR_E_ARGUMENT,
                    "unknown command '%.*s'; '/help' lists them (a message that begins with a "
                    "slash: put a blank before it)",
                    LNR_STR(word));
}

lnr_status app_slash_parse(const app_slash *commands, size_t n, lnr_str line, size_t *which,
                           lnr_str *argument, lnr_error *err) {
    lnr_str word = trimmed(line);
    size_t n_word = 0;
    while (n_word < word.n && word.p[n_word] != ' ' && word.p[n_word] != '\t')
        n_word++;
    *argument = trimmed((lnr_str){word.p + n_word, word.n - n_word});
    word.n = n_word;
    for (*which = 0; *which < n && !lnr_str_is(word, commands[*which].name); ++*which)
        continue;
    if (*which == n)
        return unknown(commands, n, word, err);
    const app_slash *c = &commands[*which];
    if (c->argument == APP_SLASH_NONE && argument->n > 0)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "'%s' takes nothing behind it", c->name);
    if (c->argument == APP_SLASH_MUST && argument->n == 0)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "'%s' needs a value: %s %s", c->name, c->name,
                        c->argument_name);
    return LNR_OK;
}
