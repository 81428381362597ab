/* Long runs of one class through every pattern: a recursive matcher dies here, a quadratic one
 * takes hours. No pattern may reach its match limit, and the processor time is bounded.
 *
 *     test_text_splitter_bounds [KIBIBYTES of each text, 256]
 *
 * A quadratic pattern shows at 256 KiB as well (10^10 steps); ctest runs 10 MiB in its full set. */
#include "text/splitter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static size_t n_kibibytes = 256;

/* The slowest units (a piece a character, six patterns) take 0.1 s a MiB on a 3 GHz machine; this
 * leaves room for sanitizers and neighbours. */
#define SECONDS_PER_KIBIBYTE_MAX 0.004

static const char *const units[] = {
    "a",
    "A",        /* upper case without the lower-case letter that an alternative waits for */
    "\xc7\x85", /* U+01C5, title case */
    "1",
    "\xe2\x81\xb5", /* U+2075, a number that is no digit */
    " ",
    "\n",
    " \n",
    "!",
    "/",
    "'",
    "\xe3\x81\x82", /* U+3042, a letter without case */
    "\xd8\xb9",     /* U+0639, the same, in no class of deepseek-llm's */
    "\xcc\x81",     /* U+0301, a mark */
    "' ",
    "Aa",
    " a1!",
};

static void split(splitter_run *r, const char *text, size_t n) {
    const uint32_t *ends;
    size_t n_ends;
    lnr_error err = {0};
    clock_t begin = clock();
    if (splitter_split(r, (lnr_str){text, n}, &ends, &n_ends, &err))
        fail_msg("%s", err.text);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    if (seconds > SECONDS_PER_KIBIBYTE_MAX * (double)n_kibibytes)
        fail_msg("%.1f s for %zu bytes of '%.4s'", seconds, n, text);
    assert_int_equal(ends[n_ends - 1], n);
    for (size_t i = 1; i < n_ends; i++)
        if (ends[i - 1] >= ends[i])
            fail_msg("piece %zu of '%.4s' is empty", i, text);
}

static void check_row(const char *name) {
    splitter *s;
    splitter_run *r;
    assert_int_equal(splitter_create(lnr_str_from(name), &s, NULL), LNR_OK);
    assert_int_equal(splitter_run_create(s, &r, NULL), LNR_OK);
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        size_t unit = strlen(units[u]), n = (n_kibibytes << 10) / unit * unit;
        char *text = test_malloc(n + 1);
        for (size_t i = 0; i < n; i++)
            text[i] = units[u][i % unit];
        text[n] = '1'; /* what a pattern waits for at the run's end does not come */
        split(r, text, n + 1);
        test_free(text);
    }
    splitter_run_destroy(r);
    splitter_destroy(s);
}

static void every_pattern_takes_any_text(void **state) {
    (void)state;
    /* One name for each list of patterns in the table. */
    static const char *const names[] = {"default", "gpt-2",        "llama-bpe",     "qwen2",
                                        "qwen35",  "falcon",       "starcoder",     "tekken",
                                        "gpt-4o",  "deepseek-llm", "deepseek-coder"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        check_row(names[i]);
}

int main(int argc, char **argv) {
    if (argc > 1)
        n_kibibytes = (size_t)strtoul(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_pattern_takes_any_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
