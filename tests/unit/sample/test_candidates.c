/* sample/candidates: what is taken from logits, exact weights, and the ends of the draw. */
#include "sample/candidates.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void fill_skips_minus_infinity(void **state) {
    (void)state;
    candidate item[4];
    candidates c = {item, 0, 4};
    const float logits[] = {-INFINITY, 2.0f, -INFINITY, -3e38f};
    assert_int_equal(candidates_fill(&c, logits, NULL), LNR_OK);
    assert_int_equal(c.n, 2);
    assert_int_equal(item[0].id, 1);
    assert_int_equal(item[1].id, 3);
}

static void fill_refuses_what_is_no_number(void **state) {
    (void)state;
    candidate item[3];
    candidates c = {item, 0, 3};
    lnr_error err;
    assert_int_equal(candidates_fill(&c, (float[]){0, NAN, 0}, &err), LNR_E_NUMERIC);
    assert_non_null(strstr(err.text, "token 1 is NaN"));
    assert_int_equal(candidates_fill(&c, (float[]){0, 0, INFINITY}, &err), LNR_E_NUMERIC);
    assert_non_null(strstr(err.text, "token 2 is +Inf"));
    assert_int_equal(candidates_fill(&c, (float[]){-INFINITY, -INFINITY, -INFINITY}, &err),
                     LNR_E_NUMERIC);
    assert_non_null(strstr(err.text, "all 3 tokens"));
}

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fill_skips_minus_infinity),
        cmocka_unit_test(fill_refuses_what_is_no_number),
        cmocka_unit_test(weights_are_shares_of_the_best),
        cmocka_unit_test(draw_covers_exactly_the_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
