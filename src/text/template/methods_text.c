/* The methods of strings, as Python's str has them; see call.h. */
#include "text/template/filters.h"

#include "base/utf8.h"
#include "text/template/letters.h"

#define METHOD(name)                                                                               \
    static value method_##name(runtime *r, value self, const value *arg, const call_args *raw)
#define UNUSED ((void)arg, (void)raw)

static value in_case(runtime *r, value self, void (*change)(runtime *, lnr_str)) {
    size_t mark = out_mark(r);
    change(r, self.s);
    return out_take(r, mark);
}

#define CASE_METHOD(name)                                                                          \
    METHOD(name) {                                                                                 \
        UNUSED;                                                                                    \
        return in_case(r, self, letters_##name);                                                   \
    }

CASE_METHOD(upper)
CASE_METHOD(lower)
CASE_METHOD(title)
CASE_METHOD(capitalize)

METHOD(strip) {
    (void)raw;
    return value_str(strip_chars(r, self.s, arg[0], true, true));
}

METHOD(lstrip) {
    (void)raw;
    return value_str(strip_chars(r, self.s, arg[0], true, false));
}

METHOD(rstrip) {
    (void)raw;
    return value_str(strip_chars(r, self.s, arg[0], false, true));
}

METHOD(replace) {
    (void)raw;
    lnr_str from = arg_text(r, arg[0], "old"), to = arg_text(r, arg[1], "new");
    return replace_text(r, self.s, from, to, arg_int(r, arg[2], -1, "count"));
}

/* ---- searching; all positions are bytes until they are given to the template */

/* First (or last) occurrence of part in s, or -1. */
static int64_t find_bytes(runtime *r, lnr_str s, lnr_str part, bool last) {
    if (part.n > s.n || !runtime_spend(r, s.n / 16))
        return -1;
    size_t n = s.n - part.n + 1;
    for (size_t k = 0; k < n; k++) {
        size_t i = last ? n - 1 - k : k;
        if (part.n && s.p[i] != part.p[0])
            continue;
        if (!runtime_spend(r, part.n / 64))
            return -1;
        if (part.n == 0 || memcmp(s.p + i, part.p, part.n) == 0)
            return (int64_t)i;
    }
    return -1;
}

/* The characters start .. end of s, Python's way; *skipped bytes come before. False if start is
 * beyond the end. */
static bool clip(runtime *r, lnr_str *s, value start, value end, size_t *skipped) {
    int64_t n = (int64_t)text_length(*s);
    int64_t from = start.kind == VALUE_NONE ? 0 : arg_int(r, start, 0, "start");
    int64_t to = end.kind == VALUE_NONE ? n : arg_int(r, end, n, "end");
    *skipped = 0;
    if (start.kind == VALUE_ABSENT && end.kind == VALUE_ABSENT)
        return true;
    from = from < 0 ? (from + n < 0 ? 0 : from + n) : from;
    to = to < 0 ? (to + n < 0 ? 0 : to + n) : (to > n ? n : to);
    if (from > n || from > to)
        return false;
    *skipped = text_offset(*s, (size_t)from);
    s->n = text_offset(*s, (size_t)to) - *skipped;
    s->p += *skipped;
    return true;
}

static value find_text(runtime *r, value self, const value *arg, bool last) {
    lnr_str s = self.s, part = arg_text(r, arg[0], "sub");
    size_t skipped;
    int64_t at = clip(r, &s, arg[1], arg[2], &skipped) ? find_bytes(r, s, part, last) : -1;
    if (at < 0)
        return value_int(-1);
    return value_size(text_length((lnr_str){self.s.p, skipped + (size_t)at}));
}

METHOD(find) {
    (void)raw;
    return find_text(r, self, arg, false);
}

METHOD(rfind) {
    (void)raw;
    return find_text(r, self, arg, true);
}

static value found_or_fail(runtime *r, value v) {
    if (v.i < 0)
        runtime_fail(r, LNR_E_ARGUMENT, "substring not found");
    return v;
}

METHOD(index) {
    (void)raw;
    return found_or_fail(r, find_text(r, self, arg, false));
}

METHOD(rindex) {
    (void)raw;
    return found_or_fail(r, find_text(r, self, arg, true));
}

METHOD(count) {
    (void)raw;
    lnr_str s = self.s, part = arg_text(r, arg[0], "sub");
    size_t skipped, n = 0;
    if (!clip(r, &s, arg[1], arg[2], &skipped))
        return value_int(0);
    if (part.n == 0)
        return value_size(text_length(s) + 1);
    for (int64_t at; runtime_step(r) && (at = find_bytes(r, s, part, false)) >= 0; n++) {
        s.p += (size_t)at + part.n;
        s.n -= (size_t)at + part.n;
    }
    return value_size(n);
}

static bool has_affix(lnr_str s, lnr_str affix, bool at_end) {
    return affix.n <= s.n &&
           (affix.n == 0 || memcmp(s.p + (at_end ? s.n - affix.n : 0), affix.p, affix.n) == 0);
}

static value with_affix(runtime *r, value self, const value *arg, bool at_end) {
    lnr_str s = self.s;
    size_t skipped;
    bool inside = clip(r, &s, arg[1], arg[2], &skipped);
    if (arg[0].kind != VALUE_TUPLE) {
        lnr_str affix = arg_text(r, arg[0], "prefix or suffix");
        return value_bool(inside && has_affix(s, affix, at_end));
    }
    for (size_t i = 0; i < arg[0].list->n && runtime_step(r); i++)
        if (has_affix(s, arg_text(r, arg[0].list->item[i], "prefix or suffix"), at_end))
            return value_bool(inside);
    return value_bool(false);
}

METHOD(startswith) {
    (void)raw;
    return with_affix(r, self, arg, false);
}

METHOD(endswith) {
    (void)raw;
    return with_affix(r, self, arg, true);
}

METHOD(removeprefix) {
    (void)raw;
    lnr_str affix = arg_text(r, arg[0], "prefix");
    if (!has_affix(self.s, affix, false))
        return self;
    return value_str((lnr_str){self.s.p + affix.n, self.s.n - affix.n});
}

METHOD(removesuffix) {
    (void)raw;
    lnr_str affix = arg_text(r, arg[0], "suffix");
    return has_affix(self.s, affix, true) ? value_str((lnr_str){self.s.p, self.s.n - affix.n})
                                          : self;
}

/* ---- splitting and joining */

static void reverse_list(value_list *l) {
    for (size_t i = 0; i < l->n / 2; i++) {
        value v = l->item[i];
        l->item[i] = l->item[l->n - 1 - i];
        l->item[l->n - 1 - i] = v;
    }
}

static value_list *split_at(runtime *r, lnr_str s, lnr_str separator, int64_t n_max, bool last) {
    value_list *l = list_create(r, 0);
    int64_t at;
    if (separator.n == 0)
        runtime_fail(r, LNR_E_ARGUMENT, "split: an empty separator");
    while (n_max-- != 0 && runtime_step(r) && (at = find_bytes(r, s, separator, last)) >= 0) {
        size_t i = (size_t)at, after = i + separator.n;
        if (last) {
            list_add(r, l, value_str((lnr_str){s.p + after, s.n - after}));
            s.n = i;
        } else {
            list_add(r, l, value_str((lnr_str){s.p, i}));
            s = (lnr_str){s.p + after, s.n - after};
        }
    }
    list_add(r, l, value_str(s));
    if (last)
        reverse_list(l);
    return l;
}

/* Bytes of s up to the first white space (last: of s after the last one). */
static size_t word_bytes(lnr_str s, bool last) {
    uint32_t cp;
    size_t i = last ? s.n : 0;
    while (last ? i > 0 : i < s.n) {
        size_t at = last ? i - 1 : i;
        while (last && at > 0 && ((unsigned char)s.p[at] & 0xc0) == 0x80)
            at--;
        size_t len = lnr_utf8_decode(s.p + at, s.n - at, &cp);
        if (len == 0 || (letter_classes(cp) & LETTER_SPACE))
            break;
        i = last ? at : i + len;
    }
    return last ? s.n - i : i;
}

static value_list *split_words(runtime *r, lnr_str s, int64_t n_max, bool last) {
    value_list *l = list_create(r, 0);
    if (!runtime_spend(r, s.n / 8))
        return l;
    for (s = last ? text_trim_end(s) : text_trim_start(s); s.n && runtime_step(r);) {
        size_t n = n_max-- == 0 ? 0 : word_bytes(s, last);
        if (n == 0) { /* the rest, with the white space on its other side */
            list_add(r, l, value_str(s));
            break;
        }
        list_add(r, l, value_str((lnr_str){last ? s.p + s.n - n : s.p, n}));
        s = (lnr_str){last ? s.p : s.p + n, s.n - n};
        s = last ? text_trim_end(s) : text_trim_start(s);
    }
    if (last)
        reverse_list(l);
    return l;
}

static value split_text(runtime *r, value self, const value *arg, bool last) {
    int64_t n_max = arg_int(r, arg[1], -1, "maxsplit");
    value_list *l;
    if (arg[0].kind == VALUE_ABSENT || arg[0].kind == VALUE_NONE)
        l = split_words(r, self.s, n_max, last);
    else
        l = split_at(r, self.s, arg_text(r, arg[0], "sep"), n_max, last);
    return value_from_list(VALUE_LIST, l);
}

METHOD(split) {
    (void)raw;
    return split_text(r, self, arg, false);
}

METHOD(rsplit) {
    (void)raw;
    return split_text(r, self, arg, true);
}

METHOD(splitlines) {
    (void)raw;
    bool keep = arg[0].kind != VALUE_ABSENT && value_truth(r, arg[0]);
    return value_from_list(VALUE_LIST, split_lines(r, self.s, keep));
}

static value partition_text(runtime *r, value self, value separator, bool last) {
    lnr_str s = self.s, sep = arg_text(r, separator, "sep");
    if (sep.n == 0)
        runtime_fail(r, LNR_E_ARGUMENT, "partition: an empty separator");
    int64_t at = r->status == LNR_OK ? find_bytes(r, s, sep, last) : -1;
    lnr_str part[3] = {s, LITERAL(""), LITERAL("")};
    if (at >= 0) {
        size_t i = (size_t)at, after = i + sep.n;
        part[0].n = i;
        part[1] = sep;
        part[2] = (lnr_str){s.p + after, s.n - after};
    } else if (last) {
        part[2] = s;
        part[0].n = 0;
    }
    value_list *l = list_create(r, 3);
    for (int i = 0; i < 3; i++)
        list_add(r, l, value_str(part[i]));
    return value_from_list(VALUE_TUPLE, l);
}

METHOD(partition) {
    (void)raw;
    return partition_text(r, self, arg[0], false);
}

METHOD(rpartition) {
    (void)raw;
    return partition_text(r, self, arg[0], true);
}

METHOD(join) {
    (void)raw;
    return join_texts(r, self.s, arg[0], true);
}

/* ---- padding */

static value pad_text(runtime *r, value self, const value *arg, int side) {
    lnr_str fill = arg[1].kind == VALUE_ABSENT ? LITERAL(" ") : arg_text(r, arg[1], "fillchar");
    int64_t width = arg_int(r, arg[0], 0, "width"), n = (int64_t)text_length(self.s);
    if (text_length(fill) != 1)
        runtime_fail(r, LNR_E_ARGUMENT, "the fill must be one character");
    if (r->status != LNR_OK || width <= n)
        return self;
    int64_t missing = width - n;
    int64_t left = side < 0 ? 0 : side > 0 ? missing : missing / 2 + (missing & width & 1);
    size_t mark = out_mark(r);
    for (int64_t i = 0; i < left && runtime_step(r); i++)
        out_add_text(r, fill);
    out_add_text(r, self.s);
    for (int64_t i = left; i < missing && runtime_step(r); i++)
        out_add_text(r, fill);
    return out_take(r, mark);
}

METHOD(ljust) {
    (void)raw;
    return pad_text(r, self, arg, -1);
}

METHOD(center) {
    (void)raw;
    return pad_text(r, self, arg, 0);
}

METHOD(rjust) {
    (void)raw;
    return pad_text(r, self, arg, 1);
}

METHOD(zfill) {
    (void)raw;
    bool sign = self.s.n && (self.s.p[0] == '-' || self.s.p[0] == '+');
    int64_t n = arg_int(r, arg[0], 0, "width") - (int64_t)text_length(self.s);
    size_t mark = out_mark(r);
    out_add(r, self.s.p, sign);
    for (int64_t i = 0; i < n && runtime_step(r); i++)
        out_add_char(r, '0');
    out_add(r, self.s.p + sign, self.s.n - sign);
    return out_take(r, mark);
}

/* ---- questions */

/* All characters have one of the classes, and there is one. */
static value all_of(runtime *r, lnr_str s, unsigned classes) {
    uint32_t cp;
    for (size_t i = 0, len; i < s.n && runtime_step(r); i += len) {
        len = lnr_utf8_decode(s.p + i, s.n - i, &cp);
        if (len == 0 || !(letter_classes(cp) & classes))
            return value_bool(false);
    }
    return value_bool(s.n > 0);
}

#define CLASS_METHOD(name, classes)                                                                \
    METHOD(name) {                                                                                 \
        UNUSED;                                                                                    \
        return all_of(r, self.s, (classes));                                                       \
    }

CLASS_METHOD(isalpha, LETTER_ALPHA)
CLASS_METHOD(isdigit, LETTER_DIGIT)
CLASS_METHOD(isdecimal, LETTER_DECIMAL)
CLASS_METHOD(isnumeric, LETTER_NUMERIC)
CLASS_METHOD(isspace, LETTER_SPACE)
CLASS_METHOD(isalnum, LETTER_ALPHA | LETTER_DECIMAL | LETTER_DIGIT | LETTER_NUMERIC)

METHOD(isprintable) {
    UNUSED;
    return value_bool(self.s.n == 0 || all_of(r, self.s, LETTER_PRINTABLE).b);
}

METHOD(isascii) {
    UNUSED;
    (void)r;
    return value_bool(text_length(self.s) == self.s.n);
}

static value is_case(runtime *r, value self, const char *test) {
    return call_builtin(r, find_test(lnr_str_from(test)), self, &(call_args){0});
}

METHOD(isupper) {
    UNUSED;
    return is_case(r, self, "upper");
}

METHOD(islower) {
    UNUSED;
    return is_case(r, self, "lower");
}

static const builtin text_methods[] = {
    {"strip", "chars", 0, method_strip},
    {"split", "sep maxsplit", 0, method_split},
    {"startswith", "prefix start end", 1, method_startswith},
    {"endswith", "suffix start end", 1, method_endswith},
    {"lstrip", "chars", 0, method_lstrip},
    {"rstrip", "chars", 0, method_rstrip},
    {"replace", "old new count", 2, method_replace},
    {"upper", "", 0, method_upper},
    {"lower", "", 0, method_lower},
    {"title", "", 0, method_title},
    {"capitalize", "", 0, method_capitalize},
    {"find", "sub start end", 1, method_find},
    {"rfind", "sub start end", 1, method_rfind},
    {"index", "sub start end", 1, method_index},
    {"rindex", "sub start end", 1, method_rindex},
    {"count", "sub start end", 1, method_count},
    {"removeprefix", "prefix", 1, method_removeprefix},
    {"removesuffix", "suffix", 1, method_removesuffix},
    {"rsplit", "sep maxsplit", 0, method_rsplit},
    {"splitlines", "keepends", 0, method_splitlines},
    {"partition", "sep", 1, method_partition},
    {"rpartition", "sep", 1, method_rpartition},
    {"join", "iterable", 1, method_join},
    {"ljust", "width fillchar", 1, method_ljust},
    {"center", "width fillchar", 1, method_center},
    {"rjust", "width fillchar", 1, method_rjust},
    {"zfill", "width", 1, method_zfill},
    {"isalpha", "", 0, method_isalpha},
    {"isdigit", "", 0, method_isdigit},
    {"isdecimal", "", 0, method_isdecimal},
    {"isnumeric", "", 0, method_isnumeric},
    {"isspace", "", 0, method_isspace},
    {"isalnum", "", 0, method_isalnum},
    {"isprintable", "", 0, method_isprintable},
    {"isascii", "", 0, method_isascii},
    {"isupper", "", 0, method_isupper},
    {"islower", "", 0, method_islower},
    {"casefold", "*", 0, NULL},
    {"encode", "*", 0, NULL},
    {"expandtabs", "*", 0, NULL},
    {"format", "*", 0, NULL},
    {"format_map", "*", 0, NULL},
    {"isidentifier", "*", 0, NULL},
    {"istitle", "*", 0, NULL},
    {"maketrans", "*", 0, NULL},
    {"swapcase", "*", 0, NULL},
    {"translate", "*", 0, NULL},
};

const builtin *find_text_method(lnr_str name) {
    return FIND_IN(text_methods, name);
}
