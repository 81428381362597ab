/* Templates against Jinja2's results, what they say when they fail, and hostile ones. */
#include "base/alloc.h"
#include "text/template/template.h"

#include "template_cases.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* oracle.py's moment: 2025-07-21 13:25:23 UTC. */
static const template_clock moment = {1753104323, 0};

typedef struct outcome {
    lnr_status status;
    lnr_error err;
    lnr_buf text;
} outcome;

static outcome render_within(lnr_str source, const char *variables, const template_limits *limits) {
    outcome o = {.status = LNR_OK};
    compiled_template *t;
    buf_init(&o.text);
    o.status = template_compile(source, &t, &o.err);
    if (o.status == LNR_OK)
        o.status = template_render(t, lnr_str_from(variables), &moment, limits, &o.text, &o.err);
    else
        assert_null(t);
    if (o.status != LNR_OK)
        assert_int_equal(o.text.n, 0);
    template_destroy(t);
    return o;
}

static outcome render(const char *source, const char *variables) {
    return render_within(lnr_str_from(source), variables, NULL);
}

static void require_text(const char *source, const char *variables, const char *expected) {
    outcome o = render(source, variables);
    if (o.status != LNR_OK)
        fail_msg("%s: %s", source, o.err.text);
    const char *text = buf_cstr(&o.text);
    if (o.text.n != strlen(expected) || memcmp(text, expected, o.text.n) != 0)
        fail_msg("%s\n  gave     %s\n  expected %s", source, text, expected);
    buf_deinit(&o.text);
}

/* status 0: any failure. */
static void require_failure(lnr_str source, const char *variables, lnr_status status,
                            const char *part) {
    outcome o = render_within(source, variables, NULL);
    if (o.status == LNR_OK)
        fail_msg("%.*s: rendered", LNR_STR(source));
    if (status != LNR_OK && o.status != status)
        fail_msg("%.*s: %s, not %s: %s", LNR_STR(source), lnr_status_name(o.status),
                 lnr_status_name(status), o.err.text);
    if (!strstr(o.err.text, part))
        fail_msg("%.*s: '%s' does not say '%s'", LNR_STR(source), o.err.text, part);
    buf_deinit(&o.text);
}

static void fails(const char *source, lnr_status status, const char *part) {
    require_failure(lnr_str_from(source), "{}", status, part);
}

/* ---- Jinja2's results */

static void run_cases(const template_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (cases[i].expected)
            require_text(cases[i].source, case_variables, cases[i].expected);
        else
            require_failure(lnr_str_from(cases[i].source), case_variables, LNR_OK,
                            "template line ");
    }
}

#define CASES(name)                                                                                \
    static void name##_as_jinja2_has_it(void **state) {                                            \
        (void)state;                                                                               \
        run_cases(name##_cases, sizeof name##_cases / sizeof *name##_cases);                       \
    }

CASES(printing)
CASES(operators)
CASES(access)
CASES(statements)
CASES(white_space)
CASES(text_filters)
CASES(numbers)
CASES(json)
CASES(list_filters)
CASES(tests)
CASES(string_methods)
CASES(list_and_dict_methods)
CASES(time)
CASES(failing)
CASES(syntax_errors)

/* Where we are stricter than Jinja2, or say that we cannot. */
static void what_we_refuse_is_named(void **state) {
    (void)state;
    fails("{#", LNR_E_FORMAT, "comment"); /* Jinja2 forgives it at the very end of the source */
    fails("{% raw %}", LNR_E_FORMAT, "raw");
    fails("{{ 5 | items }}", LNR_E_ARGUMENT, "items"); /* fails there once it is gone through */
    fails("{{ [1] | map('string') }}", LNR_E_UNSUPPORTED, "generator"); /* an address */
    fails("{{ 9223372036854775807 + 1 }}", LNR_E_UNSUPPORTED, "64 bits");
    fails("{{ 3 ** 99 }}", LNR_E_UNSUPPORTED, "64 bits");
    fails("{{ 9223372036854775808 }}", LNR_E_UNSUPPORTED, "64 bits");
    fails("{{ 'a' | wordwrap }}", LNR_E_UNSUPPORTED, "wordwrap");
    fails("{{ 'a'.format(1) }}", LNR_E_UNSUPPORTED, "format");
    fails("{{ strftime_now('%Q') }}", LNR_E_UNSUPPORTED, "%Q");
    fails("{% include 'x' %}", LNR_E_UNSUPPORTED, "include");
    fails("{% import 'x' as x %}", LNR_E_UNSUPPORTED, "import");
    fails("{% from 'x' import y %}", LNR_E_UNSUPPORTED, "from");
    fails("{% extends 'x' %}", LNR_E_UNSUPPORTED, "extends");
    fails("{% block a %}{% endblock %}", LNR_E_UNSUPPORTED, "block");
    fails("{{ lipsum() }}", LNR_E_UNSUPPORTED, "lipsum");
}

