/* Writes JSON: always valid, whatever the strings hold.
 *
 * A writer and not a tree, because what is written here (token ids, file metadata) is known in
 * order and holds 64-bit unsigned numbers, which jansson's signed integers cannot; jansson reads,
 * this writes. Failure (memory) is sticky in the buffer. The caller keeps begin and end paired. */
#ifndef LNR_APP_JSON_H
#define LNR_APP_JSON_H

#include "base/buf.h"

#define APP_JSON_DEPTH_MAX 16

typedef struct app_json {
    lnr_buf text; /* owned */
    char close[APP_JSON_DEPTH_MAX];
    unsigned depth;
    bool first;    /* nothing stands yet in the open object or array */
    bool has_name; /* app_json_name wrote the next value's name */
} app_json;

void app_json_init(app_json *j);
void app_json_deinit(app_json *j);

/* name: of the member in an object; NULL in an array, at the top and after app_json_name. */
void app_json_object(app_json *j, const char *name);
void app_json_array(app_json *j, const char *name);
void app_json_end(app_json *j);
void app_json_str(app_json *j, const char *name, lnr_str value); /* invalid bytes become U+FFFD */
void app_json_cstr(app_json *j, const char *name, const char *value);
void app_json_int(app_json *j, const char *name, int64_t value);
void app_json_uint(app_json *j, const char *name, uint64_t value);
void app_json_double(app_json *j, const char *name,
                     double value); /* not finite: null, as in JavaScript */
void app_json_float(app_json *j, const char *name, float value);
void app_json_bool(app_json *j, const char *name, bool value);
void app_json_null(app_json *j, const char *name);

/* The next value's name, from outside: any bytes. */
void app_json_name(app_json *j, lnr_str name);

#endif
