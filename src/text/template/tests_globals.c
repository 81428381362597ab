/* The tests (x is y), the global functions, and the search of all tables; see call.h. */
#include "text/template/filters.h"
#include "text/template/letters.h"
#include "text/template/strftime.h"

#include "base/utf8.h"

#include <math.h>

#define TEST(name)                                                                                 \
    static value test_##name(runtime *r, value self, const value *arg, const call_args *raw)
#define UNUSED ((void)r, (void)arg, (void)raw)

/* A test that only looks at the kind. */
#define KIND_TEST(name, condition)                                                                 \
    TEST(name) {                                                                                   \
        UNUSED;                                                                                    \
        return value_bool(condition);                                                              \
    }

KIND_TEST(defined, self.kind != VALUE_UNDEFINED)
KIND_TEST(undefined, self.kind == VALUE_UNDEFINED)
KIND_TEST(none, self.kind == VALUE_NONE)
KIND_TEST(string, self.kind == VALUE_STRING)
KIND_TEST(boolean, self.kind == VALUE_BOOL)
KIND_TEST(integer, self.kind == VALUE_INT)
KIND_TEST(float, self.kind == VALUE_FLOAT)
KIND_TEST(number, is_number(self))
KIND_TEST(mapping, self.kind == VALUE_DICT)
KIND_TEST(iterable, value_is_iterable(self))
KIND_TEST(sequence, value_is_sequence(self))
KIND_TEST(callable, value_is_callable(self))
KIND_TEST(is_true, self.kind == VALUE_BOOL && self.b)
KIND_TEST(is_false, self.kind == VALUE_BOOL && !self.b)
KIND_TEST(escaped, self.kind == VALUE_STRING && self.note == STRING_MARKUP)

static value remainder_is(runtime *r, value self, value divisor, int64_t wanted) {
    value m = apply_math(r, '%', self, divisor);
    return value_bool(r->status == LNR_OK && value_equal(r, m, value_int(wanted)));
}

TEST(odd) {
    UNUSED;
    return remainder_is(r, self, value_int(2), 1);
}

TEST(even) {
    UNUSED;
    return remainder_is(r, self, value_int(2), 0);
}

TEST(divisibleby) {
    (void)raw;
    return remainder_is(r, self, arg[0], 0);
}

#define COMPARE_TEST(name, op)                                                                     \
    TEST(name) {                                                                                   \
        (void)raw;                                                                                 \
        return value_bool(apply_compare(r, op, self, arg[0]));                                     \
    }

COMPARE_TEST(eq, TOKEN_EQUAL)
COMPARE_TEST(ne, TOKEN_UNEQUAL)
COMPARE_TEST(lt, '<')
COMPARE_TEST(le, TOKEN_LESS_EQUAL)
COMPARE_TEST(gt, '>')
COMPARE_TEST(ge, TOKEN_GREATER_EQUAL)
COMPARE_TEST(in, TOKEN_IN)

/* Python's `is`, as far as it does not depend on how objects are cached. */
TEST(sameas) {
    (void)raw;
    value other = arg[0];
    bool plain = self.kind <= VALUE_STRING;
    return value_bool(self.kind == other.kind &&
                      (plain ? value_equal(r, self, other) : self.identity == other.identity));
}

/* All cased letters are of the class, and there is one. */
static value all_letters(runtime *r, value self, unsigned wanted, unsigned other) {
    lnr_str s = value_text(r, self);
    bool some = false;
    uint32_t cp;
    for (size_t i = 0, len; i < s.n && runtime_step(r); i += len) {
        len = lnr_utf8_decode(s.p + i, s.n - i, &cp);
        unsigned classes = len ? letter_classes(cp) : other;
        if (classes & (other | LETTER_TITLE))
            return value_bool(false);
        some |= (classes & wanted) != 0;
    }
    return value_bool(some);
}

TEST(lower) {
    UNUSED;
    return all_letters(r, self, LETTER_LOWER, LETTER_UPPER);
}

TEST(upper) {
    UNUSED;
    return all_letters(r, self, LETTER_UPPER, LETTER_LOWER);
}

TEST(filter) {
    UNUSED;
    return value_bool(self.kind == VALUE_STRING && find_filter(self.s));
}

TEST(test) {
    UNUSED;
    return value_bool(self.kind == VALUE_STRING && find_test(self.s));
}

static const builtin tests[] = {
    {"defined", "", 0, test_defined},    {"undefined", "", 0, test_undefined},
    {"none", "", 0, test_none},          {"string", "", 0, test_string},
    {"boolean", "", 0, test_boolean},    {"integer", "", 0, test_integer},
    {"float", "", 0, test_float},        {"number", "", 0, test_number},
    {"mapping", "", 0, test_mapping},    {"iterable", "", 0, test_iterable},
    {"sequence", "", 0, test_sequence},  {"callable", "", 0, test_callable},
    {"true", "", 0, test_is_true},       {"false", "", 0, test_is_false},
    {"escaped", "", 0, test_escaped},    {"odd", "", 0, test_odd},
    {"even", "", 0, test_even},          {"divisibleby", "num", 1, test_divisibleby},
    {"eq", "other", 1, test_eq},         {"equalto", "other", 1, test_eq},
    {"==", "other", 1, test_eq},         {"ne", "other", 1, test_ne},
    {"!=", "other", 1, test_ne},         {"lt", "other", 1, test_lt},
    {"lessthan", "other", 1, test_lt},   {"<", "other", 1, test_lt},
    {"le", "other", 1, test_le},         {"<=", "other", 1, test_le},
    {"gt", "other", 1, test_gt},         {"greaterthan", "other", 1, test_gt},
    {">", "other", 1, test_gt},          {"ge", "other", 1, test_ge},
    {">=", "other", 1, test_ge},         {"in", "seq", 1, test_in},
    {"sameas", "other", 1, test_sameas}, {"lower", "", 0, test_lower},
    {"upper", "", 0, test_upper},        {"filter", "", 0, test_filter},
    {"test", "", 0, test_test},
};

