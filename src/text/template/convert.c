/* Conversions and text operations that filters and methods share; see filters.h. */
#include "text/template/filters.h"

#include "base/utf8.h"
#include "text/template/decimal.h"
#include "text/template/letters.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

int64_t arg_int(runtime *r, value v, int64_t absent, const char *what) {
    if (v.kind == VALUE_ABSENT)
        return absent;
    if (is_integer(v))
        return integer_of(v);
    if (v.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, v);
    runtime_fail(r, LNR_E_ARGUMENT, "'%s' must be an integer, not %s", what, value_type_name(v));
    return absent;
}

lnr_str arg_text(runtime *r, value v, const char *what) {
    if (v.kind == VALUE_STRING)
        return v.s;
    if (v.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, v);
    runtime_fail(r, LNR_E_ARGUMENT, "'%s' must be a string, not %s", what, value_type_name(v));
    return LITERAL("");
}

value escape_html(runtime *r, value v) {
    if (v.kind == VALUE_STRING && v.note == STRING_MARKUP)
        return v;
    lnr_str s = value_text(r, v);
    size_t mark = out_mark(r), start = 0;
    for (size_t i = 0; i <= s.n; i++) {
        const char *entity = i == s.n         ? ""
                             : s.p[i] == '&'  ? "&amp;"
                             : s.p[i] == '<'  ? "&lt;"
                             : s.p[i] == '>'  ? "&gt;"
                             : s.p[i] == '\'' ? "&#39;"
                             : s.p[i] == '"'  ? "&#34;"
                                              : NULL;
        if (entity == NULL)
            continue;
        out_add(r, s.p + start, i - start);
        out_add_str(r, entity);
        start = i + 1;
    }
    v = out_take(r, mark);
    v.note = STRING_MARKUP;
    return v;
}

value replace_text(runtime *r, lnr_str s, lnr_str from, lnr_str to, int64_t n_max) {
    size_t mark = out_mark(r), i = 0, start = 0;
    while (n_max != 0 && i + from.n <= s.n && runtime_step(r)) {
        if (from.n == 0) { /* before every character and at the end */
            out_add_text(r, to);
            n_max--;
            lnr_str rest = {s.p + i, s.n - i};
            size_t len = text_offset((lnr_str){rest.p, rest.n < 4 ? rest.n : 4}, 1);
            out_add(r, rest.p, len);
            start = i += len;
            if (len == 0)
                break;
            continue;
        }
        const char *p = memchr(s.p + i, from.p[0], s.n - from.n + 1 - i);
        if (p == NULL)
            break;
        i = (size_t)(p - s.p);
        if (memcmp(p, from.p, from.n) != 0) {
            i++;
            continue;
        }
        out_add(r, s.p + start, i - start);
        out_add_text(r, to);
        start = i += from.n;
        n_max--;
    }
    out_add(r, s.p + start, s.n - start);
    return out_take(r, mark);
}

