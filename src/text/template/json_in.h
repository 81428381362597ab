/* A strict reader of JSON (RFC 8259) into template values.
 *
 * Strict: UTF-8 only, no duplicate names, no lone surrogates, depth at most 128, integers within
 * int64; whatever another reader would guess about is an error that names the byte. A number
 * without point and exponent is an integer, any other the nearest double. */
#ifndef LNR_TEXT_TEMPLATE_JSON_IN_H
#define LNR_TEXT_TEMPLATE_JSON_IN_H

#include "text/template/value.h"

#define JSON_DEPTH_MAX 128

/* An undefined value after a failure (LNR_E_FORMAT, LNR_E_LIMIT), which r then holds. */
value json_read(runtime *r, lnr_str text);

#endif