/* ---- global functions */

#define GLOBAL(name)                                                                               \
    static value global_##name(runtime *r, value self, const value *arg, const call_args *raw)

/* As in Jinja2's sandbox. */
#define RANGE_MAX 100000

GLOBAL(range) {
    (void)self;
    (void)raw;
    bool one = arg[1].kind == VALUE_ABSENT;
    value_range range = {.start = one ? 0 : arg_int(r, arg[0], 0, "start"),
                         .stop = arg_int(r, arg[one ? 0 : 1], 0, "stop"),
                         .step = arg_int(r, arg[2], 1, "step")};
    if (range.step == 0)
        runtime_fail(r, LNR_E_ARGUMENT, "a range with a step of zero");
    if (r->status != LNR_OK)
        return NO_VALUE;
    bool up = range.step > 0;
    uint64_t step = up ? (uint64_t)range.step : 0 - (uint64_t)range.step, n = 0;
    if (up ? range.start < range.stop : range.start > range.stop)
        n = ((up ? (uint64_t)range.stop - (uint64_t)range.start
                 : (uint64_t)range.start - (uint64_t)range.stop) -
             1) /
                step +
            1;
    if (n > RANGE_MAX)
        runtime_fail(r, LNR_E_LIMIT, "a range of more than %d numbers", RANGE_MAX);
    value_range *out = runtime_alloc(r, 1, sizeof *out);
    if (out == NULL)
        return NO_VALUE;
    range.n = (size_t)n;
    *out = range;
    return (value){.kind = VALUE_RANGE, .range = out};
}

/* A dict of the named arguments, after the items of one positional dict or list of pairs. */
static value_dict *dict_of_arguments(runtime *r, const call_args *raw) {
    value_dict *d = dict_create(r);
    cursor c;
    value v;
    if (raw->n > 1)
        runtime_fail(r, LNR_E_ARGUMENT, "at most one positional argument");
    if (raw->n && cursor_init(r, &c, raw->arg[0]))
        while (cursor_next(r, &c, &v)) {
            if (raw->arg[0].kind == VALUE_DICT) {
                const value *stored = dict_find(r, raw->arg[0].dict, v);
                dict_set(r, d, v, stored ? *stored : NO_VALUE);
                continue;
            }
            value_list *pair = list_from(r, v);
            if (pair->n != 2)
                runtime_fail(r, LNR_E_ARGUMENT, "pairs of key and value are needed");
            else
                dict_set(r, d, pair->item[0], pair->item[1]);
        }
    for (size_t i = 0; i < raw->n_named; i++)
        dict_set(r, d, value_str(raw->name[i]), raw->named[i]);
    return d;
}

GLOBAL(namespace) {
    (void)self;
    (void)arg;
    return value_from_dict(VALUE_NAMESPACE, dict_of_arguments(r, raw));
}

GLOBAL(dict) {
    (void)self;
    (void)arg;
    return value_from_dict(VALUE_DICT, dict_of_arguments(r, raw));
}

GLOBAL(cycler) {
    (void)self;
    (void)arg;
    value_list *l = list_create(r, raw->n);
    for (size_t i = 0; i < raw->n; i++)
        list_add(r, l, raw->arg[i]);
    if (l->n == 0)
        runtime_fail(r, LNR_E_ARGUMENT, "cycler needs an item");
    return value_from_list(VALUE_CYCLER, l);
}

GLOBAL(joiner) {
    (void)self;
    (void)raw;
    value_list *l = list_create(r, 1);
    list_add(r, l, arg[0].kind == VALUE_ABSENT ? value_str(LITERAL(", ")) : arg[0]);
    return value_from_list(VALUE_JOINER, l);
}

GLOBAL(raise_exception) {
    (void)self;
    (void)raw;
    lnr_str message = value_text(r, arg[0]);
    runtime_fail(r, LNR_E_ARGUMENT, "%.*s", (int)(message.n < 1000 ? message.n : 1000), message.p);
    return NO_VALUE;
}

GLOBAL(strftime_now) {
    (void)self;
    (void)raw;
    lnr_str format = arg_text(r, arg[0], "format");
    if (r->clock == NULL)
        runtime_fail(r, LNR_E_UNSUPPORTED, "the time is not known here");
    if (r->status != LNR_OK)
        return NO_VALUE;
    size_t mark = out_mark(r);
    show_time(r, format, r->clock);
    return out_take(r, mark);
}

static const builtin globals[] = {
    {"range", "start stop step", 1, global_range},
    {"namespace", "*", 0, global_namespace},
    {"dict", "*", 0, global_dict},
    {"cycler", "*", 0, global_cycler},
    {"joiner", "sep", 0, global_joiner},
    {"raise_exception", "message", 1, global_raise_exception},
    {"strftime_now", "format", 1, global_strftime_now},
    {"lipsum", "*", 0, NULL},
};

const builtin *find_in(const builtin *table, size_t n, lnr_str name) {
    for (size_t i = 0; i < n; i++)
        if (lnr_str_is(name, table[i].name))
            return &table[i];
    return NULL;
}

const builtin *find_test(lnr_str name) {
    return FIND_IN(tests, name);
}

const builtin *find_global(lnr_str name) {
    return FIND_IN(globals, name);
}

const builtin *find_filter(lnr_str name) {
    const builtin *fn = find_text_filter(name);
    return fn ? fn : find_list_filter(name);
}