/* Length of the line end at s[i], 0 if there is none. */
static size_t line_end(lnr_str s, size_t i) {
    uint32_t cp;
    size_t len = lnr_utf8_decode(s.p + i, s.n - i, &cp);
    if (cp == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
        return 2;
    bool ends = (cp >= 0xa && cp <= 0xd) || (cp >= 0x1c && cp <= 0x1e) || cp == 0x85 ||
                cp == 0x2028 || cp == 0x2029;
    return ends ? len : 0;
}

value_list *split_lines(runtime *r, lnr_str s, bool keep_ends) {
    value_list *l = list_create(r, 0);
    size_t start = 0, i = 0;
    if (!runtime_spend(r, s.n / 16))
        return l;
    while (i < s.n) {
        size_t len = line_end(s, i);
        if (len == 0) {
            i++;
            while (i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80)
                i++;
            continue;
        }
        list_add(r, l, value_str((lnr_str){s.p + start, i - start + (keep_ends ? len : 0)}));
        start = i += len;
    }
    if (start < s.n)
        list_add(r, l, value_str((lnr_str){s.p + start, s.n - start}));
    return l;
}

/* The first (or last) character of s; its length. */
static size_t edge_char(lnr_str s, bool last) {
    if (!last)
        return text_offset((lnr_str){s.p, s.n < 4 ? s.n : 4}, 1);
    size_t i = s.n - 1;
    while (i > 0 && ((unsigned char)s.p[i] & 0xc0) == 0x80)
        i--;
    return s.n - i;
}

lnr_str strip_chars(runtime *r, lnr_str s, value chars, bool start, bool end) {
    if (chars.kind == VALUE_ABSENT || chars.kind == VALUE_NONE) {
        if (!runtime_spend(r, s.n / 64))
            return s;
        s = start ? text_trim_start(s) : s;
        return end ? text_trim_end(s) : s;
    }
    value set = value_str(arg_text(r, chars, "chars"));
    for (size_t len; start && s.n; s.p += len, s.n -= len) {
        len = edge_char(s, false);
        if (!runtime_step(r) || !value_contains(r, set, value_str((lnr_str){s.p, len})))
            break;
    }
    for (size_t len; end && s.n; s.n -= len) {
        len = edge_char(s, true);
        if (!runtime_step(r) || !value_contains(r, set, value_str((lnr_str){s.p + s.n - len, len})))
            break;
    }
    return s;
}

/* Without underscores between digits, which Python allows; in the arena. */
static lnr_str plain_digits(runtime *r, lnr_str s) {
    size_t mark = out_mark(r);
    for (size_t i = 0; i < s.n && runtime_step(r); i++) {
        bool between = i > 0 && i + 1 < s.n && s.p[i - 1] >= '0' && s.p[i - 1] <= '9' &&
                       s.p[i + 1] >= '0' && s.p[i + 1] <= '9';
        if (s.p[i] != '_' || !between)
            out_add_char(r, s.p[i]);
    }
    return out_take(r, mark).s;
}

bool text_to_float(runtime *r, lnr_str s, double *x) {
    static const char *const words[] = {"inf", "infinity", "nan"};
    s = plain_digits(r, strip_chars(r, s, NONE_VALUE, true, true));
    bool negative = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+')) {
        s.p++;
        s.n--;
    }
    bool found = decimal_read(s, x);
    for (size_t i = 0; i < 3 && !found; i++) {
        size_t j = 0;
        while (j < s.n && words[i][j] && (s.p[j] | 32) == words[i][j])
            j++;
        found = j == s.n && words[i][j] == '\0';
        *x = i < 2 ? INFINITY : NAN;
    }
    *x = negative ? -*x : *x;
    return found;
}

static int digit_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return (c | 32) >= 'a' && (c | 32) <= 'z' ? (c | 32) - 'a' + 10 : 99;
}

bool text_to_int(lnr_str s, int64_t base, int64_t *x, bool *overflow) {
    s = text_trim_end(text_trim_start(s));
    size_t i = 0;
    bool negative = s.n && s.p[0] == '-', digit_before = false;
    i += s.n && (s.p[0] == '-' || s.p[0] == '+');
    char second = i + 1 < s.n && s.p[i] == '0' ? (char)(s.p[i + 1] | 32) : '\0';
    int64_t named = second == 'x' ? 16 : second == 'o' ? 8 : second == 'b' ? 2 : 0;
    if (named && (base == named || base == 0)) {
        i += 2;
        base = named;
        digit_before = true; /* 0x_1 is allowed */
    }
    base = base ? base : 10;
    *x = 0;
    *overflow = false;
    for (; i < s.n; i++) {
        int d = digit_of(s.p[i]);
        if (s.p[i] == '_' && digit_before) {
            digit_before = false;
            continue;
        }
        if (d >= base)
            return false;
        *overflow |=
            __builtin_mul_overflow(*x, base, x) || __builtin_add_overflow(*x, negative ? -d : d, x);
        digit_before = true;
    }
    return digit_before && i > 0 && digit_of(s.p[s.n - 1]) < base;
}

