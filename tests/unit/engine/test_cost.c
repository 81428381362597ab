/* How many prompt tokens a step may take beside answers. */
#include "engine/cost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS 1000000u

static void nothing_measured_means_the_smallest_chunk(void **state) {
    (void)state;
    step_cost c = {0};
    assert_int_equal(cost_chunk(&c, 150, 512), COST_CHUNK_MIN);
    assert_int_equal(cost_chunk(&c, 150, 5), 5); /* never more than there is room for */
    assert_int_equal(cost_bound_ms(&c, 150), 150);
}

static void the_chunk_fills_what_a_plain_step_leaves(void **state) {
    (void)state;
    step_cost c = {0};
    cost_add(&c, 8, 0, 50 * MS);
    cost_add(&c, 108, 100, 150 * MS); /* 1 ms a token */
    assert_in_range(cost_chunk(&c, 150, 512), 99, 100);
    assert_in_range(cost_chunk(&c, 80, 512), 29, 30);
    assert_int_equal(cost_chunk(&c, 1000, 512), 512);
    assert_int_equal(cost_bound_ms(&c, 150), 150);
}

static void a_prompt_alone_is_measured_too(void **state) {
    (void)state;
    step_cost c = {0};
    cost_add(&c, 128, 128, 256 * MS);
    assert_in_range(cost_chunk(&c, 100, 512), 49, 50);
    cost_add(&c, 3, 3, 100 * MS); /* too few to say what one costs */
    assert_in_range(cost_chunk(&c, 100, 512), 49, 50);
}

static void slower_counts_at_once_and_faster_slowly(void **state) {
    (void)state;
    step_cost c = {0};
    cost_add(&c, 100, 100, 100 * MS);
    cost_add(&c, 100, 100, 400 * MS);
    assert_in_range(cost_chunk(&c, 100, 512), 24, 25);
    cost_add(&c, 100, 100, 100 * MS);
    assert_in_range(cost_chunk(&c, 100, 512), 25, 30);
    for (int i = 0; i < 200; i++)
        cost_add(&c, 100, 100, 100 * MS);
    assert_in_range(cost_chunk(&c, 100, 512), 95, 100);
}

static void where_a_plain_step_is_too_slow_the_bound_is_told(void **state) {
    (void)state;
    step_cost c = {0};
    cost_add(&c, 1, 0, 400 * MS);
    cost_add(&c, 101, 100, 1400 * MS); /* 10 ms a token */
    assert_int_equal(cost_chunk(&c, 150, 512), COST_CHUNK_MIN);
    assert_in_range(cost_bound_ms(&c, 150), 560, 562);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_measured_means_the_smallest_chunk),
        cmocka_unit_test(the_chunk_fills_what_a_plain_step_leaves),
        cmocka_unit_test(a_prompt_alone_is_measured_too),
        cmocka_unit_test(slower_counts_at_once_and_faster_slowly),
        cmocka_unit_test(where_a_plain_step_is_too_slow_the_bound_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
