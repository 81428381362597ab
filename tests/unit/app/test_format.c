/* Text forms: numbers come back exactly and are as short as they can be; nothing in a foreign
 * string reaches a terminal unescaped. */
#include "app/format.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *of_double(double value) {
    static char text[APP_NUMBER_MAX];
    app_format_double(value, text);
    return text;
}

static const char *of_float(float value) {
    static char text[APP_NUMBER_MAX];
    app_format_float(value, text);
    return text;
}

static void known_numbers_are_short(void **state) {
    (void)state;
    assert_string_equal(of_double(0.1), "0.1");
    assert_string_equal(of_double(0.1 + 0.2), "0.30000000000000004");
    assert_string_equal(of_double(3), "3.0");
    assert_string_equal(of_double(-0.0), "-0.0");
    assert_string_equal(of_double(1e23), "1e+23");
    assert_string_equal(of_double(9007199254740993.0), "9007199254740992.0");
    assert_string_equal(of_double(DBL_MIN), "2.2250738585072014e-308");
    assert_string_equal(of_double(INFINITY), "inf");
    assert_string_equal(of_float(1e-5f), "1e-05");
    assert_string_equal(of_float(10000.0f), "10000.0");
    assert_string_equal(of_float(0.1f), "0.1");
    assert_string_equal(of_float(16777217.0f), "16777216.0");
    assert_string_equal(of_float(FLT_MAX), "3.4028235e+38");
}

static void every_number_comes_back(void **state) {
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 50000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        uint32_t low = (uint32_t)bits;
        double d;
        float f;
        memcpy(&d, &bits, sizeof d);
        memcpy(&f, &low, sizeof f);
        if (isfinite(d))
            assert_true(strtod(of_double(d), NULL) == d);
        if (isfinite(f))
            assert_true(strtof(of_float(f), NULL) == f);
    }
}

static void check_printable(const char *text, size_t n, const char *want) {
    lnr_buf out;
    buf_init(&out);
    assert_true(app_add_printable(&out, (lnr_str){text, n}, SIZE_MAX));
    assert_string_equal(buf_cstr(&out), want);
    buf_deinit(&out);
}

static void hostile_strings_are_escaped(void **state) {
    (void)state;
    check_printable("a\x1b[31mb", 7, "a\\x1b[31mb");
    check_printable("\0\n\r\t\x7f", 5, "\\x00\\n\\r\\t\\x7f");
    check_printable("say \"hi\" \\", 10, "say \\\"hi\\\" \\\\");
    check_printable("\xc2\x9b"
                    "31m",
                    5, "\\u009b31m"); /* the one-character form of ESC [ */
    check_printable("\xe2\x80\xae"
                    "txt",
                    6, "\\u202etxt");                      /* right-to-left override */
    check_printable("\xff\xc3", 2, "\\xff\\xc3");          /* not UTF-8 */
    check_printable("\xed\xa0\x80", 3, "\\xed\\xa0\\x80"); /* a surrogate */
    check_printable("na\xc3\xafve \xf0\x9f\x98\x80", 11, "na\xc3\xafve \xf0\x9f\x98\x80");
}

static void long_strings_are_cut_between_characters(void **state) {
    (void)state;
    lnr_buf out;
    buf_init(&out);
    assert_false(app_add_printable(&out, lnr_str_from("ab\xc3\xa9"), 3));
    assert_string_equal(buf_cstr(&out), "ab");
    buf_clear(&out);
    assert_true(app_add_printable(&out, lnr_str_from("ab\xc3\xa9"), 4));
    assert_string_equal(buf_cstr(&out), "ab\xc3\xa9");
    buf_deinit(&out);
}

static void sizes_and_counts_read_well(void **state) {
    (void)state;
    lnr_buf out;
    buf_init(&out);
    static const uint64_t values[] = {0, 999, 1000, 1048576, UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        app_add_grouped(&out, values[i]);
        buf_add_char(&out, ' ');
        app_add_size(&out, values[i]);
        buf_add_char(&out, '\n');
    }
    assert_string_equal(buf_cstr(&out), "0 0 bytes\n999 999 bytes\n1,000 1000 bytes\n"
                                        "1,048,576 1.0 MiB\n18,446,744,073,709,551,615 16.0 EiB\n");
    buf_deinit(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_numbers_are_short),
        cmocka_unit_test(every_number_comes_back),
        cmocka_unit_test(hostile_strings_are_escaped),
        cmocka_unit_test(long_strings_are_cut_between_characters),
        cmocka_unit_test(sizes_and_counts_read_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
