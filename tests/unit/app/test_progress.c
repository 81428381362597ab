/* The progress bar: silent for short operations and without a stream, no escape byte without
 * colour. */
#include "app/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000000u

static char *text;
static size_t n_text;
static FILE *stream;
static app_progress p;

static void begin(bool color) {
    stream = open_memstream(&text, &n_text);
    assert_non_null(stream);
    app_progress_init(&p, "loading", stream, color, 5 * (uint64_t)SECOND);
}

static void end(void) {
    app_progress_end(&p);
    fclose(stream);
}

static void short_operations_draw_nothing(void **state) {
    (void)state;
    begin(true);
    app_progress_update(&p, 10, 100, 5 * (uint64_t)SECOND);
    app_progress_update(&p, 99, 100, 6 * (uint64_t)SECOND - 1);
    end();
    assert_int_equal(n_text, 0);
    free(text);
}

static void long_operations_draw_and_wipe(void **state) {
    (void)state;
    begin(false);
    app_progress_update(&p, 50, 100, 6 * (uint64_t)SECOND);
    app_progress_update(&p, 51, 100, 6 * (uint64_t)SECOND + 1); /* too soon to redraw */
    app_progress_update(&p, 100, 100, 7 * (uint64_t)SECOND);
    end();
    const char *half = "\rloading [###############               ]  50 %";
    const char *full = "\rloading [##############################] 100 %";
    size_t n_half = strlen(half), n_full = strlen(full);
    assert_memory_equal(text, half, n_half);
    assert_memory_equal(text + n_half, full, n_full);
    /* The wipe covers what was drawn and returns. */
    assert_int_equal(n_text, n_half + n_full + 1 + (n_full - 1) + 1);
    assert_int_equal(text[n_text - 1], '\r');
    assert_int_equal(strspn(text + n_half + n_full + 1, " "), n_full - 1);
    assert_null(strchr(text, '\x1b'));
    free(text);
}

static void colour_is_escape_sequences(void **state) {
    (void)state;
    begin(true);
    app_progress_update(&p, 50, 100, 6 * (uint64_t)SECOND);
    end();
    assert_non_null(strstr(text, "\x1b[32m###############\x1b[0m"));
    free(text);
}

static void no_stream_and_no_total_draw_nothing(void **state) {
    (void)state;
    app_progress_init(&p, "loading", NULL, true, 0);
    app_progress_update(&p, 1, 2, 9 * (uint64_t)SECOND);
    app_progress_end(&p);
    begin(true);
    app_progress_update(&p, 1, 0, 9 * (uint64_t)SECOND);
    end();
    assert_int_equal(n_text, 0);
    free(text);
}

static void no_color_is_obeyed(void **state) {
    (void)state;
    unsetenv("NO_COLOR");
    assert_true(app_color_wanted());
    setenv("NO_COLOR", "", 1); /* set but empty does not count, no-color.org */
    assert_true(app_color_wanted());
    setenv("NO_COLOR", "1", 1);
    assert_false(app_color_wanted());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_operations_draw_nothing),
        cmocka_unit_test(long_operations_draw_and_wipe),
        cmocka_unit_test(colour_is_escape_sequences),
        cmocka_unit_test(no_stream_and_no_total_draw_nothing),
        cmocka_unit_test(no_color_is_obeyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
