/* The filters on text and numbers; see call.h. Defaults and order of parameters are Jinja2's. */
#include "text/template/filters.h"

#include "base/math.h"
#include "base/utf8.h"
#include "text/template/decimal.h"
#include "text/template/letters.h"

#include <math.h>
#include <stdio.h>

#define FILTER(name)                                                                               \
    static value filter_##name(runtime *r, value self, const value *arg, const call_args *raw)
#define UNUSED ((void)arg, (void)raw)

static bool given(value v) {
    return v.kind != VALUE_ABSENT;
}

static value in_case(runtime *r, value v, void (*change)(runtime *, lnr_str)) {
    lnr_str s = value_text(r, v);
    size_t mark = out_mark(r);
    change(r, s);
    return out_take(r, mark);
}

FILTER(upper) {
    UNUSED;
    return in_case(r, self, letters_upper);
}

FILTER(lower) {
    UNUSED;
    return in_case(r, self, letters_lower);
}

FILTER(capitalize) {
    UNUSED;
    return in_case(r, self, letters_capitalize);
}

static bool is_separator(uint32_t cp) {
    return (cp < 0x80 && cp && strchr("-({[<", (int)cp)) || (letter_classes(cp) & LETTER_SPACE);
}

/* Not str.title(): words end at blanks, '-' and opening brackets only. */
static void title_words(runtime *r, lnr_str s) {
    uint32_t cp;
    for (size_t i = 0, len; i < s.n && runtime_step(r);) {
        size_t start = i, first = 0;
        bool separator = false;
        for (; i < s.n; i += len) {
            len = lnr_utf8_decode(s.p + i, s.n - i, &cp);
            if (len == 0)
                return;
            if (i == start) {
                separator = is_separator(cp);
                first = len;
            } else if (is_separator(cp) != separator) {
                break;
            }
        }
        letters_upper(r, (lnr_str){s.p + start, first});
        letters_lower(r, (lnr_str){s.p + start + first, i - start - first});
    }
}

FILTER(title) {
    UNUSED;
    return in_case(r, self, title_words);
}

FILTER(trim) {
    (void)raw;
    return value_str(strip_chars(r, value_text(r, self), arg[0], true, true));
}

FILTER(replace) {
    (void)raw;
    int64_t n = arg[2].kind == VALUE_NONE ? -1 : arg_int(r, arg[2], -1, "count");
    lnr_str s = value_text(r, self), from = value_text(r, arg[0]);
    return replace_text(r, s, from, value_text(r, arg[1]), n);
}

FILTER(string) {
    UNUSED;
    return self.kind == VALUE_STRING ? self : value_str(value_text(r, self));
}

FILTER(safe) {
    UNUSED;
    value v = value_str(value_text(r, self));
    v.note = STRING_MARKUP;
    return v;
}

FILTER(escape) {
    UNUSED;
    return escape_html(r, self);
}

FILTER(forceescape) {
    UNUSED;
    return escape_html(r, value_str(value_text(r, self)));
}

FILTER(format) {
    (void)arg;
    value_list *l = list_create(r, raw->n);
    for (size_t i = 0; i < raw->n; i++)
        list_add(r, l, raw->arg[i]);
    if (raw->n_named)
        runtime_fail(r, LNR_E_UNSUPPORTED, "format with named arguments");
    return format_percent(r, value_text(r, self), value_from_list(VALUE_TUPLE, l));
}

FILTER(indent) {
    (void)raw;
    lnr_str s = arg_text(r, self, "text to indent"), indent;
    if (arg[0].kind == VALUE_STRING) {
        indent = arg[0].s;
    } else {
        int64_t width = arg_int(r, arg[0], 4, "width");
        indent = apply_math(r, '*', value_str(LITERAL(" ")), value_int(width)).s;
    }
    bool first = given(arg[1]) && value_truth(r, arg[1]);
    bool blank = given(arg[2]) && value_truth(r, arg[2]);
    value_list *lines = split_lines(r, text_join(r, s, LITERAL("\n")), false);
    size_t mark = out_mark(r);
    for (size_t i = 0; i < lines->n && runtime_step(r); i++) {
        if (i)
            out_add_char(r, '\n');
        if (i ? blank || lines->item[i].s.n : first)
            out_add_text(r, indent);
        out_add_text(r, lines->item[i].s);
    }
    return out_take(r, mark);
}

FILTER(wordcount) {
    UNUSED;
    lnr_str s = value_text(r, self);
    unsigned word = LETTER_ALPHA | LETTER_DECIMAL | LETTER_DIGIT | LETTER_NUMERIC;
    size_t n = 0;
    bool inside = false;
    uint32_t cp;
    for (size_t i = 0, len; i < s.n && runtime_step(r); i += len) {
        len = lnr_utf8_decode(s.p + i, s.n - i, &cp);
        if (len == 0)
            break;
        bool is_word = (letter_classes(cp) & word) || cp == '_';
        n += is_word && !inside;
        inside = is_word;
    }
    return value_size(n);
}