static void an_error_names_its_line_and_its_cause(void **state) {
    (void)state;
    fails("a\n{% if x %}\n{{ 1 + }}\n{% endif %}", LNR_E_FORMAT, "template line 3");
    fails("a\nb\n{{ x.y }}", LNR_E_ARGUMENT, "template line 3: 'x' is undefined");
    fails("{% set d = {} %}\n{{ d.key.sub }}", LNR_E_ARGUMENT,
          "template line 2: 'dict object' has no attribute 'key'");
    fails("\n\n{{ raise_exception('Roles must alternate') }}", LNR_E_ARGUMENT,
          "template line 3: Roles must alternate");
    fails("{% macro f() %}\n{{ 1 / 0 }}{% endmacro %}\n{{ f() }}", LNR_E_ARGUMENT,
          "template line 2: division by zero");
    fails("{% macro f() %}a\nb{% endmacro %}\n{{ f() + nope.x }}", LNR_E_ARGUMENT,
          "template line 3: 'nope'");
    fails("{% macro f(a) %}{{ a.b }}{% endmacro %}{{ f() }}", LNR_E_ARGUMENT,
          "parameter 'a' was not provided");
    fails("a\r\nb\rc{{ }}", LNR_E_FORMAT, "template line 3");
    fails("{{ ''.__class__.__mro__ }}", LNR_E_ARGUMENT, "'__class__' is not allowed");
    fails("{{ 'a' | nope }}", LNR_E_FORMAT, "no filter 'nope'");
    fails("{% if true %}{{ 'a' | nope }}{% endif %}", LNR_E_UNSUPPORTED, "no filter 'nope'");
    require_text("{% if false %}{{ 'a' | nope }}{% endif %}b", "{}", "b");
    fails("ab\n\xff", LNR_E_FORMAT, "template line 2: not UTF-8");
    fails("{% for x in y %}", LNR_E_FORMAT, "endfor");
}

static void without_a_clock_there_is_no_time(void **state) {
    (void)state;
    compiled_template *t;
    lnr_error err;
    lnr_buf out;
    buf_init(&out);
    assert_int_equal(template_compile(lnr_str_from("{{ strftime_now('%Y') }}"), &t, NULL), LNR_OK);
    assert_int_equal(template_render(t, lnr_str_from("{}"), NULL, NULL, &out, &err),
                     LNR_E_UNSUPPORTED);
    template_clock early = {-62135596800 - 5, 0}, zone = {0, -3600};
    assert_int_equal(template_render(t, lnr_str_from("{}"), &early, NULL, &out, &err), LNR_OK);
    assert_int_equal(template_render(t, lnr_str_from("{}"), &zone, NULL, &out, &err), LNR_OK);
    assert_string_equal(buf_cstr(&out), "11969");
    buf_deinit(&out);
    template_destroy(t);
}

/* ---- variables */

static void json_is_read_strictly(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "7",
                                      "\"messages\"",
                                      "[1,",
                                      "1",
                                      "{",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "{} x",
                                      "{\"a\":01}",
                                      "{\"a\":1.}",
                                      "{\"a\":.5}",
                                      "{\"a\":+1}",
                                      "{\"a\":1e}",
                                      "{\"a\":-}",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":\"\\ud800\"}",
                                      "{\"a\":\"\\ud800\\u0041\"}",
                                      "{\"a\":\"\\udc00\"}",
                                      "{\"a\":\"\\x\"}",
                                      "{\"a\":\"\\u12\"}",
                                      "{\"a\":\"\n\"}",
                                      "{\"a\":\"\xff\"}",
                                      "{\"a\":\"\xed\xa0\x80\"}",
                                      "{\"a\":\"x",
                                      "{\"a\":nul}",
                                      "{\"a\":NaN}",
                                      "{\"a\":1e999}",
                                      "{\"a\":9223372036854775808}",
                                      "{\"a\":[1 2]}",
                                      "{\"a\":[1,]}",
                                      "\xef\xbb\xbf{}",
                                      "{\"a\":tru",
                                      "{\"a\":1}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        outcome o = render("x", bad[i]);
        if (o.status != LNR_E_FORMAT)
            fail_msg("%s: %s", bad[i], lnr_status_name(o.status));
        buf_deinit(&o.text);
    }
    require_text("{{ a }}", "{\"a\":[-9223372036854775808,0,-0,1.5e3,-0.0,1E-2,true,null]}",
                 "[-9223372036854775808, 0, 0, 1500.0, -0.0, 0.01, True, None]");
    require_text("{{ a }}", " {\"a\" :\t\"\\ud83d\\udc1f\\u00e9\\/\\b\\\"\" } ",
                 "\xf0\x9f\x90\x9f\xc3\xa9/\b\"");
    require_text("{{ a | length }}", "{\"a\":\"x\\u0000y\"}", "3");
}

