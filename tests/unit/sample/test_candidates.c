/* sample/candidates: exact weights, the ends of the draw, entropy and finding. */
#include "sample/candidates.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void weights_are_shares_of_the_best(void **state) {
    (void)state;
    candidate item[4] = {
        {.logit = 1}, {.logit = 3, .id = 1}, {.logit = -200, .id = 2}, {.logit = -1, .id = 3}};
    candidates c = {item, 4, 4};
    candidates_weigh(&c, 2.0f);
    const double one = (double)CANDIDATE_WEIGHT_ONE;
    assert_true(item[1].weight == CANDIDATE_WEIGHT_ONE);
    assert_true(fabs((double)item[0].weight - exp(-1) * one) < 1);
    assert_true(fabs((double)item[3].weight - exp(-2) * one) < 1);
    assert_true(item[2].weight == 0);
    assert_true(candidates_total(&c) == item[0].weight + item[1].weight + item[3].weight);

    candidates_weigh(&c, 1e-45f); /* a denormal: only the best is left */
    assert_true(candidates_total(&c) == CANDIDATE_WEIGHT_ONE);
    candidates_weigh(&c, 3e38f); /* all the same */
    assert_true(item[2].weight == CANDIDATE_WEIGHT_ONE);
}

static void draw_covers_exactly_the_weights(void **state) {
    (void)state;
    candidate item[4] = {{.id = 2, .weight = 0},
                         {.id = 5, .weight = 1},
                         {.id = 6, .weight = 2},
                         {.id = 9, .weight = 1}};
    candidates c = {item, 4, 4};
    const uint64_t quarter = (uint64_t)1 << 62;
    assert_int_equal(candidates_draw(&c, 0), 5);
    assert_int_equal(candidates_draw(&c, quarter - 1), 5);
    assert_int_equal(candidates_draw(&c, quarter), 6);
    assert_int_equal(candidates_draw(&c, 3 * quarter - 1), 6);
    assert_int_equal(candidates_draw(&c, 3 * quarter), 9);
    assert_int_equal(candidates_draw(&c, UINT64_MAX), 9);
}

static void entropy_is_that_of_the_shares(void **state) {
    (void)state;
    candidate item[4] = {{.logit = 1}, {.logit = 1}, {.logit = 1}, {.logit = 1}};
    candidates c = {item, 4, 4};
    candidates_weigh(&c, 1.0f);
    assert_true(fabs(candidates_entropy(&c, 1.0f) - log(4)) < 1e-12);
    item[0].logit = 3;
    candidates_weigh(&c, 2.0f);
    double z = 1 + 3 * exp(-1), want = log(z) + 3 * exp(-1) / z;
    assert_true(fabs(candidates_entropy(&c, 2.0f) - want) < 1e-11);
    c.n = 1;
    candidates_weigh(&c, 2.0f);
    assert_true(candidates_entropy(&c, 2.0f) == 0.0);
}

static void find_knows_every_id(void **state) {
    (void)state;
    candidate item[5] = {{.id = 0}, {.id = 3}, {.id = 4}, {.id = 9}, {.id = 100}};
    candidates c = {item, 0, 5};
    assert_null(candidates_find(&c, 0));
    for (c.n = 1; c.n <= 5; c.n++)
        for (int32_t id = -1; id < 102; id++) {
            candidate *want = NULL;
            for (uint32_t i = 0; i < c.n; i++)
                want = item[i].id == id ? &item[i] : want;
            assert_ptr_equal(candidates_find(&c, id), want);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_shares_of_the_best),
        cmocka_unit_test(draw_covers_exactly_the_weights),
        cmocka_unit_test(entropy_is_that_of_the_shares),
        cmocka_unit_test(find_knows_every_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
