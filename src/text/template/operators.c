/* Arithmetic, comparison, attributes, items and slices as Python and Jinja2 have them; see call.h.
 */
#include "text/template/call.h"

#include "base/math.h"
#include "text/template/filters.h"

#include <math.h>
#include <stdio.h>

static value fail_operands(runtime *r, const char *op, value a, value b) {
    if (a.kind == VALUE_UNDEFINED || b.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, a.kind == VALUE_UNDEFINED ? a : b);
    else
        runtime_fail(r, LNR_E_ARGUMENT, "%s does not work with %s and %s", op, value_type_name(a),
                     value_type_name(b));
    return NO_VALUE;
}

static value fail_overflow(runtime *r) {
    runtime_fail(r, LNR_E_UNSUPPORTED, "an integer of more than 64 bits");
    return NO_VALUE;
}

static value fail_division(runtime *r) {
    runtime_fail(r, LNR_E_ARGUMENT, "division by zero");
    return NO_VALUE;
}

/* ---- numbers */

/* Towards minus infinity, as Python rounds; b != 0. */
static value floor_divide(runtime *r, int64_t a, int64_t b) {
    if (b == -1)
        return negate(r, value_int(a));
    int64_t q = a / b;
    return value_int(q - (a % b != 0 && (a < 0) != (b < 0)));
}

static value floor_modulo(int64_t a, int64_t b) {
    if (b == -1)
        return value_int(0);
    int64_t m = a % b;
    return value_int(m != 0 && (m < 0) != (b < 0) ? m + b : m);
}

static value integer_power(runtime *r, int64_t base, int64_t exponent) {
    int64_t x = 1;
    while (exponent > 0) {
        if ((exponent & 1) && __builtin_mul_overflow(x, base, &x))
            return fail_overflow(r);
        exponent >>= 1;
        if (exponent && __builtin_mul_overflow(base, base, &base))
            return fail_overflow(r);
    }
    return value_int(x);
}

static value integer_math(runtime *r, int op, int64_t a, int64_t b) {
    int64_t x;
    bool wrapped;
    switch (op) {
    case '+':
        wrapped = __builtin_add_overflow(a, b, &x);
        break;
    case '-':
        wrapped = __builtin_sub_overflow(a, b, &x);
        break;
    case '*':
        wrapped = __builtin_mul_overflow(a, b, &x);
        break;
    case TOKEN_FLOOR_DIV:
        return b == 0 ? fail_division(r) : floor_divide(r, a, b);
    case '%':
        return b == 0 ? fail_division(r) : floor_modulo(a, b);
    default:
        return integer_power(r, a, b);
    }
    return wrapped ? fail_overflow(r) : value_int(x);
}

/* Python's float // and %: the remainder has the divisor's sign. */
static double float_modulo(double a, double b) {
    double m = fmod(a, b); /* exact, the same everywhere */
    if (m == 0)
        return copysign(0, b);
    return (m < 0) != (b < 0) ? m + b : m;
}

static double float_floor_divide(double a, double b) {
    double m = fmod(a, b), q = (a - m) / b;
    if (m != 0 && (m < 0) != (b < 0))
        q -= 1;
    if (q == 0)
        return copysign(0, a / b);
    double whole = floor(q);
    return q - whole > 0.5 ? whole + 1 : whole;
}

/* By squaring, for the powers that templates take: powers of ten stay exact as far as they can. */
static double whole_power(double base, int exponent) {
    double x = 1;
    for (unsigned n = (unsigned)(exponent < 0 ? -exponent : exponent); n; n >>= 1) {
        if (n & 1)
            x *= base;
        base *= base;
    }
    return exponent < 0 ? 1 / x : x;
}

static value float_power(runtime *r, double a, double b) {
    if (a == 0 && b < 0)
        return fail_division(r);
    if (fabs(b) <= 400 && b == floor(b))
        return value_float(whole_power(a, (int)b));
    if (a < 0 && isfinite(a) && isfinite(b)) {
        runtime_fail(r, LNR_E_UNSUPPORTED, "a power of a negative number");
        return NO_VALUE;
    }
    return value_float(b == 0.5 ? sqrt(a) : lnr_pow(a, b));
}