FILTER(truncate) {
    (void)raw;
    lnr_str end = given(arg[2]) ? value_text(r, arg[2]) : LITERAL("...");
    int64_t length = arg_int(r, arg[0], 255, "length");
    int64_t leeway = arg[3].kind == VALUE_NONE ? 5 : arg_int(r, arg[3], 5, "leeway");
    int64_t n_end = (int64_t)text_length(end);
    if (length < n_end || leeway < 0)
        runtime_fail(r, LNR_E_ARGUMENT, "truncate: a length below that of the end, or no leeway");
    size_t n = 0;
    if (!value_length(self, &n))
        runtime_fail(r, LNR_E_ARGUMENT, "a %s has no length", value_type_name(self));
    if (r->status != LNR_OK || (int64_t)n - length <= leeway)
        return self;
    lnr_str s = arg_text(r, self, "text to truncate");
    lnr_str kept = {s.p, text_offset(s, (size_t)(length - n_end))};
    if (!(given(arg[1]) && value_truth(r, arg[1]))) /* back to the last blank, if there is one */
        for (size_t i = kept.n; i > 0; i--)
            if (kept.p[i - 1] == ' ') {
                kept.n = i - 1;
                break;
            }
    return value_str(text_join(r, kept, end));
}

FILTER(center) {
    (void)raw;
    lnr_str s = value_text(r, self);
    int64_t width = arg_int(r, arg[0], 80, "width"), n = (int64_t)text_length(s);
    if (width <= n)
        return value_str(s);
    int64_t fill = width - n, left = fill / 2 + (fill & width & 1); /* as str.center */
    size_t mark = out_mark(r);
    for (int64_t i = 0; i < fill && runtime_step(r); i++) {
        if (i == left)
            out_add_text(r, s);
        out_add_char(r, ' ');
    }
    if (left == fill)
        out_add_text(r, s);
    return out_take(r, mark);
}

FILTER(urlencode) {
    UNUSED;
    lnr_str s = value_text(r, self);
    size_t mark = out_mark(r);
    char hex[4];
    if (self.kind != VALUE_STRING && value_is_iterable(self))
        runtime_fail(r, LNR_E_UNSUPPORTED, "urlencode of a %s", value_type_name(self));
    for (size_t i = 0; i < s.n && runtime_step(r); i++) {
        char c = s.p[i];
        if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
            (c && strchr("_.-~/", c))) {
            out_add_char(r, c);
        } else {
            snprintf(hex, sizeof hex, "%%%02X", (unsigned char)c);
            out_add_str(r, hex);
        }
    }
    return out_take(r, mark);
}

/* ---- JSON */

static void take_separators(runtime *r, json_style *style, value v) {
    if (!given(v) || v.kind == VALUE_NONE)
        return;
    value_list *l = list_from(r, v);
    if (l->n != 2) {
        runtime_fail(r, LNR_E_ARGUMENT, "'separators' needs two strings");
        return;
    }
    style->item_sep = arg_text(r, l->item[0], "separators");
    style->key_sep = arg_text(r, l->item[1], "separators");
}

FILTER(tojson) {
    (void)raw;
    json_style style = {.item_sep = LITERAL(", "), .key_sep = LITERAL(": ")};
    style.ascii = given(arg[0]) && value_truth(r, arg[0]);
    style.pretty = given(arg[1]) && arg[1].kind != VALUE_NONE;
    style.sort_keys = given(arg[3]) && value_truth(r, arg[3]);
    if (style.pretty) {
        style.item_sep = LITERAL(",");
        if (arg[1].kind == VALUE_STRING)
            style.indent = arg[1].s;
        else
            style.indent = apply_math(r, '*', value_str(LITERAL(" ")),
                                      value_int(arg_int(r, arg[1], 0, "indent")))
                               .s;
    }
    take_separators(r, &style, arg[2]);
    size_t mark = out_mark(r);
    show_json(r, self, &style);
    return out_take(r, mark);
}

/* ---- numbers */

static value fail_too_large(runtime *r) {
    runtime_fail(r, LNR_E_UNSUPPORTED, "an integer of more than 64 bits");
    return NO_VALUE;
}

static value float_to_int(runtime *r, double f, value otherwise) {
    if (!isfinite(f))
        return otherwise;
    return fabs(f) < 0x1p63 ? value_int((int64_t)f) : fail_too_large(r);
}