static char *repeat(const char *before, const char *unit, size_t n, const char *after) {
    size_t len = strlen(unit);
    char *s = malloc(strlen(before) + len * n + strlen(after) + 1), *p = s;
    assert_non_null(s);
    p = stpcpy(p, before);
    for (size_t i = 0; i < n; i++, p += len)
        memcpy(p, unit, len);
    strcpy(p, after);
    return s;
}

static void a_bare_list_is_the_messages_and_defaults_fill_gaps(void **state) {
    (void)state;
    require_text("{{ messages | length }} {{ a is defined }}", "[1, 2]", "2 False");
    compiled_template *t;
    lnr_buf out;
    lnr_str source = lnr_str_from("{{ messages }} {{ a }} {{ b }}"), defaults, variables;
    defaults = lnr_str_from("{\"a\": 1, \"b\": 2}");
    variables = lnr_str_from("{\"b\": null, \"messages\": []}");
    assert_int_equal(template_compile(source, &t, NULL), LNR_OK);
    buf_init(&out);
    assert_int_equal(template_render_over(t, defaults, variables, NULL, NULL, &out, NULL), LNR_OK);
    assert_string_equal(buf_cstr(&out), "[] 1 None");
    buf_deinit(&out);
    template_destroy(t);
}

static void json_depth_has_its_limit(void **state) {
    (void)state;
    char *s = repeat("{\"a\":", "[", 127, "");
    char *deep = repeat(s, "]", 127, "}");
    outcome o = render("{{ a | tojson | length }} {{ a | string | length }} {{ a == a }}", deep);
    assert_int_equal(o.status, LNR_OK);
    assert_string_equal(buf_cstr(&o.text), "254 254 True");
    buf_deinit(&o.text);
    free(s);
    free(deep);
    deep = repeat("{\"a\":", "[", 100000, "");
    o = render("x", deep);
    assert_int_equal(o.status, LNR_E_LIMIT);
    buf_deinit(&o.text);
    free(deep);
}

/* ---- hostile templates (C01 to C10) */

static void fails_repeated(const char *before, const char *unit, size_t n, const char *after,
                           lnr_status status) {
    char *s = repeat(before, unit, n, after);
    require_failure(lnr_str_from(s), "{}", status, "template");
    free(s);
}

static void nesting_is_bounded(void **state) {
    (void)state;
    const size_t many = 100000;
    fails_repeated("{{ ", "(", many, "", LNR_E_LIMIT);
    fails_repeated("{{ ", "[", many, "", LNR_E_LIMIT);
    fails_repeated("{{ ", "{1:", many, "", LNR_E_LIMIT);
    fails_repeated("{{ ", "-", many, "1 }}", LNR_E_LIMIT);
    fails_repeated("{{ ", "not ", many, "1 }}", LNR_E_LIMIT);
    fails_repeated("{{ x", "[1", many, "", LNR_E_LIMIT);
    fails_repeated("{{ x", "(x", many, "", LNR_E_LIMIT);
    fails_repeated("{{ x", ".x", many, " }}", LNR_E_LIMIT);
    fails_repeated("{{ x", "|string", many, " }}", LNR_E_LIMIT);
    fails_repeated("{{ 1", " if 1 else 1", many, " }}", LNR_E_LIMIT);
    fails_repeated("{% set ", "(", many, "", LNR_E_LIMIT);
    fails_repeated("", "{% if x %}", many / 2, "", LNR_E_LIMIT);
    fails_repeated("", "{% for x in y %}", many / 2, "", LNR_E_LIMIT);
    fails_repeated("", "{% macro m() %}", many / 2, "", LNR_E_LIMIT);
}