static value float_math(runtime *r, int op, double a, double b) {
    switch (op) {
    case '+':
        return value_float(a + b);
    case '-':
        return value_float(a - b);
    case '*':
        return value_float(a * b);
    case '/':
        return b == 0 ? fail_division(r) : value_float(a / b);
    case TOKEN_FLOOR_DIV:
        return b == 0 ? fail_division(r) : value_float(float_floor_divide(a, b));
    case '%':
        return b == 0 ? fail_division(r) : value_float(float_modulo(a, b));
    default:
        return float_power(r, a, b);
    }
}

value negate(runtime *r, value v) {
    int64_t x;
    if (v.kind == VALUE_FLOAT)
        return value_float(-v.f);
    if (is_integer(v))
        return __builtin_sub_overflow((int64_t)0, integer_of(v), &x) ? fail_overflow(r)
                                                                     : value_int(x);
    if (v.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, v);
    runtime_fail(r, LNR_E_ARGUMENT, "a %s has no sign", value_type_name(v));
    return NO_VALUE;
}

/* ---- text and lists */

static value add_texts(runtime *r, value a, value b) {
    bool markup = a.note == STRING_MARKUP || b.note == STRING_MARKUP;
    if (markup && a.note != STRING_MARKUP)
        a = escape_html(r, a);
    if (markup && b.note != STRING_MARKUP)
        b = escape_html(r, b);
    value v = value_str(text_join(r, a.s, b.s));
    v.note = markup ? STRING_MARKUP : STRING_PLAIN;
    return v;
}

static value add_lists(runtime *r, value a, value b) {
    value_list *l = list_create(r, a.list->n + b.list->n);
    for (size_t i = 0; i < a.list->n; i++)
        list_add(r, l, a.list->item[i]);
    for (size_t i = 0; i < b.list->n; i++)
        list_add(r, l, b.list->item[i]);
    return value_from_list((value_kind)a.kind, l);
}

static value repeat(runtime *r, value what, int64_t n) {
    if (what.kind == VALUE_STRING) {
        size_t mark = out_mark(r);
        for (int64_t i = 0; i < n && what.s.n && r->status == LNR_OK; i++) {
            if (i % 16 == 0)
                runtime_step(r);
            out_add_text(r, what.s);
        }
        return out_take(r, mark);
    }
    value_list *l = list_create(r, 0);
    for (int64_t i = 0; i < n && what.list->n && runtime_step(r); i++)
        for (size_t j = 0; j < what.list->n; j++)
            list_add(r, l, what.list->item[j]);
    return value_from_list((value_kind)what.kind, l);
}

static bool can_repeat(value v) {
    return v.kind == VALUE_STRING || v.kind == VALUE_LIST || v.kind == VALUE_TUPLE;
}

value apply_math(runtime *r, int op, value a, value b) {
    if (is_number(a) && is_number(b)) {
        bool integers = is_integer(a) && is_integer(b) && op != '/';
        if (integers && !(op == TOKEN_POWER && integer_of(b) < 0))
            return integer_math(r, op, integer_of(a), integer_of(b));
        return float_math(r, op, number_of(a), number_of(b));
    }
    if (op == '+' && a.kind == b.kind) {
        if (a.kind == VALUE_STRING)
            return add_texts(r, a, b);
        if (a.kind == VALUE_LIST || a.kind == VALUE_TUPLE)
            return add_lists(r, a, b);
    }
    if (op == '*' && can_repeat(a) && is_integer(b))
        return repeat(r, a, integer_of(b));
    if (op == '*' && can_repeat(b) && is_integer(a))
        return repeat(r, b, integer_of(a));
    if (op == '%' && a.kind == VALUE_STRING)
        return format_percent(r, a.s, b);
    const char *name = op == TOKEN_FLOOR_DIV ? "//" : op == TOKEN_POWER ? "**" : NULL;
    char single[2] = {(char)op, '\0'};
    return fail_operands(r, name ? name : single, a, b);
}

bool apply_compare(runtime *r, int op, value a, value b) {
    switch (op) {
    case TOKEN_EQUAL:
        return value_equal(r, a, b);
    case TOKEN_UNEQUAL:
        return !value_equal(r, a, b);
    case TOKEN_IN:
        return value_contains(r, b, a);
    case TOKEN_NOT_IN:
        return !value_contains(r, b, a);
    case '<':
        return value_less(r, a, b);
    case '>':
        return value_less(r, b, a);
    case TOKEN_LESS_EQUAL: /* not "not b < a": false for a NaN */
        return value_less(r, a, b) || value_equal(r, a, b);
    default:
        return value_less(r, b, a) || value_equal(r, a, b);
    }
}

