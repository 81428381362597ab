/* Merging against a direct reading of its definition, and its cost on the worst input. */
#include "text/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

/* The definition: the smallest rank first, the leftmost among equals, until nothing merges. */
static size_t merge_slowly(const pair_table *pairs, uint32_t *symbol, size_t n) {
    for (;;) {
        const pair_entry *best = NULL;
        size_t at = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            const pair_entry *e = pairs_find(pairs, symbol[i], symbol[i + 1]);
            if (e && (best == NULL || e->rank < best->rank)) {
                best = e;
                at = i;
            }
        }
        if (best == NULL)
            return n;
        symbol[at] = best->result;
        memmove(&symbol[at + 1], &symbol[at + 2], (n - at - 2) * sizeof *symbol);
        n--;
    }
}

static void check_run(const pair_table *pairs, const uint32_t *input, size_t n, size_t short_max) {
    uint32_t expected[256];
    memcpy(expected, input, n * sizeof *input);
    size_t n_expected = merge_slowly(pairs, expected, n), n_covered = 0;
    merger m;
    merger_init(&m, pairs);
    m.short_max = short_max;
    for (size_t i = 0; i < n; i++)
        assert_true(merger_add(&m, input[i]));
    assert_true(merger_run(&m));
    assert_int_equal(m.n, n_expected);
    for (size_t i = 0; i < m.n; i++) {
        assert_int_equal(m.symbol[i].symbol, expected[i]);
        n_covered += m.symbol[i].n;
    }
    assert_int_equal(n_covered, n);
    merger_deinit(&m);
}

/* Few symbols and few ranks, so that merges compete, chain and tie. */
static void both_ways_give_what_the_definition_gives(void **state) {
    (void)state;
    for (int round = 0; round < 3000; round++) {
        pair_table pairs;
        pairs_init(&pairs);
        uint32_t n_symbols = 2 + random_below(12), n_ranks = 1 + random_below(20);
        uint32_t n_pairs = random_below(40);
        for (uint32_t i = 0; i < n_pairs; i++)
            assert_true(pairs_add(&pairs, random_below(n_symbols), random_below(n_symbols),
                                  random_below(n_ranks), random_below(n_symbols)));
        uint32_t input[256];
        size_t n = random_below(round % 10 == 0 ? 200 : MERGE_SHORT_MAX + 1);
        for (size_t i = 0; i < n; i++)
            input[i] = random_below(n_symbols);
        check_run(&pairs, input, n, 0);
        check_run(&pairs, input, n, MERGE_SHORT_MAX);
        pairs_deinit(&pairs);
    }
}

static uint64_t heap_steps(const pair_table *pairs, size_t n, size_t *n_left) {
    merger m;
    merger_init(&m, pairs);
    for (size_t i = 0; i < n; i++)
        assert_true(merger_add(&m, 0));
    assert_true(merger_run(&m));
    uint64_t steps = m.n_heap_steps;
    *n_left = m.n;
    merger_deinit(&m);
    return steps;
}

/* a + a = aa, aa + aa = aaaa, ... (symbol k covers 2^k letters), and the degenerate kind that eats
 * one letter a time: a + a = aa, aa + a = aaa, ... At most 3 n candidates enter and leave a heap of
 * fewer than 3 n: 6 n log2(3 n) levels. */
static void one_letter_costs_n_log_n(void **state) {
    (void)state;
    for (int degenerate = 0; degenerate < 2; degenerate++) {
        pair_table pairs;
        pairs_init(&pairs);
        for (uint32_t k = 0; k < 20; k++)
            assert_true(pairs_add(&pairs, k, degenerate ? 0 : k, k, k + 1));
        for (unsigned log = 10; log <= 20; log += 5) {
            size_t n = (size_t)1 << log, n_left;
            uint64_t steps = heap_steps(&pairs, n, &n_left);
            assert_true(steps > n && steps <= 6 * n * (log + 2));
            if (!degenerate)
                assert_int_equal(n_left, 1);
        }
        pairs_deinit(&pairs);
    }
}

static void the_first_entry_of_a_pair_stays(void **state) {
    (void)state;
    pair_table pairs;
    pairs_init(&pairs);
    assert_null(pairs_find(&pairs, 1, 2));
    for (uint32_t i = 0; i < 5000; i++)
        assert_true(pairs_add(&pairs, i, i + 1, i, 2 * i));
    assert_true(pairs_add(&pairs, 7, 8, 99, 99));
    assert_int_equal(pairs.count, 5000);
    for (uint32_t i = 0; i < 5000; i++) {
        const pair_entry *e = pairs_find(&pairs, i, i + 1);
        assert_non_null(e);
        assert_int_equal(e->rank, i);
        assert_int_equal(e->result, 2 * i);
        assert_null(pairs_find(&pairs, i + 1, i));
    }
    pairs_deinit(&pairs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_give_what_the_definition_gives),
        cmocka_unit_test(one_letter_costs_n_log_n),
        cmocka_unit_test(the_first_entry_of_a_pair_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