static void long_chains_are_no_nesting(void **state) {
    (void)state;
    char *s = repeat("{{ 0", " + 1", 20000, " }}");
    require_text(s, "{}", "20000");
    free(s);
    s = repeat("{{ ('' ", "~ 'a'", 20000, ") | length }}");
    require_text(s, "{}", "20000");
    free(s);
    s = repeat("{% if 0 %}", "{% elif 0 %}", 20000, "{% else %}x{% endif %}");
    require_text(s, "{}", "x");
    free(s);
    s = repeat("{{ 1", " or 1", 20000, " }}");
    require_text(s, "{}", "1");
    free(s);
}

static void time_memory_and_output_are_bounded(void **state) {
    (void)state;
    fails("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", LNR_E_LIMIT, "calls inside");
    fails("{% macro f() %}{{ caller() }}{% endmacro %}{% macro g() %}{% call f() %}{{ g() }}"
          "{% endcall %}{% endmacro %}{{ g() }}",
          LNR_E_LIMIT, "");
    fails("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", LNR_E_LIMIT, "");
    fails("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
          LNR_E_LIMIT, "steps");
    fails("{{ range(1000000000) }}", LNR_E_LIMIT, "range");
    fails("{{ 'abc' * 1000000000 }}", LNR_E_LIMIT, "");
    fails("{{ [1] * 1000000000 }}", LNR_E_LIMIT, "");
    fails("{{ 'a' | indent(1000000000, true) }}", LNR_E_LIMIT, "");
    fails("{{ 'a' | center(1000000000) }}", LNR_E_LIMIT, "");
    fails("{{ 'a'.ljust(1000000000) }}", LNR_E_LIMIT, "");
    fails("{{ [1] | tojson(indent=1000000000) }}", LNR_E_LIMIT, "");
    fails("{{ [1] | batch(1000000000, 'x') | list }}", LNR_E_LIMIT, "");
    fails("{% set ns = namespace(s='ab') %}{% for i in range(64) %}{% set ns.s = ns.s + ns.s %}"
          "{% endfor %}",
          LNR_E_LIMIT, "");
    fails("{% set x = [] %}{% for i in range(9000) %}{% set _ = x.append(x) %}{% endfor %}{{ x }}",
          LNR_E_LIMIT, "");
    fails("{% set x = [] %}{{ x.append(x) }}{{ x == [x] }}{{ x | tojson }}", LNR_E_LIMIT, "");
    fails("{% for i in range(100000) %}{{ 'a' * 1000 }}{% endfor %}", LNR_E_LIMIT, "output");
    fails("{% set x = 'a' * 100000 %}{% for i in range(99999) %}{% if ('a' * 50000 ~ 'b') in x %}"
          "{% endif %}{% endfor %}",
          LNR_E_LIMIT, "");
}

static void a_large_template_is_refused(void **state) {
    (void)state;
    size_t n = (size_t)50 << 20;
    char *s = malloc(n);
    assert_non_null(s);
    memset(s, 'x', n);
    require_failure((lnr_str){s, n}, "{}", LNR_E_LIMIT, "template");
    require_failure((lnr_str){s, TEMPLATE_SOURCE_MAX + 1}, "{}", LNR_E_LIMIT, "template");
    outcome o = render_within((lnr_str){s, TEMPLATE_SOURCE_MAX}, "{}", NULL);
    assert_int_equal(o.text.n, TEMPLATE_SOURCE_MAX);
    buf_deinit(&o.text);
    free(s);
}