/* ---- attributes and items */

static value bind_method(runtime *r, value self, const builtin *fn) {
    bound_method *m = runtime_alloc(r, 1, sizeof *m);
    if (m == NULL)
        return NO_VALUE;
    *m = (bound_method){self, fn};
    return (value){.kind = VALUE_METHOD, .method = m};
}

/* What Python's getattr finds; an undefined value if nothing. */
static value find_attribute(runtime *r, value x, lnr_str name) {
    const builtin *fn = find_method(x, name);
    if (fn)
        return bind_method(r, x, fn);
    if (x.kind == VALUE_NAMESPACE) {
        const value *v = dict_find_str(r, x.dict, name);
        if (v)
            return *v;
    }
    if (x.kind == VALUE_LOOP)
        return get_loop_attribute(r, x.loop, name);
    if (x.kind == VALUE_MACRO && lnr_str_is(name, "name"))
        return value_str(x.macro->definition->text);
    if (x.kind == VALUE_CYCLER && lnr_str_is(name, "current"))
        return x.list->item[x.list->at];
    if (x.kind == VALUE_TUPLE && x.note == TUPLE_GROUP && lnr_str_is(name, "grouper"))
        return x.list->item[0];
    if (x.kind == VALUE_TUPLE && x.note == TUPLE_GROUP && lnr_str_is(name, "list"))
        return x.list->item[1];
    if (lnr_str_starts(name, "__"))
        return value_undefined(UNDEFINED_UNSAFE, name);
    return NO_VALUE;
}

static bool is_nothing(value v) { /* as opposed to an undefined value that says why */
    return v.kind == VALUE_UNDEFINED && v.note == UNDEFINED_MESSAGE && v.s.n == 0;
}

static value member_undefined(value x, lnr_str name) {
    return value_undefined(UNDEFINED_MEMBER + (unsigned)x.kind, name);
}

value get_attribute(runtime *r, value x, lnr_str name) {
    if (x.kind == VALUE_UNDEFINED) {
        value_fail_undefined(r, x);
        return NO_VALUE;
    }
    value v = find_attribute(r, x, name);
    if (!is_nothing(v))
        return v;
    const value *stored = x.kind == VALUE_DICT ? dict_find_str(r, x.dict, name) : NULL;
    return stored ? *stored : member_undefined(x, name);
}

value find_python_attribute(runtime *r, value x, lnr_str name) {
    value v = find_attribute(r, x, name);
    return is_nothing(v) ? member_undefined(x, name) : v;
}

static value text_at(value x, size_t i) {
    size_t start = text_offset(x.s, i);
    lnr_str rest = {x.s.p + start, x.s.n - start};
    return value_str((lnr_str){rest.p, text_offset(rest, 1)});
}

static value get_index(runtime *r, value x, int64_t i) {
    size_t n = 0;
    char name[24];
    value_length(x, &n);
    if (!runtime_spend(r, x.kind == VALUE_STRING ? n / 64 : 0))
        return NO_VALUE;
    if (i < 0)
        i += (int64_t)n;
    if (i < 0 || (uint64_t)i >= n) {
        snprintf(name, sizeof name, "%lld", (long long)i);
        return member_undefined(x, text_copy(r, lnr_str_from(name)));
    }
    if (x.kind == VALUE_STRING)
        return text_at(x, (size_t)i);
    if (x.kind == VALUE_RANGE)
        return value_int(x.range->start + i * x.range->step);
    return x.list->item[i];
}

value get_item(runtime *r, value x, value key) {
    if (x.kind == VALUE_UNDEFINED) {
        value_fail_undefined(r, x);
        return NO_VALUE;
    }
    if (x.kind == VALUE_DICT) {
        const value *stored = dict_find(r, x.dict, key);
        if (stored)
            return *stored;
    }
    bool indexed = x.kind == VALUE_LIST || x.kind == VALUE_TUPLE || x.kind == VALUE_RANGE ||
                   x.kind == VALUE_STRING;
    if (indexed && is_integer(key))
        return get_index(r, x, integer_of(key));
    if (key.kind == VALUE_STRING)
        return find_python_attribute(r, x, key.s);
    return member_undefined(x, value_hashable(key) ? value_text(r, key) : LITERAL("[...]"));
}

