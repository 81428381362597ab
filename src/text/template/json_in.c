/* Reading JSON by recursive descent, one pass, no look-back; see json_in.h. */
#include "text/template/json_in.h"

#include "base/checked.h"
#include "base/utf8.h"
#include "text/template/decimal.h"
#include "text/template/runtime.h"

#include <math.h>

typedef struct json_reader {
    runtime *r;
    lnr_str text;
    size_t at;
    unsigned depth;
} json_reader;

static value fail(json_reader *j, const char *what) {
    runtime_fail(j->r, LNR_E_FORMAT, "JSON at byte %zu: %s", j->at, what);
    return NO_VALUE;
}

static int peek(const json_reader *j) {
    return j->at < j->text.n ? (unsigned char)j->text.p[j->at] : -1;
}

static bool take(json_reader *j, char c) {
    if (peek(j) != c)
        return false;
    j->at++;
    return true;
}

static void skip_space(json_reader *j) {
    while (peek(j) == ' ' || peek(j) == '\n' || peek(j) == '\r' || peek(j) == '\t')
        j->at++;
}

static bool read_hex4(json_reader *j, uint32_t *out) {
    *out = 0;
    for (int i = 0; i < 4; i++, j->at++) {
        int c = peek(j), low = c | 32;
        if (c >= '0' && c <= '9')
            *out = *out << 4 | (uint32_t)(c - '0');
        else if (low >= 'a' && low <= 'f')
            *out = *out << 4 | (uint32_t)(low - 'a' + 10);
        else
            return false;
    }
    return true;
}

/* After the 'u'. */
static bool read_unicode_escape(json_reader *j) {
    uint32_t cp, second;
    if (!read_hex4(j, &cp)) {
        fail(j, "\\u needs four hexadecimal digits");
        return false;
    }
    if (cp >= 0xd800 && cp < 0xdc00 && take(j, '\\') && take(j, 'u') && read_hex4(j, &second) &&
        second >= 0xdc00 && second < 0xe000)
        cp = 0x10000 + ((cp - 0xd800) << 10) + (second - 0xdc00);
    if (cp >= 0xd800 && cp < 0xe000) {
        fail(j, "half of a surrogate pair");
        return false;
    }
    out_add_cp(j->r, cp);
    return true;
}

static bool read_escape(json_reader *j) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = peek(j);
    const char *at = c > 0 ? memchr(from, c, sizeof from - 1) : NULL;
    if (at) {
        j->at++;
        out_add_char(j->r, to[at - from]);
        return true;
    }
    if (take(j, 'u'))
        return read_unicode_escape(j);
    fail(j, "an escape that JSON does not have");
    return false;
}

/* After the opening quote. */
static value read_string(json_reader *j) {
    size_t mark = out_mark(j->r);
    while (j->r->status == LNR_OK) {
        size_t start = j->at;
        uint32_t cp;
        int c;
        while ((c = peek(j)) >= 0x20 && c != '"' && c != '\\') {
            size_t len = lnr_utf8_decode(j->text.p + j->at, j->text.n - j->at, &cp);
            if (len == 0)
                return fail(j, "not UTF-8");
            j->at += len;
        }
        out_add(j->r, j->text.p + start, j->at - start);
        if (c < 0)
            return fail(j, "the text ends inside a string");
        if (c < 0x20)
            return fail(j, "a control character inside a string");
        j->at++;
        if (c == '"')
            return out_take(j->r, mark);
        if (!read_escape(j))
            break;
    }
    return NO_VALUE;
}

static size_t skip_digits(json_reader *j) {
    size_t start = j->at;
    while (peek(j) >= '0' && peek(j) <= '9')
        j->at++;
    return j->at - start;
}

static value read_integer(json_reader *j, lnr_str digits, bool negative) {
    int64_t x = 0;
    for (size_t i = 0; i < digits.n; i++) {
        int d = digits.p[i] - '0';
        if (__builtin_mul_overflow(x, 10, &x) || __builtin_add_overflow(x, negative ? -d : d, &x))
            return fail(j, "an integer of more than 64 bits");
    }
    return value_int(x);
}

