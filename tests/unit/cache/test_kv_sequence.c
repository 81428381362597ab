/* Sharing KV blocks. A block's contents are played by the tokens that were written to it: whatever
 * sequences do, each must find its own tokens in its blocks, and no block may be lost. */
#include "backend/backend.h"
#include "cache/kv_index.h"
#include "cache/kv_sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCK KV_BLOCK_TOKENS
#define N_MAX 400
#define POOL  24

static kv_pool pool;
static int32_t content[POOL][BLOCK];

static int setup(void **state) {
    (void)state;
    memset(content, 0xff, sizeof content);
    return kv_pool_init(&pool, POOL, 7, NULL) == LNR_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    kv_pool_deinit(&pool);
    return 0;
}

/* Stores positions up to n, as a step of the model would. */
static bool compute(kv_sequence *s, const int32_t *token, uint32_t n) {
    if (!kv_sequence_extend(s, &pool, n))
        return false;
    for (uint32_t i = s->n_tokens; i < n; i++) {
        const kv_block *b = &pool.block[s->block[i / BLOCK]];
        assert_int_equal(b->n_refs, 1); /* rule 3: what is written is one's own */
        assert_int_equal(b->n_tokens, 0);
        content[s->block[i / BLOCK]][i % BLOCK] = token[i];
    }
    kv_sequence_stored(s, &pool, token, n);
    return true;
}

static void check_content(const kv_sequence *s, const int32_t *token) {
    assert_true(s->n_blocks * BLOCK >= s->n_tokens);
    for (uint32_t i = 0; i < s->n_tokens; i++)
        assert_int_equal(content[s->block[i / BLOCK]][i % BLOCK], token[i]);
}

static void fill(int32_t *token, uint32_t n, int32_t first) {
    for (uint32_t i = 0; i < n; i++)
        token[i] = first + (int32_t)i;
}

static void copy(const kv_match *m) {
    if (m->copy_to != KV_NONE)
        memcpy(content[m->copy_to], content[m->copy_from], sizeof content[0]);
}

static void begin(kv_sequence *s, const int32_t *token, uint32_t n, kv_match *m) {
    assert_int_equal(kv_sequence_init(s, N_MAX, NULL), LNR_OK);
    kv_sequence_match(s, &pool, token, n, m);
    copy(m);
}

static void end(kv_sequence *s, const int32_t *token) {
    check_content(s, token);
    kv_sequence_close(s, &pool, token);
    kv_sequence_deinit(s);
}

static void a_conversation_goes_on_where_it_ended(void **state) {
    (void)state;
    int32_t token[N_MAX];
    kv_sequence s;
    kv_match m;
    fill(token, N_MAX, 0);
    begin(&s, token, 100, &m);
    assert_int_equal(m.n_tokens, 0);
    assert_int_equal(m.miss, KV_MISS_NEW);
    assert_true(compute(&s, token, 150));
    end(&s, token);
    begin(&s, token, 300, &m); /* the last block is not full: taken over, not copied */
    assert_int_equal(m.n_tokens, 150);
    assert_int_equal(m.n_same, 150);
    assert_int_equal(m.miss, KV_MISS_NEW);
    assert_true(compute(&s, token, 300));
    end(&s, token);
    assert_int_equal(pool.n_cached, 5);
    begin(&s, token, 256, &m);
    assert_int_equal(m.n_tokens, 256);
    assert_int_equal(m.miss, KV_MISS_NONE);
    end(&s, token);
    assert_int_equal(pool.n_free + pool.n_cached, POOL);
}

static void a_changed_token_is_named(void **state) {
    (void)state;
    int32_t token[N_MAX];
    kv_sequence s;
    kv_match m;
    fill(token, N_MAX, 0);
    begin(&s, token, 0, &m);
    assert_true(compute(&s, token, 200));
    end(&s, token);
    token[130] = -5;
    begin(&s, token, 250, &m);
    assert_int_equal(m.n_tokens, 130); /* two blocks, and a copy of the third's beginning */
    assert_int_equal(m.n_same, 130);
    assert_int_equal(m.miss, KV_MISS_EDITED);
    end(&s, token);
    token[128] = -5; /* the first of a block */
    begin(&s, token, 250, &m);
    assert_int_equal(m.n_same, 128);
    assert_int_equal(m.miss, KV_MISS_EDITED);
    end(&s, token);
}