value join_texts(runtime *r, lnr_str separator, value items, bool strict) {
    size_t mark = out_mark(r);
    cursor c;
    value v;
    bool first = true;
    if (!cursor_init(r, &c, items))
        return NO_VALUE;
    while (cursor_next(r, &c, &v)) {
        if (!first)
            out_add_text(r, separator);
        first = false;
        if (strict)
            arg_text(r, v, "item to join");
        show_str(r, v);
    }
    return out_take(r, mark);
}

/* ---- format % args */

typedef struct formatter {
    runtime *r;
    value args;
    size_t next; /* of args, when it is a tuple */
} formatter;

static value next_argument(formatter *f) {
    bool tuple = f->args.kind == VALUE_TUPLE;
    if (f->next >= (tuple ? f->args.list->n : 1)) {
        runtime_fail(f->r, LNR_E_ARGUMENT, "not enough arguments for the format");
        return NO_VALUE;
    }
    return tuple ? f->args.list->item[f->next++] : (f->next++, f->args);
}

static void format_number(formatter *f, char kind, int places, value v) {
    char text[DECIMAL_TEXT_MAX * 2];
    if (!is_number(v)) {
        runtime_fail(f->r, LNR_E_ARGUMENT, "%%%c needs a number, not %s", kind, value_type_name(v));
    } else if (kind == 'd' || kind == 'i') {
        if (v.kind == VALUE_FLOAT && !(fabs(v.f) < 0x1p63))
            runtime_fail(f->r, LNR_E_UNSUPPORTED, "an integer of more than 64 bits");
        else
            show_str(f->r, value_int(v.kind == VALUE_FLOAT ? (int64_t)v.f : integer_of(v)));
    } else if (decimal_write_fixed(number_of(v), (unsigned)(places < 0 ? 6 : places), text)) {
        out_add_str(f->r, text);
    } else {
        runtime_fail(f->r, LNR_E_UNSUPPORTED, "%%f of this number");
    }
}

/* One directive, s[i] being what follows the '%'; returns the bytes it takes. */
static size_t format_one(formatter *f, lnr_str s, size_t i) {
    size_t start = i;
    int places = -1;
    if (i + 1 < s.n && s.p[i] == '.' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9') {
        places = s.p[i + 1] - '0';
        i += 2;
    }
    char kind = i < s.n ? s.p[i] : '\0';
    if (kind == '%' && places < 0) {
        out_add_char(f->r, '%');
    } else if (kind == 's' && places < 0) {
        show_str(f->r, next_argument(f));
    } else if (kind == 'r' && places < 0) {
        show_repr(f->r, next_argument(f));
    } else if (kind == 'f' || ((kind == 'd' || kind == 'i') && places < 0)) {
        format_number(f, kind, places, next_argument(f));
    } else {
        runtime_fail(f->r, LNR_E_UNSUPPORTED, "the format has more than %%s %%r %%d %%f %%.3f");
    }
    return i + 1 - start;
}

value format_percent(runtime *r, lnr_str format, value args) {
    formatter f = {.r = r, .args = args};
    size_t mark = out_mark(r), start = 0;
    for (size_t i = 0; i < format.n && runtime_step(r); i++) {
        if (format.p[i] != '%')
            continue;
        out_add(r, format.p + start, i - start);
        i += format_one(&f, format, i + 1);
        start = i + 1;
    }
    if (start < format.n)
        out_add(r, format.p + start, format.n - start);
    /* Python lets go unused what has items by name: it could be meant for %(name)s. */
    bool by_name = args.kind != VALUE_TUPLE && args.kind != VALUE_STRING && value_is_sequence(args);
    if (!by_name && f.next < (args.kind == VALUE_TUPLE ? args.list->n : 1))
        runtime_fail(r, LNR_E_ARGUMENT, "more arguments than the format has places");
    return out_take(r, mark);
}