static value read_number(json_reader *j) {
    bool negative = take(j, '-'), is_integer = true;
    size_t start = j->at;
    if (!take(j, '0') && skip_digits(j) == 0)
        return fail(j, "a value was expected");
    if (take(j, '.')) {
        is_integer = false;
        if (skip_digits(j) == 0)
            return fail(j, "a digit was expected after the point");
    }
    if (take(j, 'e') || take(j, 'E')) {
        is_integer = false;
        if (!take(j, '+'))
            take(j, '-');
        if (skip_digits(j) == 0)
            return fail(j, "a digit was expected in the exponent");
    }
    lnr_str text = {j->text.p + start, j->at - start};
    if (is_integer)
        return read_integer(j, text, negative);
    double x = 0;
    if (!decimal_read(text, &x) || !isfinite(x))
        return fail(j, "a number outside the range of a double");
    return value_float(negative ? -x : x);
}

static value read_value(json_reader *j);

static value read_array(json_reader *j) {
    value_list *l = list_create(j->r, 0);
    skip_space(j);
    if (take(j, ']'))
        return value_from_list(VALUE_LIST, l);
    while (j->r->status == LNR_OK) {
        list_add(j->r, l, read_value(j));
        if (take(j, ']'))
            return value_from_list(VALUE_LIST, l);
        if (!take(j, ','))
            return fail(j, "',' or ']' was expected");
    }
    return NO_VALUE;
}

static value read_object(json_reader *j) {
    value_dict *d = dict_create(j->r);
    skip_space(j);
    if (take(j, '}'))
        return value_from_dict(VALUE_DICT, d);
    while (j->r->status == LNR_OK) {
        skip_space(j);
        size_t start = j->at;
        if (!take(j, '"'))
            return fail(j, "a name in quotes was expected");
        value name = read_string(j);
        skip_space(j);
        if (!take(j, ':'))
            return fail(j, "':' was expected");
        value v = read_value(j);
        if (j->r->status == LNR_OK && dict_find(j->r, d, name)) {
            j->at = start;
            return fail(j, "this name occurs twice in its object");
        }
        dict_set(j->r, d, name, v);
        if (take(j, '}'))
            return value_from_dict(VALUE_DICT, d);
        if (!take(j, ','))
            return fail(j, "',' or '}' was expected");
    }
    return NO_VALUE;
}

static bool take_word(json_reader *j, const char *word) {
    if (!lnr_str_starts((lnr_str){j->text.p + j->at, j->text.n - j->at}, word))
        return false;
    j->at += strlen(word);
    return true;
}

static value read_bare(json_reader *j) {
    if (take(j, '"'))
        return read_string(j);
    if (take_word(j, "null"))
        return NONE_VALUE;
    if (take_word(j, "true"))
        return value_bool(true);
    if (take_word(j, "false"))
        return value_bool(false);
    return read_number(j);
}

/* With the space around it. */
static value read_value(json_reader *j) {
    value v;
    skip_space(j);
    if (peek(j) == '[' || peek(j) == '{') {
        if (j->depth == JSON_DEPTH_MAX) {
            runtime_fail(j->r, LNR_E_LIMIT, "JSON at byte %zu: nested more than %d deep", j->at,
                         JSON_DEPTH_MAX);
            return NO_VALUE;
        }
        j->depth++;
        v = take(j, '[') ? read_array(j) : (j->at++, read_object(j));
        j->depth--;
    } else {
        v = read_bare(j);
    }
    skip_space(j);
    return v;
}

value json_read(runtime *r, lnr_str text) {
    json_reader j = {.r = r, .text = text};
    value v = read_value(&j);
    if (j.at != text.n)
        fail(&j, "more text after the value");
    return r->status == LNR_OK ? v : NO_VALUE;
}
