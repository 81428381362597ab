/* The JSON writer; see json.h. */
#include "app/json.h"

#include "app/format.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>

void app_json_init(app_json *j) {
    *j = (app_json){.first = true};
    buf_init(&j->text);
}

void app_json_deinit(app_json *j) {
    buf_deinit(&j->text);
}

static void add_string(lnr_buf *out, lnr_str s) {
    buf_add_char(out, '"');
    for (size_t i = 0; i < s.n;) {
        uint32_t cp;
        size_t n = lnr_utf8_decode(s.p + i, s.n - i, &cp);
        if (n == 0)
            buf_add_str(out, "\xef\xbf\xbd");
        else if (cp == '"' || cp == '\\')
            buf_printf(out, "\\%c", (char)cp);
        else if (cp == '\n')
            buf_add_str(out, "\\n");
        else if (cp < 0x20 || cp == 0x7f)
            buf_printf(out, "\\u%04" PRIx32, cp);
        else
            buf_add(out, s.p + i, n);
        i += n ? n : 1;
    }
    buf_add_char(out, '"');
}

/* The comma and the name before a value. */
static void begin_value(app_json *j, const char *name) {
    if (name)
        app_json_name(j, lnr_str_from(name));
    else if (!j->has_name && !j->first)
        buf_add_char(&j->text, ',');
    j->has_name = false;
    j->first = false;
}

void app_json_name(app_json *j, lnr_str name) {
    if (!j->first)
        buf_add_char(&j->text, ',');
    add_string(&j->text, name);
    buf_add_char(&j->text, ':');
    j->has_name = true;
}

static void open(app_json *j, const char *name, const char *pair) {
    LNR_ASSERT(j->depth < APP_JSON_DEPTH_MAX);
    begin_value(j, name);
    buf_add_char(&j->text, pair[0]);
    j->close[j->depth++] = pair[1];
    j->first = true;
}

void app_json_object(app_json *j, const char *name) {
    open(j, name, "{}");
}

void app_json_array(app_json *j, const char *name) {
    open(j, name, "[]");
}

void app_json_end(app_json *j) {
    LNR_ASSERT(j->depth > 0);
    buf_add_char(&j->text, j->close[--j->depth]);
    j->first = false;
}

void app_json_str(app_json *j, const char *name, lnr_str value) {
    begin_value(j, name);
    add_string(&j->text, value);
}

void app_json_cstr(app_json *j, const char *name, const char *value) {
    app_json_str(j, name, lnr_str_from(value));
}

void app_json_int(app_json *j, const char *name, int64_t value) {
    begin_value(j, name);
    buf_printf(&j->text, "%" PRId64, value);
}

void app_json_uint(app_json *j, const char *name, uint64_t value) {
    begin_value(j, name);
    buf_printf(&j->text, "%" PRIu64, value);
}

void app_json_double(app_json *j, const char *name, double value) {
    char text[APP_NUMBER_MAX];
    app_format_double(value, text);
    begin_value(j, name);
    buf_add_str(&j->text, isfinite(value) ? text : "null");
}

void app_json_float(app_json *j, const char *name, float value) {
    char text[APP_NUMBER_MAX];
    app_format_float(value, text);
    begin_value(j, name);
    buf_add_str(&j->text, isfinite(value) ? text : "null");
}

void app_json_bool(app_json *j, const char *name, bool value) {
    begin_value(j, name);
    buf_add_str(&j->text, value ? "true" : "false");
}

void app_json_null(app_json *j, const char *name) {
    begin_value(j, name);
    buf_add_str(&j->text, "null");
}
