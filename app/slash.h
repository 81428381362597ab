/* Commands within a session: lines such as "/save notes.json". */
#ifndef LNR_APP_SLASH_H
#define LNR_APP_SLASH_H

#include "base/fail.h"
#include "base/slice.h"

typedef enum app_slash_argument {
    APP_SLASH_NONE,
    APP_SLASH_MAY,
    APP_SLASH_MUST
} app_slash_argument;

typedef struct app_slash {
    const char *name; /* "/save" */
    app_slash_argument argument;
    const char *argument_name; /* "FILE"; "" if there is none */
    const char *help;
} app_slash;

/* Finds which of n commands line is; argument: the rest of the line without blanks around it.
 * LNR_E_ARGUMENT: none of them (the nearest is named), or the argument is missing or too much. */
lnr_status app_slash_parse(const app_slash *commands, size_t n, lnr_str line, size_t *which,
                           lnr_str *argument, lnr_error *err);

#endif