static void limits_are_the_callers(void **state) {
    (void)state;
    const struct {
        template_limits limits;
        lnr_status expected;
    } rows[] = {{{1000, 1 << 20, 100}, LNR_OK},
                {{40, 1 << 20, 100}, LNR_E_LIMIT},
                {{1000, 200, 100}, LNR_E_LIMIT},
                {{1000, 1 << 20, 9}, LNR_E_LIMIT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        outcome o = render_within(lnr_str_from("{% for i in range(10) %}{{ i }}{% endfor %}"), "{}",
                                  &rows[i].limits);
        assert_int_equal(o.status, rows[i].expected);
        buf_deinit(&o.text);
    }
}

/* A text built piece by piece costs what it holds, not its square. */
static void growing_a_text_is_cheap(void **state) {
    (void)state;
    char *piece = repeat("{\"part\":\"", "x", 1000, "\"}");
    require_text(
        "{% set ns = namespace(s='') %}{% for i in range(5000) %}{% set ns.old = ns.s %}"
        "{% set ns.s = ns.s + part %}{% endfor %}{{ ns.s | length }} {{ ns.old | length }} "
        "{{ (ns.s + 'a') | length }} {{ (ns.s + 'b')[-1] }}",
        piece, "5000000 4999000 5000001 b");
    free(piece);
    require_text("{% set a = 'x' ~ 'y' %}{% set b = a ~ '1' %}{% set c = a ~ '2' %}{{ a }}{{ b }}"
                 "{{ c }}",
                 "{}", "xyxy1xy2");
}

/* ---- what is around a rendering */

static void the_output_is_appended_to_and_restored(void **state) {
    (void)state;
    compiled_template *t;
    lnr_buf out;
    buf_init(&out);
    buf_add_str(&out, "before ");
    assert_int_equal(template_compile(lnr_str_from("{{ x }}{{ y.z }}"), &t, NULL), LNR_OK);
    assert_int_equal(template_render(t, lnr_str_from("{\"x\":1}"), NULL, NULL, &out, NULL),
                     LNR_E_ARGUMENT);
    assert_string_equal(buf_cstr(&out), "before ");
    assert_int_equal(
        template_render(t, lnr_str_from("{\"x\":1,\"y\":{\"z\":2}}"), NULL, NULL, &out, NULL),
        LNR_OK);
    assert_string_equal(buf_cstr(&out), "before 12");
    buf_deinit(&out);
    template_destroy(t);
    template_destroy(NULL);
}

typedef struct countdown {
    unsigned left;
} countdown;

static void *count_alloc(size_t bytes, void *user) {
    countdown *c = user;
    return c->left-- > 0 ? malloc(bytes) : (c->left = 0, NULL);
}

static void *count_resize(void *p, size_t bytes, void *user) {
    countdown *c = user;
    return c->left-- > 0 ? realloc(p, bytes) : (c->left = 0, NULL);
}

static void count_release(void *p, void *user) {
    (void)user;
    free(p);
}

static void every_failing_allocation_is_reported(void **state) {
    (void)state;
    static const char source[] =
        "{% macro f(a, b=[1, 2]) %}{{ a | tojson(indent=2) }}{{ caller() }}{% endmacro %}"
        "{% for x in l | sort(attribute='k') if x.k %}{% call f(x) %}{{ loop.last }}{% endcall %}"
        "{% endfor %}{{ ('a b' | upper).split() | join(',') }}{{ 'x' * 20000 }}";
    countdown c = {0};
    lnr_allocator a = {count_alloc, count_resize, count_release, &c};
    lnr_status st = LNR_E_NOMEM;
    unsigned n = 0;
    for (; st == LNR_E_NOMEM && n < 1000; n++) {
        c.left = n;
        lnr_allocator_set(&a);
        outcome o = render(source, "{\"l\":[{\"k\":2},{\"k\":0},{\"k\":1}]}");
        st = o.status;
        buf_deinit(&o.text);
        lnr_allocator_set(NULL);
    }
    assert_int_equal(st, LNR_OK);
    assert_true(n > 5);
}

int main(void) {
    const struct CMUnitTest list[] = {
        cmocka_unit_test(printing_as_jinja2_has_it),
        cmocka_unit_test(operators_as_jinja2_has_it),
        cmocka_unit_test(access_as_jinja2_has_it),
        cmocka_unit_test(statements_as_jinja2_has_it),
        cmocka_unit_test(white_space_as_jinja2_has_it),
        cmocka_unit_test(text_filters_as_jinja2_has_it),
        cmocka_unit_test(numbers_as_jinja2_has_it),
        cmocka_unit_test(json_as_jinja2_has_it),
        cmocka_unit_test(list_filters_as_jinja2_has_it),
        cmocka_unit_test(tests_as_jinja2_has_it),
        cmocka_unit_test(string_methods_as_jinja2_has_it),
        cmocka_unit_test(list_and_dict_methods_as_jinja2_has_it),
        cmocka_unit_test(time_as_jinja2_has_it),
        cmocka_unit_test(failing_as_jinja2_has_it),
        cmocka_unit_test(syntax_errors_as_jinja2_has_it),
        cmocka_unit_test(what_we_refuse_is_named),
        cmocka_unit_test(an_error_names_its_line_and_its_cause),
        cmocka_unit_test(without_a_clock_there_is_no_time),
        cmocka_unit_test(json_is_read_strictly),
        cmocka_unit_test(a_bare_list_is_the_messages_and_defaults_fill_gaps),
        cmocka_unit_test(json_depth_has_its_limit),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(long_chains_are_no_nesting),
        cmocka_unit_test(time_memory_and_output_are_bounded),
        cmocka_unit_test(a_large_template_is_refused),
        cmocka_unit_test(limits_are_the_callers),
        cmocka_unit_test(growing_a_text_is_cheap),
        cmocka_unit_test(the_output_is_appended_to_and_restored),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(list, NULL, NULL);
}
