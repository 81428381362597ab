/* Reading of texts: every byte arrives, what cannot be read or never ends is refused by name. */
#include "app/input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static lnr_buf out;
static lnr_error err;

static int setup(void **state) {
    (void)state;
    buf_init(&out);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    buf_deinit(&out);
    return 0;
}

static void every_byte_arrives(void **state) {
    (void)state;
    char path[] = "/tmp/lanner-test-input-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    static unsigned char bytes[200003]; /* several pieces and a rest */
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i % 251);
    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    close(fd);
    lnr_status st = app_input_read(path, &out, &err);
    unlink(path);
    assert_int_equal(st, LNR_OK);
    assert_int_equal(out.n, sizeof bytes);
    assert_memory_equal(out.p, bytes, sizeof bytes);
}

static void an_empty_text_is_a_text(void **state) {
    (void)state;
    assert_int_equal(app_input_read("/dev/null", &out, &err), LNR_OK);
    assert_int_equal(out.n, 0);
}

static void what_cannot_be_read_is_named(void **state) {
    (void)state;
    assert_int_equal(app_input_read("/no/such/file", &out, &err), LNR_E_IO);
    assert_non_null(strstr(err.text, "/no/such/file"));
    assert_int_equal(app_input_read("/", &out, &err), LNR_E_IO);
    assert_non_null(strstr(err.text, "Is a directory"));
}

static void an_endless_text_is_refused(void **state) {
    (void)state;
    assert_int_equal(app_input_read("/dev/zero", &out, &err), LNR_E_LIMIT);
    assert_string_equal(err.text, "/dev/zero: a text of more than 64 MiB");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_byte_arrives, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_text_is_a_text, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(an_endless_text_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
