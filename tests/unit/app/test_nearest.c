/* The nearest name: the mistakes people make find what they meant, other words find nothing. */
#include "app/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const names[] = {"help",  "prompt",     "threads", "temp", "top-k", "top-p",
                                    "min-p", "max-tokens", "json",    "isa",  "run",   "n"};
#define N_NAMES (sizeof names / sizeof names[0])

static void one_edit_is_found(void **state) {
    (void)state;
    assert_string_equal(app_nearest("treads", names, N_NAMES), "threads");   /* missing */
    assert_string_equal(app_nearest("thhreads", names, N_NAMES), "threads"); /* doubled */
    assert_string_equal(app_nearest("thraeds", names, N_NAMES), "threads");  /* swapped */
    assert_string_equal(app_nearest("jzon", names, N_NAMES), "json");        /* replaced */
    assert_string_equal(app_nearest("rnu", names, N_NAMES), "run");
    assert_string_equal(app_nearest("top_k", names, N_NAMES), "top-k");
}

static void abbreviations_and_extensions_are_found(void **state) {
    (void)state;
    assert_string_equal(app_nearest("temperature", names, N_NAMES), "temp");
    assert_string_equal(app_nearest("max", names, N_NAMES), "max-tokens");
}

static void the_first_of_equals_wins(void **state) {
    (void)state;
    assert_string_equal(app_nearest("top-x", names, N_NAMES), "top-k");
    static const char *const turned[] = {"top-p", "top-k"};
    assert_string_equal(app_nearest("top-x", turned, 2), "top-p");
}

static void a_swap_costs_one_edit_and_two_changes_cost_two(void **state) {
    (void)state;
    static const char *const two[] = {"abXdeYg", "bacdefg"};
    assert_string_equal(app_nearest("abcdefg", two, 2), "bacdefg");
}

static void other_words_find_nothing(void **state) {
    (void)state;
    assert_null(app_nearest("xyzzy", names, N_NAMES));
    assert_null(app_nearest("", names + 1, N_NAMES - 2));
    assert_null(app_nearest("zz", names, N_NAMES - 1));
    assert_null(app_nearest("prompt", names, 0));
    assert_null(app_nearest("a-word-that-is-far-longer-than-any-name-of-ours", names, N_NAMES));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_edit_is_found),
        cmocka_unit_test(abbreviations_and_extensions_are_found),
        cmocka_unit_test(the_first_of_equals_wins),
        cmocka_unit_test(a_swap_costs_one_edit_and_two_changes_cost_two),
        cmocka_unit_test(other_words_find_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
