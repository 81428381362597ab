/* KV block accounting: nothing is handed out twice, nothing is lost, a reservation is all or
 * nothing. */
#include "backend/backend.h"
#include "cache/kv_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void blocks_are_distinct_and_come_back(void **state) {
    (void)state;
    kv_pool p;
    assert_int_equal(kv_pool_init(&p, 5, NULL), LNR_OK);
    bool seen[5] = {false};
    uint32_t block;
    for (int i = 0; i < 5; i++) {
        assert_true(kv_pool_take(&p, &block));
        assert_true(block < 5 && !seen[block]);
        seen[block] = true;
    }
    assert_false(kv_pool_take(&p, &block));
    kv_pool_ref(&p, 3);
    kv_pool_unref(&p, 3);
    assert_int_equal(p.n_free, 0); /* still one reference */
    kv_pool_unref(&p, 3);
    assert_int_equal(p.n_free, 1);
    assert_true(kv_pool_take(&p, &block));
    assert_int_equal(block, 3);
    kv_pool_deinit(&p);
}

static void reservations_are_all_or_nothing(void **state) {
    (void)state;
    kv_pool p;
    kv_sequence a, b;
    assert_int_equal(kv_pool_init(&p, 4, NULL), LNR_OK);
    assert_int_equal(kv_sequence_init(&a, 4 * KV_BLOCK_TOKENS, NULL), LNR_OK);
    assert_int_equal(kv_sequence_init(&b, 2 * KV_BLOCK_TOKENS, NULL), LNR_OK);
    assert_true(kv_sequence_reserve(&a, &p, 2 * KV_BLOCK_TOKENS + 1));
    assert_int_equal(a.n_blocks, 3);
    assert_true(kv_sequence_reserve(&a, &p, 1)); /* already there */
    assert_int_equal(a.n_blocks, 3);
    assert_false(kv_sequence_reserve(&b, &p, KV_BLOCK_TOKENS + 1)); /* one block is left */
    assert_int_equal(b.n_blocks, 0);
    assert_int_equal(p.n_free, 1);
    kv_sequence_clear(&a, &p);
    assert_int_equal(p.n_free, 4);
    assert_false(kv_sequence_reserve(&b, &p, 2 * KV_BLOCK_TOKENS + 1)); /* above its own limit */
    assert_true(kv_sequence_reserve(&b, &p, 2 * KV_BLOCK_TOKENS));
    kv_sequence_deinit(&a, &p);
    kv_sequence_deinit(&b, &p);
    assert_int_equal(p.n_free, 4);
    kv_pool_deinit(&p);
}

static void random_use_loses_nothing(void **state) {
    (void)state;
    enum { N_BLOCKS = 37, N_SEQUENCES = 9 };
    kv_pool p;
    kv_sequence s[N_SEQUENCES];
    assert_int_equal(kv_pool_init(&p, N_BLOCKS, NULL), LNR_OK);
    for (int i = 0; i < N_SEQUENCES; i++)
        assert_int_equal(kv_sequence_init(&s[i], 10 * KV_BLOCK_TOKENS, NULL), LNR_OK);
    uint32_t random = 12345;
    for (int round = 0; round < 20000; round++) {
        random = random * 1664525u + 1013904223u;
        kv_sequence *q = &s[(random >> 16) % N_SEQUENCES];
        if (random >> 30 == 0)
            kv_sequence_clear(q, &p);
        else
            (void)kv_sequence_reserve(q, &p, (random >> 8) % (10 * KV_BLOCK_TOKENS) + 1);
        uint32_t used = 0;
        bool seen[N_BLOCKS] = {false};
        for (int i = 0; i < N_SEQUENCES; i++)
            for (uint32_t j = 0; j < s[i].n_blocks; j++, used++) {
                assert_false(seen[s[i].block[j]]);
                seen[s[i].block[j]] = true;
            }
        assert_int_equal(used + p.n_free, N_BLOCKS);
    }
    for (int i = 0; i < N_SEQUENCES; i++)
        kv_sequence_deinit(&s[i], &p);
    assert_int_equal(p.n_free, N_BLOCKS);
    kv_pool_deinit(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_distinct_and_come_back),
        cmocka_unit_test(reservations_are_all_or_nothing),
        cmocka_unit_test(random_use_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
