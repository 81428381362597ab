/* Ctrl-C: the first SIGINT sets the flag, the second has its deadly default again; an ignored one
 * stays ignored; caught ones are never deadly. */
#include "app/interrupt.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_ignored_signal_stays_ignored(void **state) {
    (void)state;
    signal(SIGINT, SIG_IGN);
    app_interrupt_install();
    raise(SIGINT);
    assert_false(app_interrupted());
    assert_true(signal(SIGINT, SIG_DFL) == SIG_IGN);
}

static void the_first_sets_the_flag_and_the_next_is_deadly(void **state) {
    (void)state;
    app_interrupt_install();
    assert_false(app_interrupted());
    raise(SIGINT);
    assert_true(app_interrupted());
    assert_true(signal(SIGINT, SIG_DFL) == SIG_DFL);
}

static void caught_ones_never_end_the_program(void **state) {
    (void)state;
    app_interrupt_clear();
    assert_false(app_interrupted());
    app_interrupt_catch();
    for (int i = 0; i < 3; i++) {
        raise(SIGINT);
        assert_true(app_interrupted());
        app_interrupt_clear();
        assert_false(app_interrupted());
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ignored_signal_stays_ignored),
        cmocka_unit_test(the_first_sets_the_flag_and_the_next_is_deadly),
        cmocka_unit_test(caught_ones_never_end_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
