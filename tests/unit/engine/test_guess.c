/* Guesses: what followed the same tokens before; more where they come true, none where they do not
 * pay. */
#include "engine/guess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void what_followed_before_is_guessed(void **state) {
    (void)state;
    int32_t text[32] = {1, 2, 3, 4, 5, 9, 3, 4};
    static const int32_t expected[] = {5, 9, 3, 4, 5};
    assert_int_equal(guess_tokens(text, 8, 5), 5);
    assert_memory_equal(text + 8, expected, sizeof expected);
    int32_t latest[32] = {7, 8, 1, 7, 8, 2, 7, 8}; /* the later of two */
    assert_int_equal(guess_tokens(latest, 8, 1), 1);
    assert_int_equal(latest[8], 2);
    int32_t longest[32] = {1, 2, 3, 50, 9, 2, 3, 60, 1, 2, 3}; /* the longer of two */
    assert_int_equal(guess_tokens(longest, 11, 1), 1);
    assert_int_equal(longest[11], 50);
    int32_t period[32] = {6, 7, 6, 7};
    static const int32_t on[] = {6, 7, 6, 7, 6};
    assert_int_equal(guess_tokens(period, 4, 5), 5);
    assert_memory_equal(period + 4, on, sizeof on);
}

static void nothing_to_go_by_is_no_guess(void **state) {
    (void)state;
    int32_t text[8] = {1, 2, 3, 4, 2};
    assert_int_equal(guess_tokens(text, 5, 2), 0);
    assert_int_equal(guess_tokens(text, 1, 2), 0);
    assert_int_equal(guess_tokens(text, 0 + 2, 2), 0);
}

static void the_length_follows_what_comes_true(void **state) {
    (void)state;
    guess_state s = {0};
    uint32_t n = guess_wanted(&s);
    assert_true(n > 0);
    guess_result(&s, n, n);
    assert_int_equal(guess_wanted(&s), 2 * n);
    for (int i = 0; i < 10; i++)
        guess_result(&s, guess_wanted(&s), guess_wanted(&s));
    assert_int_equal(guess_wanted(&s), GUESS_MAX);
    guess_result(&s, GUESS_MAX, 2);
    assert_int_equal(guess_wanted(&s), 3);
    guess_result(&s, 3, 0);
    assert_int_equal(guess_wanted(&s), 1);
    guess_result(&s, 1, 0); /* twice for nothing: a pause */
    assert_int_equal(guess_wanted(&s), 0);
    uint32_t n_pause = 1;
    while (guess_wanted(&s) == 0)
        n_pause++;
    guess_result(&s, 1, 0); /* and a longer one */
    uint32_t n_longer = 0;
    while (guess_wanted(&s) == 0)
        n_longer++;
    assert_true(n_longer > n_pause);
}

static void what_does_not_pay_is_left(void **state) {
    (void)state;
    guess_gain g = {0};
    for (int i = 0; i < 100; i++)
        guess_add_step(&g, 1, 0, 1000);
    for (int i = 0; i < 100; i++) { /* twice the time for three tokens: good */
        assert_true(guess_pays(&g));
        guess_add_step(&g, 3, 4, 2000);
    }
    int n_tried = 0;
    for (int i = 0; i < 1000; i++)
        if (guess_pays(&g)) { /* twice the time for one */
            guess_add_step(&g, 1, 4, 2000);
            n_tried++;
        }
    assert_true(n_tried > 16 && n_tried < 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_followed_before_is_guessed),
        cmocka_unit_test(nothing_to_go_by_is_no_guess),
        cmocka_unit_test(the_length_follows_what_comes_true),
        cmocka_unit_test(what_does_not_pay_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
