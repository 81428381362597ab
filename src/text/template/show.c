/* Python's str() and repr() of every value; see value.h. */
#include "base/utf8.h"
#include "text/template/call.h"
#include "text/template/decimal.h"
#include "text/template/letters.h"

#include <inttypes.h>
#include <stdio.h>

static void show_int(runtime *r, int64_t i) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, i);
    out_add_str(r, text);
}

static void show_float(runtime *r, double f) {
    char text[DECIMAL_TEXT_MAX];
    out_add(r, text, decimal_write(f, text));
}

static void show_escape(runtime *r, uint32_t cp) {
    char text[16];
    if (cp < 0x100)
        snprintf(text, sizeof text, "\\x%02" PRIx32, cp);
    else if (cp < 0x10000)
        snprintf(text, sizeof text, "\\u%04" PRIx32, cp);
    else
        snprintf(text, sizeof text, "\\U%08" PRIx32, cp);
    out_add_str(r, text);
}

static void show_repr_char(runtime *r, uint32_t cp, char quote) {
    if (cp == (unsigned char)quote || cp == '\\') {
        out_add_char(r, '\\');
        out_add_char(r, (char)cp);
    } else if (cp == '\n') {
        out_add_str(r, "\\n");
    } else if (cp == '\r') {
        out_add_str(r, "\\r");
    } else if (cp == '\t') {
        out_add_str(r, "\\t");
    } else if (letter_classes(cp) & LETTER_PRINTABLE) {
        out_add_cp(r, cp);
    } else {
        show_escape(r, cp);
    }
}

static void show_repr_text(runtime *r, lnr_str s) {
    bool has_single = s.n && memchr(s.p, '\'', s.n), has_double = s.n && memchr(s.p, '"', s.n);
    char quote = has_single && !has_double ? '"' : '\'';
    out_add_char(r, quote);
    uint32_t cp;
    for (size_t i = 0, len; i < s.n && runtime_step(r); i += len) {
        len = lnr_utf8_decode(s.p + i, s.n - i, &cp);
        if (len == 0)
            break;
        show_repr_char(r, cp, quote);
    }
    out_add_char(r, quote);
}

static void show_items(runtime *r, const value_list *l) {
    for (size_t i = 0; i < l->n && runtime_step(r); i++) {
        if (i)
            out_add_str(r, ", ");
        show_repr(r, l->item[i]);
    }
}

static void show_dict(runtime *r, const value_dict *d) {
    out_add_char(r, '{');
    for (size_t i = 0; i < d->n && runtime_step(r); i++) {
        if (i)
            out_add_str(r, ", ");
        show_repr(r, d->entry[i].key);
        out_add_str(r, ": ");
        show_repr(r, d->entry[i].val);
    }
    out_add_char(r, '}');
}

static void show_range(runtime *r, const value_range *range) {
    out_add_str(r, "range(");
    show_int(r, range->start);
    out_add_str(r, ", ");
    show_int(r, range->stop);
    if (range->step != 1) {
        out_add_str(r, ", ");
        show_int(r, range->step);
    }
    out_add_char(r, ')');
}

static void show_container(runtime *r, value v) {
    if (!runtime_enter(r))
        return;
    switch (v.kind) {
    case VALUE_LIST:
        out_add_char(r, '[');
        show_items(r, v.list);
        out_add_char(r, ']');
        break;
    case VALUE_TUPLE:
        out_add_char(r, '(');
        show_items(r, v.list);
        out_add_str(r, v.list->n == 1 ? ",)" : ")");
        break;
    case VALUE_VIEW:
        out_add_str(r, v.list->name);
        out_add_str(r, "([");
        show_items(r, v.list);
        out_add_str(r, "])");
        break;
    case VALUE_DICT:
        show_dict(r, v.dict);
        break;
    case VALUE_NAMESPACE:
        out_add_str(r, "<Namespace ");
        show_dict(r, v.dict);
        out_add_char(r, '>');
        break;
    case VALUE_RANGE:
        show_range(r, v.range);
        break;
    default: /* Python prints an address in memory here: no template means that */
        runtime_fail(r, LNR_E_UNSUPPORTED, "a %s cannot be printed", value_type_name(v));
    }
    runtime_leave(r);
}

void show_repr(runtime *r, value v) {
    switch (v.kind) {
    case VALUE_STRING:
        if (v.note == STRING_MARKUP)
            out_add_str(r, "Markup(");
        show_repr_text(r, v.s);
        if (v.note == STRING_MARKUP)
            out_add_char(r, ')');
        return;
    case VALUE_UNDEFINED:
        out_add_str(r, "Undefined");
        return;
    default:
        show_str(r, v);
    }
}

void show_str(runtime *r, value v) {
    switch (v.kind) {
    case VALUE_ABSENT:
    case VALUE_UNDEFINED:
        return;
    case VALUE_NONE:
        out_add_str(r, "None");
        return;
    case VALUE_BOOL:
        out_add_str(r, v.b ? "True" : "False");
        return;
    case VALUE_INT:
        show_int(r, v.i);
        return;
    case VALUE_FLOAT:
        show_float(r, v.f);
        return;
    case VALUE_STRING:
        out_add_text(r, v.s);
        return;
    case VALUE_LOOP:
        show_loop(r, v.loop);
        return;
    case VALUE_MACRO:
        show_macro(r, v.macro);
        return;
    default:
        show_container(r, v);
    }
}

lnr_str value_text(runtime *r, value v) {
    if (v.kind == VALUE_STRING)
        return v.s;
    size_t mark = out_mark(r);
    show_str(r, v);
    return out_take(r, mark).s;
}