static void evicted_is_told_from_new(void **state) {
    (void)state;
    int32_t token[N_MAX], other[POOL * BLOCK];
    kv_sequence s;
    kv_match m;
    fill(token, N_MAX, 0);
    fill(other, POOL * BLOCK, 5000);
    begin(&s, token, 0, &m);
    assert_true(compute(&s, token, 2 * BLOCK));
    end(&s, token);
    assert_int_equal(kv_sequence_init(&s, POOL * BLOCK, NULL), LNR_OK);
    assert_true(compute(&s, other, (POOL - 1) * BLOCK)); /* needs one of the two: the second */
    end(&s, other);
    begin(&s, token, 3 * BLOCK, &m);
    assert_int_equal(m.n_tokens, BLOCK);
    assert_int_equal(m.miss, KV_MISS_EVICTED);
    end(&s, token);
}

static void equal_blocks_become_one(void **state) {
    (void)state;
    int32_t token[N_MAX];
    kv_sequence a, b;
    kv_match m;
    fill(token, N_MAX, 0);
    begin(&a, token, 200, &m);
    begin(&b, token, 200, &m); /* before the other has stored anything */
    for (uint32_t n = 10; n <= 200; n += 10) {
        assert_true(compute(&a, token, n));
        assert_true(compute(&b, token, n));
    }
    assert_int_equal(a.block[2], b.block[2]);
    assert_int_not_equal(a.block[3], b.block[3]);
    assert_int_equal(pool.n_shared, 3);
    assert_int_equal(POOL - pool.n_free, 5);
    end(&a, token);
    end(&b, token);
    assert_int_equal(pool.n_cached, 4); /* the second's tail was there already */
}

static void a_running_sequence_is_copied_from(void **state) {
    (void)state;
    int32_t token[N_MAX];
    kv_sequence a, b;
    kv_match m;
    fill(token, N_MAX, 0);
    begin(&a, token, 0, &m);
    assert_true(compute(&a, token, 100));
    begin(&b, token, 150, &m); /* the block that is being written is not in the index */
    assert_int_equal(m.n_tokens, BLOCK);
    assert_true(kv_sequence_copy_part(&b, &pool, &a, 90, &m));
    copy(&m);
    assert_int_equal(b.n_tokens, 90);
    assert_true(compute(&a, token, 120));
    assert_true(compute(&b, token, 150));
    check_content(&a, token);
    end(&b, token);
    end(&a, token);
    assert_int_equal(pool.n_free + pool.n_cached, POOL);
}

static void a_promise_is_kept_and_cached_blocks_serve_it(void **state) {
    (void)state;
    int32_t token[N_MAX], other[N_MAX];
    kv_sequence a, b, c;
    kv_match m;
    fill(token, N_MAX, 0);
    fill(other, N_MAX, 9000);
    begin(&a, token, 0, &m);
    assert_true(compute(&a, token, 6 * BLOCK));
    end(&a, token);
    begin(&b, other, 0, &m);
    b.n_blocks_max = POOL;
    b.block = realloc(b.block, POOL * sizeof *b.block);
    assert_true(kv_sequence_promise(&b, &pool, (POOL - 2) * BLOCK)); /* 4 of the cached ones, too */
    begin(&c, token, 6 * BLOCK, &m); /* of 6 cached blocks 2 are not promised */
    assert_int_equal(m.n_tokens, 2 * BLOCK);
    assert_false(kv_sequence_promise(&c, &pool, 3 * BLOCK));
    assert_false(kv_sequence_extend(&c, &pool, 3 * BLOCK));
    assert_true(compute(&b, other, N_MAX));
    end(&c, token);
    end(&b, other);
    assert_int_equal(pool.n_promised, 0);
    assert_int_equal(pool.n_free + pool.n_cached, POOL);
}

static void apart_means_apart(void **state) {
    (void)state;
    int32_t token[N_MAX];
    kv_sequence a, b;
    kv_match m;
    fill(token, N_MAX, 0);
    begin(&a, token, 0, &m);
    a.apart = true;
    assert_true(compute(&a, token, 200));
    begin(&b, token, 199, &m);
    assert_int_equal(m.n_tokens, 0);
    assert_true(compute(&b, token, 200));
    end(&a, token);
    assert_int_equal(pool.n_shared + pool.n_cached, 0);
    end(&b, token);
    assert_int_equal(kv_sequence_init(&a, N_MAX, NULL), LNR_OK);
    a.apart = true;
    kv_sequence_match(&a, &pool, token, 199, &m);
    assert_int_equal(m.n_tokens, 0);
    end(&a, token);
}

