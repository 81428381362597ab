/* KV block accounting: nothing is handed out twice, nothing is lost, what is cached goes in the
 * order of its last use. */
#include "backend/backend.h"
#include "cache/kv_index.h"
#include "cache/kv_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void blocks_are_distinct_and_come_back(void **state) {
    (void)state;
    kv_pool p;
    assert_int_equal(kv_pool_init(&p, 5, 1, NULL), LNR_OK);
    bool seen[5] = {false};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(kv_pool_available(&p), 5 - i);
        uint32_t block = kv_pool_take(&p);
        assert_true(block < 5 && !seen[block]);
        seen[block] = true;
    }
    assert_int_equal(kv_pool_available(&p), 0);
    kv_pool_ref(&p, 3);
    assert_int_equal(p.n_shared, 1);
    kv_pool_unref(&p, 3);
    assert_int_equal(p.n_shared, 0);
    assert_int_equal(p.n_free, 0); /* still one reference */
    kv_pool_unref(&p, 3);
    assert_int_equal(p.n_free, 1);
    assert_int_equal(kv_pool_take(&p), 3);
    kv_pool_deinit(&p);
}

/* A block in the index with n times `token`, held by nobody. */
static uint32_t cache_one(kv_pool *p, uint32_t parent, int32_t token, uint32_t n) {
    int32_t tokens[KV_BLOCK_TOKENS];
    for (uint32_t i = 0; i < n; i++)
        tokens[i] = token;
    uint32_t block = kv_pool_take(p);
    kv_index_add(p, block, parent, tokens, n, kv_index_hash(p->root_hash, tokens));
    kv_pool_unref(p, block);
    return block;
}

static void what_is_cached_goes_in_the_order_of_use(void **state) {
    (void)state;
    kv_pool p;
    assert_int_equal(kv_pool_init(&p, 3, 1, NULL), LNR_OK);
    uint32_t a = cache_one(&p, KV_NONE, 1, 5), b = cache_one(&p, KV_NONE, 2, 5),
             c = cache_one(&p, KV_NONE, 3, 5);
    assert_int_equal(p.n_cached, 3);
    assert_int_equal(kv_pool_available(&p), 3);
    kv_pool_ref(&p, a); /* used once more: now the newest */
    assert_int_equal(p.n_cached, 2);
    kv_pool_unref(&p, a);
    assert_int_equal(kv_pool_take(&p), b);
    assert_int_equal(kv_pool_take(&p), c);
    assert_int_equal(kv_pool_take(&p), a);
    assert_int_equal(p.root_child, KV_NONE);
    kv_pool_deinit(&p);
}

static void a_match_is_of_tokens_not_of_hashes(void **state) {
    (void)state;
    kv_pool p;
    int32_t ones[KV_BLOCK_TOKENS], twos[KV_BLOCK_TOKENS];
    assert_int_equal(kv_pool_init(&p, 4, 1, NULL), LNR_OK);
    for (uint32_t i = 0; i < KV_BLOCK_TOKENS; i++) {
        ones[i] = 1;
        twos[i] = 2;
    }
    uint64_t same = 42; /* as if they collided */
    uint32_t a = kv_pool_take(&p), b = kv_pool_take(&p), c = kv_pool_take(&p);
    kv_index_add(&p, a, KV_NONE, ones, KV_BLOCK_TOKENS, same);
    kv_index_add(&p, b, KV_NONE, twos, KV_BLOCK_TOKENS, same);
    kv_index_add(&p, c, a, ones, KV_BLOCK_TOKENS, same);
    assert_int_equal(kv_index_find(&p, KV_NONE, same, ones), a);
    assert_int_equal(kv_index_find(&p, KV_NONE, same, twos), b);
    assert_int_equal(kv_index_find(&p, a, same, ones), c);
    assert_int_equal(kv_index_find(&p, a, same, twos), KV_NONE);
    assert_int_equal(kv_index_find(&p, b, same, ones), KV_NONE);
    kv_index_drop(&p, c);
    assert_int_equal(kv_index_find(&p, a, same, ones), KV_NONE);
    assert_int_equal(kv_index_find(&p, KV_NONE, same, ones), a);
    assert_true(kv_index_was_evicted(&p, same));
    assert_false(kv_index_was_evicted(&p, same + 1));
    kv_pool_deinit(&p);
}

static void the_nearest_child_shares_most(void **state) {
    (void)state;
    kv_pool p;
    assert_int_equal(kv_pool_init(&p, 4, 1, NULL), LNR_OK);
    static const int32_t text[] = {5, 6, 7, 8, 9};
    uint32_t a = kv_pool_take(&p), b = kv_pool_take(&p), n;
    kv_index_add(&p, a, KV_NONE, text, 2, 0);
    kv_index_add(&p, b, KV_NONE, text, 4, 0);
    assert_int_equal(kv_index_nearest(&p, KV_NONE, text, 5, &n), b);
    assert_int_equal(n, 4);
    assert_int_equal(kv_index_nearest(&p, KV_NONE, text, 3, &n), b);
    assert_int_equal(n, 3);
    static const int32_t other[] = {5, 6, 1};
    (void)kv_index_nearest(&p, KV_NONE, other, 3, &n);
    assert_int_equal(n, 2);
    assert_int_equal(kv_index_nearest(&p, KV_NONE, other + 2, 1, &n), KV_NONE);
    assert_int_equal(n, 0);
    assert_int_equal(kv_index_nearest(&p, a, text, 5, &n), KV_NONE);
    kv_pool_deinit(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_distinct_and_come_back),
        cmocka_unit_test(what_is_cached_goes_in_the_order_of_use),
        cmocka_unit_test(a_match_is_of_tokens_not_of_hashes),
        cmocka_unit_test(the_nearest_child_shares_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
