/* Lists of patterns: what a search tells, white space, the limit on steps, patterns that do not
 * compile. */
#include "text/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void check(pattern_run *r, size_t idx, const char *text, size_t at, size_t begin, size_t end,
                  int group) {
    pattern_match m;
    assert_int_equal(pattern_find(r, idx, lnr_str_from(text), at, &m, NULL), LNR_OK);
    assert_int_equal(m.begin, begin);
    assert_int_equal(m.end, end);
    assert_int_equal(m.group, group);
}

static void a_search_tells_place_and_group(void **state) {
    (void)state;
    static const char *const patterns[PATTERN_LIST_MAX] = {"a+|(b+)|(c)|(?:d(e)?)", "x*"};
    pattern_list *l;
    pattern_run *r;
    assert_int_equal(pattern_list_create("test", patterns, &l, NULL), LNR_OK);
    assert_int_equal(pattern_list_count(l), 2);
    assert_int_equal(pattern_run_create(l, &r, NULL), LNR_OK);
    pattern_run_limit(r, 16);
    check(r, 0, "..aab", 0, 2, 4, 0);
    check(r, 0, "..aab", 3, 3, 4, 0);
    check(r, 0, "..aab", 4, 4, 5, 1);
    check(r, 0, "abc", 2, 2, 3, 2);
    check(r, 0, "d", 0, 0, 1, 0);
    check(r, 0, "de", 0, 0, 2, 3);
    check(r, 0, "...", 0, 3, 3, 0); /* none */
    check(r, 0, "a", 1, 1, 1, 0);
    check(r, 1, "..x", 0, 2, 3, 0); /* never an empty match */
    check(r, 1, "..", 0, 2, 2, 0);
    pattern_run_destroy(r);
    pattern_list_destroy(l);
}

static void space_is_unicode_white_space(void **state) {
    (void)state;
    static const char *const patterns[PATTERN_LIST_MAX] = {"[" PATTERN_SPACE "]"};
    static const char *const spaces[] = {
        "\t",     "\n",     "\v",     "\f",     "\r",     " ",      "\xc2\x85", "\u00a0",
        "\u1680", "\u2000", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f",   "\u3000"};
    static const char *const others[] = {"\x08", "\x0e", "\x1f", "!", "\u180e", "\u200b", "\ufeff"};
    pattern_list *l;
    pattern_run *r;
    assert_int_equal(pattern_list_create("test", patterns, &l, NULL), LNR_OK);
    assert_int_equal(pattern_run_create(l, &r, NULL), LNR_OK);
    pattern_run_limit(r, 4);
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++)
        check(r, 0, spaces[i], 0, 0, strlen(spaces[i]), 0);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        check(r, 0, others[i], 0, strlen(others[i]), strlen(others[i]), 0);
    pattern_run_destroy(r);
    pattern_list_destroy(l);
}

static void an_endless_search_is_stopped(void **state) {
    (void)state;
    static const char *const patterns[PATTERN_LIST_MAX] = {"(?:a|aa)+b"};
    pattern_list *l;
    pattern_run *r;
    pattern_match m;
    lnr_error err = {0};
    assert_int_equal(pattern_list_create("endless", patterns, &l, NULL), LNR_OK);
    assert_int_equal(pattern_run_create(l, &r, NULL), LNR_OK);
    /* The b that the pattern needs is there, but out of reach: 2^40 ways to find that out. */
    static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaacb";
    pattern_run_limit(r, sizeof text);
    assert_int_equal(pattern_find(r, 0, lnr_str_from(text), 0, &m, &err), LNR_E_LIMIT);
    assert_non_null(strstr(err.text, "'endless' gave up on a piece of 62 bytes"));
    pattern_run_destroy(r);
    pattern_list_destroy(l);
}

static void a_bad_pattern_is_refused(void **state) {
    (void)state;
    static const char *const patterns[PATTERN_LIST_MAX] = {"good", "b(ad"};
    pattern_list *l = (pattern_list *)1;
    lnr_error err = {0};
    assert_int_equal(pattern_list_create("bad", patterns, &l, &err), LNR_E_UNSUPPORTED);
    assert_null(l);
    assert_non_null(strstr(err.text, "'bad': PCRE2 error 114 at 4 of number 1"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_tells_place_and_group),
        cmocka_unit_test(space_is_unicode_white_space),
        cmocka_unit_test(an_endless_search_is_stopped),
        cmocka_unit_test(a_bad_pattern_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
