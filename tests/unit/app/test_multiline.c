/* Messages of several lines: the backslash, the block, and pasted newlines. */
#include "app/multiline.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Adds lines, ended by NULL: only the last may complete the message, which is then expected. */
static void check(const char *const *line, const char *expected) {
    app_multiline m;
    app_multiline_init(&m);
    for (; *line; line++) {
        bool complete = app_multiline_add(&m, lnr_str_from(*line));
        assert_int_equal(complete, line[1] == NULL);
        assert_int_equal(complete, !app_multiline_is_open(&m));
    }
    assert_string_equal(buf_cstr(&m.text), expected);
    app_multiline_clear(&m);
    assert_false(app_multiline_is_open(&m));
    assert_int_equal(m.text.n, 0);
    app_multiline_deinit(&m);
}

#define CHECK(expected, ...) check((const char *const[]){__VA_ARGS__, NULL}, expected)

static void a_line_is_a_message(void **state) {
    (void)state;
    CHECK("a", "a");
    CHECK("", "");
    CHECK("say \"\"\"", "say \"\"\"");
    CHECK("pasted\ntext\\\n", "pasted\ntext\\\n");
}

static void a_backslash_goes_on(void **state) {
    (void)state;
    CHECK("a\nb\n\nc", "a\\", "b\\", "\\", "c");
    CHECK("a\n", "a\\", "");
    CHECK("a\n\"\"\"", "a\\", "\"\"\"");
}

static void three_quotes_make_a_block(void **state) {
    (void)state;
    CHECK("a\\\n\n/b", "\"\"\"", "a\\", "", "/b", "\"\"\"");
    CHECK("", "\"\"\"", "\"\"\"");
    CHECK("\"\"\"\"", "\"\"\" ", "\"\"\"\"", "\"\"\"\t");
}

static void a_message_given_up_leaves_nothing(void **state) {
    (void)state;
    app_multiline m;
    app_multiline_init(&m);
    assert_false(app_multiline_add(&m, lnr_str_from("\"\"\"")));
    assert_false(app_multiline_add(&m, lnr_str_from("lost")));
    app_multiline_clear(&m);
    assert_true(app_multiline_add(&m, lnr_str_from("kept")));
    assert_string_equal(buf_cstr(&m.text), "kept");
    app_multiline_deinit(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_message),
        cmocka_unit_test(a_backslash_goes_on),
        cmocka_unit_test(three_quotes_make_a_block),
        cmocka_unit_test(a_message_given_up_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
