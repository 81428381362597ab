/* text/stop against a naive search, on texts and strings over two letters (so that everything
 * overlaps), cut into pieces in every way. */
#include "text/stop.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define N_TEXT 40u
#define N_STOP 3u

static char text[N_TEXT], stop_bytes[N_STOP][9];
static const char *stop[N_STOP];

static void fill_random(uint64_t round) {
    uint64_t draw = 0;
    for (size_t i = 0; i < N_TEXT; i++)
        text[i] = (char)('a' + lnr_rng_u64(round, 0, draw++) % 2);
    for (size_t s = 0; s < N_STOP; s++) {
        size_t n = 1 + lnr_rng_u64(round, 1, draw++) % 8;
        for (size_t i = 0; i < n; i++)
            stop_bytes[s][i] = (char)('a' + lnr_rng_u64(round, 2, draw++) % 2);
        stop_bytes[s][n] = '\0';
        stop[s] = stop_bytes[s];
    }
}

static bool ends_with(const char *p, size_t n, const char *s, size_t n_s) {
    return n >= n_s && memcmp(p + n - n_s, s, n_s) == 0;
}

/* The string found at the end of the first n bytes: the longest, then the first; -1: none. */
static int naive_found(size_t n) {
    int found = -1;
    for (int s = 0; s < (int)N_STOP; s++)
        if (ends_with(text, n, stop[s], strlen(stop[s])) &&
            (found < 0 || strlen(stop[s]) > strlen(stop[found])))
            found = s;
    return found;
}

/* The longest end of the first n bytes that begins a string (the whole one included). */
static size_t naive_held(size_t n) {
    size_t held = 0;
    for (size_t s = 0; s < N_STOP; s++)
        for (size_t k = held + 1; k <= strlen(stop[s]); k++)
            if (ends_with(text, n, stop[s], k))
                held = k;
    return held;
}

static void every_byte_agrees_with_a_naive_search(void **state) {
    (void)state;
    unsigned n_found = 0;
    for (uint64_t round = 0; round < 3000; round++) {
        stop_matcher m;
        fill_random(round);
        assert_int_equal(stop_matcher_init(&m, stop, N_STOP, "stop", NULL), LNR_OK);
        for (int again = 0; again < 2; again++) {
            for (size_t i = 0; i < N_TEXT; i++) {
                int found = stop_matcher_feed(&m, text[i]);
                assert_int_equal(found, naive_found(i + 1));
                assert_int_equal(stop_matcher_held(&m), naive_held(i + 1));
                n_found += found >= 0;
            }
            stop_matcher_reset(&m);
        }
        stop_matcher_deinit(&m);
    }
    assert_true(n_found > 10000);
}

static void any_bytes_are_text(void **state) {
    (void)state;
    stop_matcher m;
    assert_int_equal(
        stop_matcher_init(&m, (const char *[]){"\xff\xfe", "\xc3\xa4"}, 2, "stop", NULL), LNR_OK);
    assert_int_equal(stop_matcher_feed(&m, '\xc3'), -1);
    assert_int_equal(stop_matcher_held(&m), 1); /* half a character, held as any byte */
    assert_int_equal(stop_matcher_feed(&m, '\0'), -1);
    assert_int_equal(stop_matcher_held(&m), 0);
    assert_int_equal(stop_matcher_feed(&m, '\xff'), -1);
    assert_int_equal(stop_matcher_feed(&m, '\xff'), -1);
    assert_int_equal(stop_matcher_feed(&m, '\xfe'), 0);
    stop_matcher_deinit(&m);
}

static void no_strings_never_match(void **state) {
    (void)state;
    stop_matcher m;
    assert_int_equal(stop_matcher_init(&m, NULL, 0, "stop", NULL), LNR_OK);
    assert_int_equal(stop_matcher_feed(&m, 'a'), -1);
    assert_int_equal(stop_matcher_held(&m), 0);
    stop_matcher_deinit(&m);
}

static void what_is_no_stop_string_is_refused(void **state) {
    (void)state;
    stop_matcher m;
    lnr_error err;
    char longest[LNR_STOP_BYTES_MAX + 2] = {0};
    const char *many[LNR_STOPS_MAX + 1];
    for (size_t i = 0; i < LNR_STOPS_MAX + 1; i++)
        many[i] = "x";
    memset(longest, 'x', LNR_STOP_BYTES_MAX + 1);
    const char *one = longest;
    assert_int_equal(stop_matcher_init(&m, &one, 1, "stop", &err), LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "257 bytes"));
    assert_int_equal(stop_matcher_init(&m, (const char *[]){"a", ""}, 2, "stop", &err),
                     LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "stop: string 1 has 0 bytes"));
    assert_int_equal(stop_matcher_init(&m, many, LNR_STOPS_MAX + 1, "stop", &err), LNR_E_ARGUMENT);
    longest[LNR_STOP_BYTES_MAX] = '\0';
    assert_int_equal(stop_matcher_init(&m, &one, 1, "stop", &err), LNR_OK);
    stop_matcher_deinit(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_agrees_with_a_naive_search),
        cmocka_unit_test(any_bytes_are_text),
        cmocka_unit_test(no_strings_never_match),
        cmocka_unit_test(what_is_no_stop_string_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
