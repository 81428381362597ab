/* The JSON writer: commas, nesting, numbers at their limits, strings of any bytes. */
#include "app/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void members_and_items_are_separated(void **state) {
    (void)state;
    app_json j;
    app_json_init(&j);
    app_json_object(&j, NULL);
    app_json_array(&j, "empty");
    app_json_end(&j);
    app_json_array(&j, "items");
    app_json_int(&j, NULL, 1);
    app_json_object(&j, NULL);
    app_json_end(&j);
    app_json_array(&j, NULL);
    app_json_null(&j, NULL);
    app_json_end(&j);
    app_json_bool(&j, NULL, true);
    app_json_end(&j);
    app_json_name(&j, lnr_str_from("named"));
    app_json_object(&j, NULL);
    app_json_bool(&j, "a", false);
    app_json_cstr(&j, "b", "c");
    app_json_end(&j);
    app_json_name(&j, lnr_str_from("last"));
    app_json_int(&j, NULL, -1);
    app_json_end(&j);
    assert_string_equal(buf_cstr(&j.text), "{\"empty\":[],\"items\":[1,{},[null],true],"
                                           "\"named\":{\"a\":false,\"b\":\"c\"},\"last\":-1}");
    app_json_deinit(&j);
}

static void numbers_are_exact(void **state) {
    (void)state;
    app_json j;
    app_json_init(&j);
    app_json_array(&j, NULL);
    app_json_uint(&j, NULL, UINT64_MAX);
    app_json_int(&j, NULL, INT64_MIN);
    app_json_double(&j, NULL, 0.1);
    app_json_double(&j, NULL, 2);
    app_json_double(&j, NULL, (double)NAN);
    app_json_double(&j, NULL, -(double)INFINITY);
    app_json_float(&j, NULL, 0.1f);
    app_json_float(&j, NULL, NAN);
    app_json_end(&j);
    assert_string_equal(buf_cstr(&j.text),
                        "[18446744073709551615,-9223372036854775808,0.1,2.0,null,"
                        "null,0.1,null]");
    app_json_deinit(&j);
}

static void check_string(const char *text, size_t n, const char *want) {
    app_json j;
    app_json_init(&j);
    app_json_str(&j, NULL, (lnr_str){text, n});
    assert_string_equal(buf_cstr(&j.text), want);
    app_json_deinit(&j);
}

static void strings_of_any_bytes_are_valid(void **state) {
    (void)state;
    check_string("", 0, "\"\"");
    check_string("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
    check_string("\0\x1f\n\t\x7f", 5, "\"\\u0000\\u001f\\n\\u0009\\u007f\"");
    check_string("\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\"");
    check_string("a\xff"
                 "b\xc3",
                 4,
                 "\"a\xef\xbf\xbd"
                 "b\xef\xbf\xbd\"");
    check_string("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void names_are_escaped_too(void **state) {
    (void)state;
    app_json j;
    app_json_init(&j);
    app_json_object(&j, NULL);
    app_json_name(&j, (lnr_str){"k\0\xff", 3});
    app_json_int(&j, NULL, 1);
    app_json_end(&j);
    assert_string_equal(buf_cstr(&j.text), "{\"k\\u0000\xef\xbf\xbd\":1}");
    app_json_deinit(&j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_items_are_separated),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(strings_of_any_bytes_are_valid),
        cmocka_unit_test(names_are_escaped_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
