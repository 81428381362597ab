/* Option structs that may come from a program built against an older or newer header. */
#ifndef LNR_API_TAKE_OPTIONS_H
#define LNR_API_TAKE_OPTIONS_H

#include "base/fail.h"

#include <string.h>

/* Copies the part of *given that both sides know into the zeroed *known; struct_size is the first
 * member of every option struct. LNR_E_ARGUMENT if given is larger than what this library knows and
 * sets more. */
static inline lnr_status api_take_options(const void *given, void *known, size_t known_bytes,
                                          const char *name, lnr_error *err) {
    memset(known, 0, known_bytes);
    if (given == NULL)
        return LNR_OK;
    size_t n;
    memcpy(&n, given, sizeof n);
    if (n < sizeof n)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "%s.struct_size is %zu, sizeof(%s) expected", name, n,
                        name);
    const char *bytes = given;
    for (size_t i = known_bytes; i < n; i++)
        if (bytes[i] != 0)
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "%s sets a member at byte %zu that this version does not know", name,
                            i);
    memcpy(known, given, n < known_bytes ? n : known_bytes);
    return LNR_OK;
}

#endif
