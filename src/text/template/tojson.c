/* Values as JSON, byte for byte as Python's json.dumps writes them; see value.h. */
#include "base/utf8.h"
#include "text/template/call.h"
#include "text/template/decimal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

typedef struct json_writer {
    runtime *r;
    const json_style *style;
    unsigned depth;
} json_writer;

static void write_value(json_writer *w, value v);

static void write_escape(runtime *r, uint32_t unit) {
    char text[8];
    snprintf(text, sizeof text, "\\u%04" PRIx32, unit & 0xffff);
    out_add_str(r, text);
}

static void write_char(json_writer *w, uint32_t cp) {
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = cp && cp < 0x80 ? memchr(from, (int)cp, sizeof from - 1) : NULL;
    if (at) {
        out_add_char(w->r, '\\');
        out_add_char(w->r, to[at - from]);
    } else if (cp < 0x20 || (w->style->ascii && cp >= 0x7f && cp < 0x10000)) {
        write_escape(w->r, cp);
    } else if (w->style->ascii && cp >= 0x10000) {
        write_escape(w->r, 0xd800 + ((cp - 0x10000) >> 10));
        write_escape(w->r, 0xdc00 + ((cp - 0x10000) & 0x3ff));
    } else {
        out_add_cp(w->r, cp);
    }
}

static void write_string(json_writer *w, lnr_str s) {
    uint32_t cp;
    out_add_char(w->r, '"');
    for (size_t i = 0, len; i < s.n && runtime_step(w->r); i += len) {
        len = lnr_utf8_decode(s.p + i, s.n - i, &cp);
        if (len == 0)
            break;
        write_char(w, cp);
    }
    out_add_char(w->r, '"');
}

static void write_float(json_writer *w, double f) {
    if (isnan(f))
        out_add_str(w->r, "NaN");
    else if (isinf(f))
        out_add_str(w->r, f < 0 ? "-Infinity" : "Infinity");
    else
        show_str(w->r, value_float(f));
}

static void write_key(json_writer *w, value key) {
    switch (key.kind) {
    case VALUE_STRING:
        write_string(w, key.s);
        return;
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_FLOAT:
        out_add_char(w->r, '"');
        write_value(w, key);
        out_add_char(w->r, '"');
        return;
    default:
        runtime_fail(w->r, LNR_E_ARGUMENT, "tojson: a %s cannot be a name in JSON",
                     value_type_name(key));
    }
}

static void new_line(json_writer *w) {
    if (!w->style->pretty)
        return;
    out_add_char(w->r, '\n');
    for (unsigned i = 0; i < w->depth; i++)
        out_add_text(w->r, w->style->indent);
}

static void write_list(json_writer *w, const value_list *l) {
    out_add_char(w->r, '[');
    w->depth++;
    for (size_t i = 0; i < l->n && runtime_step(w->r); i++) {
        if (i)
            out_add_text(w->r, w->style->item_sep);
        new_line(w);
        write_value(w, l->item[i]);
    }
    w->depth--;
    if (l->n)
        new_line(w);
    out_add_char(w->r, ']');
}

static void write_dict(json_writer *w, const value_dict *d) {
    value_list *keys = NULL;
    if (w->style->sort_keys) {
        keys = list_from(w->r, value_from_dict(VALUE_DICT, (value_dict *)d));
        list_sort(w->r, keys, NULL, false);
    }
    out_add_char(w->r, '{');
    w->depth++;
    for (size_t i = 0; i < d->n && runtime_step(w->r); i++) {
        value key = keys ? keys->item[i] : d->entry[i].key;
        if (i)
            out_add_text(w->r, w->style->item_sep);
        new_line(w);
        write_key(w, key);
        out_add_text(w->r, w->style->key_sep);
        const value *found = keys ? dict_find(w->r, (value_dict *)d, key) : &d->entry[i].val;
        write_value(w, found ? *found : NO_VALUE);
    }
    w->depth--;
    if (d->n)
        new_line(w);
    out_add_char(w->r, '}');
}

static void write_value(json_writer *w, value v) {
    if (!runtime_enter(w->r))
        return;
    switch (v.kind) {
    case VALUE_NONE:
        out_add_str(w->r, "null");
        break;
    case VALUE_BOOL:
        out_add_str(w->r, v.b ? "true" : "false");
        break;
    case VALUE_INT:
        show_str(w->r, v);
        break;
    case VALUE_FLOAT:
        write_float(w, v.f);
        break;
    case VALUE_STRING:
        write_string(w, v.s);
        break;
    case VALUE_LIST:
    case VALUE_TUPLE:
        write_list(w, v.list);
        break;
    case VALUE_DICT:
        write_dict(w, v.dict);
        break;
    default:
        runtime_fail(w->r, LNR_E_ARGUMENT, "tojson: a %s cannot be written as JSON",
                     value_type_name(v));
    }
    runtime_leave(w->r);
}

void show_json(runtime *r, value v, const json_style *style) {
    write_value(&(json_writer){.r = r, .style = style}, v);
}
