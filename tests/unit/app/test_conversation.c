/* The list of messages, and its form as JSON. */
#include "app/conversation.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static app_conversation c;

static void add(app_role role, const char *text, const char *reasoning) {
    assert_int_equal(
        app_conversation_add(&c, role, lnr_str_from(text), lnr_str_from(reasoning), NULL), LNR_OK);
}

static void set_system(const char *text) {
    assert_int_equal(app_conversation_set_system(&c, lnr_str_from(text), NULL), LNR_OK);
}

static void check(size_t n_left_out, const char *expected) {
    app_json j;
    app_json_init(&j);
    app_json_object(&j, NULL);
    app_conversation_write(&c, n_left_out, &j);
    app_json_end(&j);
    assert_string_equal(buf_cstr(&j.text), expected);
    app_json_deinit(&j);
}

static int begin(void **state) {
    (void)state;
    app_conversation_init(&c);
    return 0;
}

static int end(void **state) {
    (void)state;
    app_conversation_deinit(&c);
    return 0;
}

#define SYSTEM "{\"role\":\"system\",\"content\":\"s\"}"
#define FIRST  "{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}"
#define SECOND                                                                                     \
    "{\"role\":\"user\",\"content\":\"\"},"                                                        \
    "{\"role\":\"assistant\",\"content\":\"d\",\"reasoning_content\":\"r\"}"

static void turns_are_left_out_from_the_front(void **state) {
    (void)state;
    check(0, "{\"messages\":[]}");
    set_system("s");
    add(APP_ROLE_USER, "a", "");
    add(APP_ROLE_ASSISTANT, "b", "");
    add(APP_ROLE_USER, "", "");
    add(APP_ROLE_ASSISTANT, "d", "r");
    assert_int_equal(app_conversation_n_turns(&c), 2);
    check(0, "{\"messages\":[" SYSTEM "," FIRST "," SECOND "]}");
    check(1, "{\"messages\":[" SYSTEM "," SECOND "]}");
    check(2, "{\"messages\":[" SYSTEM "]}");
    set_system("");
    check(1, "{\"messages\":[" SECOND "]}");
}

static void the_system_message_stands_first(void **state) {
    (void)state;
    set_system("");
    assert_int_equal(c.n, 0);
    add(APP_ROLE_USER, "a", "");
    add(APP_ROLE_ASSISTANT, "b", "");
    set_system("old");
    set_system("s");
    assert_int_equal(c.n, 3);
    check(0, "{\"messages\":[" SYSTEM "," FIRST "]}");
    app_conversation_reset(&c);
    check(0, "{\"messages\":[" SYSTEM "]}");
    set_system("");
    app_conversation_reset(&c);
    assert_int_equal(c.n, 0);
}

static void the_last_message_can_go(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) /* more than the list begins with */
        add(APP_ROLE_USER, "x", "");
    for (int i = 0; i < 19; i++)
        app_conversation_drop_last(&c);
    check(0, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
}

static void texts_hold_any_bytes(void **state) {
    (void)state;
    assert_int_equal(
        app_conversation_add(&c, APP_ROLE_USER, (lnr_str){"a\0\"b", 4}, (lnr_str){0}, NULL),
        LNR_OK);
    check(0, "{\"messages\":[{\"role\":\"user\",\"content\":\"a\\u0000\\\"b\"}]}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(turns_are_left_out_from_the_front, begin, end),
        cmocka_unit_test_setup_teardown(the_system_message_stands_first, begin, end),
        cmocka_unit_test_setup_teardown(the_last_message_can_go, begin, end),
        cmocka_unit_test_setup_teardown(texts_hold_any_bytes, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
