/* Finding special tokens against trying each token at each place, and the sets that defeat a plain
 * trie. */
#include "text/special.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static int32_t longest_at(const vocab *v, lnr_str text, size_t at, bool control) {
    int32_t best = TOKEN_NONE;
    for (uint32_t i = 0; i < v->n_tokens; i++) {
        lnr_str t = v->text[i];
        if (v->kind[i] == TOKEN_NORMAL || (v->kind[i] != TOKEN_USER_DEFINED && !control))
            continue;
        if (t.n && t.n <= text.n - at && memcmp(t.p, text.p + at, t.n) == 0 &&
            (best == TOKEN_NONE || t.n > v->text[best].n))
            best = (int32_t)i;
    }
    return best;
}

static void check(const special_finder *s, const vocab *v, lnr_str text, bool control) {
    special_matches m;
    assert_int_equal(special_find(s, text, control, &m, NULL), LNR_OK);
    size_t n = m.n;
    for (size_t at = 0; at < text.n; at++) {
        int32_t id = longest_at(v, text, at, control);
        if (id == TOKEN_NONE)
            continue;
        assert_true(n > 0);
        n--;
        assert_int_equal(m.match[n].at, at);
        assert_int_equal(m.match[n].id, id);
    }
    assert_int_equal(n, 0);
    special_matches_deinit(&m);
}

static void every_place_has_its_longest_token(void **state) {
    (void)state;
    static const uint8_t kinds[] = {TOKEN_NORMAL, TOKEN_CONTROL, TOKEN_UNKNOWN, TOKEN_USER_DEFINED};
    for (int round = 0; round < 2000; round++) {
        char letters[20][8], text[64];
        lnr_str texts[20];
        uint8_t kind[20];
        vocab v = {.n_tokens = random_below(20), .text = texts, .kind = kind};
        for (uint32_t i = 0; i < v.n_tokens; i++) {
            size_t n = random_below(8);
            for (size_t k = 0; k < n; k++)
                letters[i][k] = (char)('a' + random_below(2));
            texts[i] = (lnr_str){letters[i], n};
            kind[i] = kinds[random_below(4)];
        }
        size_t n = random_below(sizeof text);
        for (size_t k = 0; k < n; k++)
            text[k] = (char)('a' + random_below(2) + (random_below(20) == 0));
        special_finder s;
        assert_int_equal(special_init(&s, &v, NULL), LNR_OK);
        check(&s, &v, (lnr_str){text, n}, false);
        check(&s, &v, (lnr_str){text, n}, true);
        special_deinit(&s);
    }
}

/* 10^5 strings (ab)^k and the like that overlap in every way, and a long one that nearly matches at
 * every place: walking a trie from each place would take 10^10 steps. */
static void overlapping_strings_cost_one_pass(void **state) {
    (void)state;
    enum { N = 100000, N_TEXT = 1 << 20 };
    char *decoy = test_malloc(N + 1);
    memset(decoy, 'a', N);
    decoy[N] = 'b';
    char(*numbered)[16] = test_malloc(N * sizeof *numbered);
    lnr_str *texts = test_malloc(N * sizeof *texts);
    uint8_t *kinds = test_malloc(N);
    for (uint32_t i = 0; i < N; i++) {
        /* the letters a and c by the bits of i, most significant first: prefixes of each other */
        size_t n = 0;
        for (uint32_t bit = 17; bit-- > 0;)
            if (i + 1 >= 1u << bit && n < 16)
                numbered[i][n++] = (i + 1) >> bit & 1 ? 'a' : 'c';
        texts[i] = (lnr_str){numbered[i], n};
        kinds[i] = TOKEN_USER_DEFINED;
    }
    texts[0] = (lnr_str){decoy, N + 1};
    vocab v = {.n_tokens = N, .text = texts, .kind = kinds};
    special_finder s;
    special_matches m;
    assert_int_equal(special_init(&s, &v, NULL), LNR_OK);
    char *text = test_malloc(N_TEXT);
    memset(text, 'a', N_TEXT);
    assert_int_equal(special_find(&s, (lnr_str){text, N_TEXT}, false, &m, NULL), LNR_OK);
    assert_int_equal(m.n, N_TEXT - 1); /* "a" alone was replaced by the decoy */
    special_matches_deinit(&m);
    text[N] = 'b';
    assert_int_equal(special_find(&s, (lnr_str){text, N_TEXT}, false, &m, NULL), LNR_OK);
    assert_int_equal(m.match[m.n - 1].at, 0);
    assert_int_equal(m.match[m.n - 1].id, 0);
    special_matches_deinit(&m);
    special_deinit(&s);
    test_free(text);
    test_free(kinds);
    test_free(texts);
    test_free(numbered);
    test_free(decoy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_has_its_longest_token),
        cmocka_unit_test(overlapping_strings_cost_one_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
