/* The file of typed lines: what is appended comes back, and a long file is shortened. */
#include "app/history.h"

#include "os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/lanner-history-XXXXXX";
static char path[128], last[64];
static size_t n_lines;

static void note(const char *line, void *user) {
    assert_ptr_equal(user, &n_lines);
    snprintf(last, sizeof last, "%s", line);
    n_lines++;
}

static size_t load(void) {
    n_lines = 0;
    assert_int_equal(app_history_load(path, note, &n_lines, NULL), LNR_OK);
    return n_lines;
}

static void append(const char *line) {
    assert_int_equal(app_history_append(path, lnr_str_from(line), NULL), LNR_OK);
}

static void lines_come_back(void **state) {
    (void)state;
    struct stat info;
    assert_int_equal(load(), 0); /* no file */
    append("first");
    append("two\nlines \\n \\");
    assert_int_equal(load(), 2);
    assert_string_equal(last, "two\nlines \\n \\");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_long_file_is_shortened(void **state) {
    (void)state;
    char line[32];
    for (int i = 2; i < 2 * APP_HISTORY_LINES; i++) {
        snprintf(line, sizeof line, "line %d", i);
        append(line);
    }
    assert_int_equal(load(), APP_HISTORY_LINES);
    append("one more");
    assert_int_equal(load(), APP_HISTORY_LINES); /* and this shortens the file to them */
    assert_string_equal(last, "one more");
    os_file *f;
    assert_int_equal(os_file_open(path, &f, NULL), LNR_OK);
    assert_in_range(os_file_size(f), APP_HISTORY_LINES, APP_HISTORY_LINES * sizeof "line 1999");
    os_file_close(f);
    assert_int_equal(load(), APP_HISTORY_LINES);
}

static void a_place_that_cannot_be_written_is_named(void **state) {
    (void)state;
    lnr_error err;
    assert_int_equal(app_history_append("/proc/nowhere/x", lnr_str_from("a"), &err), LNR_E_IO);
    assert_non_null(strstr(err.text, "/proc/nowhere/x"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_back),
        cmocka_unit_test(a_long_file_is_shortened),
        cmocka_unit_test(a_place_that_cannot_be_written_is_named),
    };
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/new/folder/history", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    for (int i = 0; i < 3; i++) {
        *strrchr(path, '/') = '\0';
        rmdir(path);
    }
    return failed;
}