/* ---- at random
 * ----------------------------------------------------------------------------------- */

#define N_SEQUENCES 6

typedef struct player {
    kv_sequence kv;
    int32_t token[N_MAX];
    uint32_t n;
    bool lives;
} player;

static uint32_t rng = 1;

static uint32_t below(uint32_t n) {
    rng = rng * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(rng >> 8) * n >> 24);
}

static void check_pool(const player *all) {
    uint32_t held[POOL] = {0}, n_held = 0, n_promised = 0;
    for (int i = 0; i < N_SEQUENCES; i++) {
        const kv_sequence *s = &all[i].kv;
        for (uint32_t j = 0; all[i].lives && j < s->n_blocks; j++)
            held[s->block[j]]++;
        n_promised += all[i].lives ? s->n_promised : 0;
    }
    for (uint32_t i = 0; i < POOL; i++) {
        const kv_block *b = &pool.block[i];
        assert_int_equal(b->n_refs, held[i]);
        n_held += held[i] > 0;
        if (b->n_tokens > 0 && b->parent != KV_NONE) { /* rule 6: its predecessor is there */
            assert_true(pool.block[b->parent].n_tokens == BLOCK);
            assert_true(b->n_refs == 0 || pool.block[b->parent].n_refs > 0);
        }
    }
    assert_int_equal(n_held + pool.n_free + pool.n_cached, POOL);
    assert_int_equal(pool.n_promised, n_promised);
    assert_true(pool.n_promised <= pool.n_free + pool.n_cached);
}

static void start_player(player *p, int32_t text[3][N_MAX]) {
    kv_match m;
    uint32_t n_shared = below(300), from = below(3);
    p->n = n_shared + 1 + below(99);
    for (uint32_t i = 0; i < p->n; i++)
        p->token[i] = i < n_shared ? text[from][i] : (int32_t)below(4);
    begin(&p->kv, p->token, p->n, &m);
    p->kv.apart = below(8) == 0 && p->kv.n_blocks == 0;
    assert_true(m.n_tokens <= m.n_same && m.n_same <= p->n);
    check_content(&p->kv, p->token);
    (void)kv_sequence_promise(&p->kv, &pool, below(p->n));
    p->lives = true;
}

static void whatever_happens_each_finds_its_own(void **state) {
    (void)state;
    static int32_t text[3][N_MAX];
    static player all[N_SEQUENCES];
    for (int i = 0; i < 3 * N_MAX; i++)
        text[i / N_MAX][i % N_MAX] = (int32_t)below(4);
    uint64_t n_reused = 0;
    for (int round = 0; round < 20000; round++) {
        player *p = &all[below(N_SEQUENCES)];
        if (!p->lives) {
            start_player(p, text);
            n_reused += p->kv.n_tokens;
        } else if (p->kv.n_tokens == p->n || below(10) == 0) {
            end(&p->kv, p->token);
            p->lives = false;
        } else {
            uint32_t n = p->kv.n_tokens + 1 + below(p->n - p->kv.n_tokens);
            if (below(3) == 0 && p->kv.n_blocks == (p->kv.n_tokens + BLOCK - 1) / BLOCK)
                kv_sequence_match_full(&p->kv, &pool, p->token, p->n);
            else if (!compute(&p->kv, p->token, n) && p->kv.n_blocks * BLOCK > p->kv.n_tokens)
                (void)compute(&p->kv, p->token, p->kv.n_tokens + 1);
            check_content(&p->kv, p->token);
        }
        check_pool(all);
    }
    assert_true(n_reused > 100000);
    for (int i = 0; i < N_SEQUENCES; i++)
        if (all[i].lives)
            end(&all[i].kv, all[i].token);
    assert_int_equal(pool.n_free + pool.n_cached, POOL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_conversation_goes_on_where_it_ended),
        TEST(a_changed_token_is_named),
        TEST(evicted_is_told_from_new),
        TEST(equal_blocks_become_one),
        TEST(a_running_sequence_is_copied_from),
        TEST(a_promise_is_kept_and_cached_blocks_serve_it),
        TEST(apart_means_apart),
        TEST(whatever_happens_each_finds_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