FILTER(int) {
    (void)raw;
    value otherwise = given(arg[0]) ? arg[0] : value_int(0);
    int64_t x, base = arg_int(r, arg[1], 10, "base");
    bool overflow;
    double f;
    if (self.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, self);
    if (base < 0 || base == 1 || base > 36)
        return otherwise;
    if (self.kind == VALUE_STRING) {
        if (text_to_int(self.s, base, &x, &overflow))
            return overflow ? fail_too_large(r) : value_int(x);
        return text_to_float(r, self.s, &f) ? float_to_int(r, f, otherwise) : otherwise;
    }
    if (!is_number(self))
        return otherwise;
    return self.kind == VALUE_FLOAT ? float_to_int(r, self.f, otherwise)
                                    : value_int(integer_of(self));
}

FILTER(float) {
    (void)raw;
    double f;
    if (self.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, self);
    if (is_number(self))
        return value_float(number_of(self));
    if (self.kind == VALUE_STRING && text_to_float(r, self.s, &f))
        return value_float(f);
    return given(arg[0]) ? arg[0] : value_float(0);
}

FILTER(abs) {
    UNUSED;
    if (self.kind == VALUE_FLOAT)
        return value_float(fabs(self.f));
    if (is_integer(self))
        return integer_of(self) < 0 ? negate(r, self) : value_int(integer_of(self));
    if (self.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, self);
    runtime_fail(r, LNR_E_ARGUMENT, "abs needs a number, not %s", value_type_name(self));
    return NO_VALUE;
}

static value round_nearest(runtime *r, value v, int64_t places) {
    int n = places > 1000 ? 1000 : places < -1000 ? -1000 : (int)places;
    if (v.kind == VALUE_FLOAT)
        return value_float(decimal_round(v.f, n));
    int64_t x = integer_of(v);
    if (n >= 0)
        return value_int(x);
    if (x > (int64_t)1 << 53 || x < -((int64_t)1 << 53))
        return fail_too_large(r);
    return value_int((int64_t)decimal_round((double)x, n)); /* exact below 2^53 */
}

FILTER(round) {
    (void)raw;
    int64_t places = arg_int(r, arg[0], 0, "precision");
    lnr_str method = given(arg[1]) ? arg_text(r, arg[1], "method") : LITERAL("common");
    if (self.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, self);
    if (!is_number(self))
        runtime_fail(r, LNR_E_ARGUMENT, "round needs a number, not %s", value_type_name(self));
    if (r->status != LNR_OK)
        return NO_VALUE;
    if (lnr_str_is(method, "common"))
        return round_nearest(r, self, places);
    if (!lnr_str_is(method, "ceil") && !lnr_str_is(method, "floor")) {
        runtime_fail(r, LNR_E_ARGUMENT, "round: the method is common, ceil or floor");
        return NO_VALUE;
    }
    if (places < -300 || places > 300) {
        runtime_fail(r, LNR_E_ARGUMENT, "round: a precision beyond a float's");
        return NO_VALUE;
    }
    value power = apply_math(r, TOKEN_POWER, value_float(10), value_int(places));
    double scaled = number_of(self) * power.f;
    if (!isfinite(scaled)) {
        runtime_fail(r, LNR_E_ARGUMENT, "round: not a finite number");
        return NO_VALUE;
    }
    return value_float((lnr_str_is(method, "ceil") ? ceil(scaled) : floor(scaled)) / power.f);
}

static const builtin text_filters[] = {
    {"upper", "", 0, filter_upper},
    {"lower", "", 0, filter_lower},
    {"capitalize", "", 0, filter_capitalize},
    {"title", "", 0, filter_title},
    {"trim", "chars", 0, filter_trim},
    {"replace", "old new count", 2, filter_replace},
    {"string", "", 0, filter_string},
    {"safe", "", 0, filter_safe},
    {"escape", "", 0, filter_escape},
    {"e", "", 0, filter_escape},
    {"forceescape", "", 0, filter_forceescape},
    {"format", "*", 0, filter_format},
    {"indent", "width first blank", 0, filter_indent},
    {"wordcount", "", 0, filter_wordcount},
    {"truncate", "length killwords end leeway", 0, filter_truncate},
    {"center", "width", 0, filter_center},
    {"urlencode", "", 0, filter_urlencode},
    {"tojson", "ensure_ascii indent separators sort_keys", 0, filter_tojson},
    {"int", "default base", 0, filter_int},
    {"float", "default", 0, filter_float},
    {"abs", "", 0, filter_abs},
    {"round", "precision method", 0, filter_round},
    {"filesizeformat", "*", 0, NULL},
    {"pprint", "*", 0, NULL},
    {"striptags", "*", 0, NULL},
    {"urlize", "*", 0, NULL},
    {"wordwrap", "*", 0, NULL},
    {"xmlattr", "*", 0, NULL},
};

const builtin *find_text_filter(lnr_str name) {
    return FIND_IN(text_filters, name);
}