/* Python's slice.indices for n items: bound[0] to bound[1] by *step; how many are selected. */
static size_t slice_indices(size_t n_items, const value bounds[3], int64_t bound[2],
                            int64_t *step) {
    int64_t n = (int64_t)n_items;
    *step = bounds[2].kind == VALUE_NONE ? 1 : integer_of(bounds[2]);
    bool back = *step < 0;
    for (int i = 0; i < 2; i++) {
        int64_t low = back ? -1 : 0, high = back ? n - 1 : n;
        if (bounds[i].kind == VALUE_NONE) {
            bound[i] = (i == 0) == back ? high : low;
            continue;
        }
        int64_t x = integer_of(bounds[i]);
        x += x < 0 ? n : 0;
        bound[i] = x < low ? low : x > high ? high : x;
    }
    if (back)
        return bound[1] < bound[0]
                   ? (size_t)((uint64_t)(bound[0] - bound[1] - 1) / (0 - (uint64_t)*step)) + 1
                   : 0;
    return bound[0] < bound[1] ? (size_t)((bound[1] - bound[0] - 1) / *step) + 1 : 0;
}

static value slice_text(runtime *r, lnr_str s, size_t n_chars, int64_t start, int64_t step,
                        size_t n) {
    if (step == 1) {
        size_t from = text_offset(s, (size_t)start);
        lnr_str rest = {s.p + from, s.n - from};
        return value_str((lnr_str){rest.p, text_offset(rest, n)});
    }
    value_list *chars = list_from(r, value_str(s));
    size_t mark = out_mark(r);
    for (size_t i = 0; i < n && n_chars == chars->n && runtime_step(r); i++)
        out_add_text(r, chars->item[start + (int64_t)i * step].s);
    return out_take(r, mark);
}

/* A part of a range is a range. The products stay within it or one step beyond, where Python's
 * integers would go on and ours wrap: such a bound is only printed. */
static value slice_range(runtime *r, const value_range *range, const int64_t bound[2], int64_t step,
                         size_t n) {
    value_range *part = runtime_alloc(r, 1, sizeof *part);
    if (part == NULL)
        return NO_VALUE;
    uint64_t first = (uint64_t)range->start, by = (uint64_t)range->step;
    *part = (value_range){.start = (int64_t)(first + (uint64_t)bound[0] * by),
                          .stop = (int64_t)(first + (uint64_t)bound[1] * by),
                          .step = (int64_t)(by * (uint64_t)step),
                          .n = n};
    return (value){.kind = VALUE_RANGE, .range = part};
}

static bool can_slice(runtime *r, value x, const value bounds[3]) {
    bool fits = x.kind == VALUE_LIST || x.kind == VALUE_TUPLE || x.kind == VALUE_RANGE ||
                x.kind == VALUE_STRING;
    if (x.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, x);
    if (!fits)
        runtime_fail(r, LNR_E_ARGUMENT, "a %s cannot be sliced", value_type_name(x));
    for (int i = 0; i < 3; i++)
        if (bounds[i].kind != VALUE_NONE && !is_integer(bounds[i]))
            runtime_fail(r, LNR_E_ARGUMENT, "a slice needs integers, not %s",
                         value_type_name(bounds[i]));
    if (is_integer(bounds[2]) && integer_of(bounds[2]) == 0)
        runtime_fail(r, LNR_E_ARGUMENT, "a slice with a step of zero");
    return r->status == LNR_OK;
}

value get_slice(runtime *r, value x, const value bounds[3]) {
    size_t n_items = 0;
    int64_t bound[2], step;
    if (!can_slice(r, x, bounds))
        return NO_VALUE;
    value_length(x, &n_items);
    size_t n = slice_indices(n_items, bounds, bound, &step);
    if (x.kind == VALUE_RANGE)
        return slice_range(r, x.range, bound, step, n);
    if (x.kind == VALUE_STRING)
        return runtime_spend(r, x.s.n / 64) ? slice_text(r, x.s, n_items, bound[0], step, n)
                                            : NO_VALUE;
    value_list *l = list_create(r, n);
    for (size_t i = 0; i < n && r->status == LNR_OK; i++)
        list_add(r, l, x.list->item[bound[0] + (int64_t)i * step]);
    return value_from_list((value_kind)x.kind, l);
}
