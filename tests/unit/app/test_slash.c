/* Commands within a session: found by name, with or without an argument; mistakes are named. */
#include "app/slash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const app_slash commands[] = {
    {"/quit", APP_SLASH_NONE, "", "leave"},
    {"/system", APP_SLASH_MAY, "[TEXT]", "set it"},
    {"/save", APP_SLASH_MUST, "FILE", "write it"},
};

static void found(const char *line, size_t expected, const char *argument) {
    size_t which;
    lnr_str rest;
    lnr_error err;
    assert_int_equal(app_slash_parse(commands, 3, lnr_str_from(line), &which, &rest, &err), LNR_OK);
    assert_int_equal(which, expected);
    assert_true(lnr_str_is(rest, argument));
}

static void refused(const char *line, const char *text) {
    size_t which;
    lnr_str rest;
    lnr_error err;
    assert_int_equal(app_slash_parse(commands, 3, lnr_str_from(line), &which, &rest, &err),
                     LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, text));
}

static void commands_are_found(void **state) {
    (void)state;
    found("/quit", 0, "");
    found("/quit  ", 0, "");
    found("/system", 1, "");
    found("/system  be  brief \t", 1, "be  brief");
    found("/save a b.json", 2, "a b.json");
}

static void mistakes_are_named(void **state) {
    (void)state;
    refused("/quit now", "'/quit' takes nothing behind it");
    refused("/save", "'/save' needs a value: /save FILE");
    refused("/save ", "'/save' needs a value: /save FILE");
    refused("/sav x", "unknown command '/sav'; did you mean '/save'?");
    refused("/quitnow", "'/quitnow'");
    refused("/", "put a blank before it");
    refused("/usr/share/dict/words", "put a blank before it");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_found),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
