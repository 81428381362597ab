/* Text for the eyes: what is plain passes, what would act on a terminal is spelled out. */
#include "app/terminal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check(lnr_str text, const char *expected) {
    lnr_buf out;
    buf_init(&out);
    app_add_visible(&out, text);
    assert_string_equal(buf_cstr(&out), expected);
    buf_deinit(&out);
}

static void plain_text_passes(void **state) {
    (void)state;
    check(lnr_str_from(""), "");
    check(lnr_str_from("say \"hi\"\n\tC:\\n\n\n"), "say \"hi\"\n\tC:\\n\n\n");
    check(lnr_str_from("\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x99\x82 \xc3\xa9"),
          "\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x99\x82 \xc3\xa9");
    /* a family: emoji joined by U+200D, which moves nothing */
    check(lnr_str_from("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"),
          "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7");
}

static void what_acts_is_spelled_out(void **state) {
    (void)state;
    check(lnr_str_from("\x1b[2J"), "\\x1b[2J");
    check(lnr_str_from("a\rb\bc\ad\x7f"), "a\\rb\\x08c\\x07d\\x7f");
    check((lnr_str){"a\0b", 3}, "a\\x00b");
    check(lnr_str_from("\xc2\x9b"
                       "31m"),
          "\\u009b31m");
    check(lnr_str_from("\xe2\x80\xae"
                       "abc"),
          "\\u202eabc");
    check(lnr_str_from("\xe2\x80\xa8"), "\\u2028");
}

static void invalid_bytes_are_spelled_out(void **state) {
    (void)state;
    check(lnr_str_from("\x9b"
                       "31m\xff\xc3\n"),
          "\\x9b31m\\xff\\xc3\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_passes),
        cmocka_unit_test(what_acts_is_spelled_out),
        cmocka_unit_test(invalid_bytes_are_spelled_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
