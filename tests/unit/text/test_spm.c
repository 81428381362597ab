/* The pair table of a SentencePiece vocabulary against all splits of all tokens, merging word by
 * word against merging the whole text, and what happens to characters without a token. */
#include "text/spm.h"
#include "text_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static bool find_symbol(const spm *s, lnr_str text, uint32_t *symbol) {
    return strmap_find(&s->vocab->by_text, text, symbol) || strmap_find(&s->extra, text, symbol);
}

static void check_pairs(gguf_file *f) {
    vocab v;
    spm s;
    assert_int_equal(vocab_init(&v, f, NULL), LNR_OK);
    assert_int_equal(spm_init(&s, &v, NULL), LNR_OK);
    gguf_close(f);
    size_t n_pairs = 0;
    for (uint32_t i = 0; i < v.n_tokens; i++) {
        for (size_t cut = 1; (v.flags[i] & VOCAB_FROM_TEXT) && cut < v.text[i].n; cut++) {
            uint32_t left, right;
            lnr_str t = v.text[i];
            if (!find_symbol(&s, (lnr_str){t.p, cut}, &left) ||
                !find_symbol(&s, (lnr_str){t.p + cut, t.n - cut}, &right))
                continue;
            const pair_entry *e = pairs_find(&s.pairs, left, right);
            assert_non_null(e);
            assert_int_equal(e->result, i);
            n_pairs++;
        }
    }
    assert_true(n_pairs > 0);
    assert_int_equal(s.pairs.count, n_pairs);
    spm_deinit(&s);
    vocab_deinit(&v);
}

static void pairs_are_all_splits_of_all_tokens(void **state) {
    (void)state;
    check_pairs(tiny_spm_file());
}

static void pairs_of_a_real_vocabulary(void **state) {
    (void)state;
    check_pairs(shared_gguf("vocab/ggml-vocab-llama-spm.gguf"));
}

static void ranks_follow_scores(void **state) {
    (void)state;
    static const char *const tokens[] = {"<unk>", "<s>", "</s>", "a", "b", "c", "ab", "bc", "ca"};
    /* The better score wins; equal scores go left to right; -0 equals 0. */
    static const struct {
        float ab, bc, ca;
        const char *text;
        int32_t expected[3];
    } cases[] = {
        {-1, -2, -3, "abc", {6, 5, 0}},        {-2, -1, -3, "abc", {3, 7, 0}},
        {2, 1, 0, "abc", {6, 5, 0}},           {1, 2, 0, "abc", {3, 7, 0}},
        {-1, 1, 0, "abc", {3, 7, 0}},          {0.0f, -0.0f, 0, "abc", {6, 5, 0}},
        {-0.0f, 0.0f, 0, "abc", {6, 5, 0}},    {-5, -5, -5, "cab", {8, 4, 0}},
        {1e-40f, 2e-40f, 0, "abc", {3, 7, 0}}, {-1e30f, -1e31f, 0, "abc", {6, 5, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const float scores[] = {0, 0, 0, 0, 0, 0, cases[i].ab, cases[i].bc, cases[i].ca};
        gguf_writer *w = vocab_file_begin("llama");
        put_strings(w, "tokenizer.ggml.tokens", tokens, 9);
        put_scores(w, scores, 9);
        gguf_writer_bool(w, "tokenizer.ggml.add_space_prefix", false);
        tokenizer *t = tokenizer_of(vocab_file_open(w));
        token_list l = encode(t, cases[i].text, 3, 0);
        assert_int_equal(l.n, 2);
        assert_int_equal(l.id[0], cases[i].expected[0]);
        assert_int_equal(l.id[1], cases[i].expected[1]);
        token_list_deinit(&l);
        tokenizer_destroy(t);
    }
}

static void words_give_what_the_whole_text_gives(void **state) {
    (void)state;
    gguf_file *f = shared_gguf("vocab/ggml-vocab-llama-spm.gguf");
    lnr_buf text = shared_file("text/promessi_sposi.txt");
    vocab v;
    spm s;
    token_list words, whole;
    token_list_init(&words);
    token_list_init(&whole);
    assert_int_equal(vocab_init(&v, f, NULL), LNR_OK);
    assert_int_equal(spm_init(&s, &v, NULL), LNR_OK);
    gguf_close(f);
    assert_true(s.splits_at_spaces);
    lnr_str part = {text.p, 300000};
    assert_int_equal(spm_encode(&s, part, true, &words, NULL), LNR_OK);
    s.splits_at_spaces = false;
    assert_int_equal(spm_encode(&s, part, true, &whole, NULL), LNR_OK);
    assert_int_equal(words.n, whole.n);
    assert_memory_equal(words.id, whole.id, whole.n * sizeof *whole.id);
    token_list_deinit(&words);
    token_list_deinit(&whole);
    spm_deinit(&s);
    vocab_deinit(&v);
    buf_deinit(&text);
}

/* "x" + U+2581 + "y" is a token: cutting at the space would lose it. */
static void a_token_with_a_space_inside_forbids_words(void **state) {
    (void)state;
    static const char *const tokens[] = {"<unk>",        "<s>",           "</s>",          "x", "y",
                                         "\xe2\x96\x81", "x\xe2\x96\x81", "x\xe2\x96\x81y"};
    static const float scores[] = {0, 0, 0, 0, 0, 0, -1, -2};
    gguf_writer *w = vocab_file_begin("llama");
    put_strings(w, "tokenizer.ggml.tokens", tokens, 8);
    put_scores(w, scores, 8);
    gguf_writer_bool(w, "tokenizer.ggml.add_space_prefix", false);
    tokenizer *t = tokenizer_of(vocab_file_open(w));
    token_list l = encode(t, "x y", 3, 0);
    assert_int_equal(l.n, 1);
    assert_int_equal(l.id[0], 7);
    token_list_deinit(&l);
    tokenizer_destroy(t);
}

/* "ab" is a token, "b" is not: b merges, and alone becomes <unk>, for there is no byte token. */
static void characters_without_a_token(void **state) {
    (void)state;
    static const char *const tokens[] = {"<unk>", "<s>", "</s>", "a", "ab", "<0xC3>"};
    static const float scores[] = {0, 0, 0, 0, -1, 0};
    gguf_writer *w = vocab_file_begin("llama");
    put_strings(w, "tokenizer.ggml.tokens", tokens, 6);
    put_scores(w, scores, 6);
    gguf_writer_bool(w, "tokenizer.ggml.add_space_prefix", false);
    tokenizer *t = tokenizer_of(vocab_file_open(w));
    static const char text[] = "abb \xc3\xa9\xc3"
                               "a";
    static const int32_t expected[] = {4, 0, 0, 0, 5, 3};
    token_list l = encode(t, text, sizeof text - 1, 0);
    assert_int_equal(l.n, 6);
    assert_memory_equal(l.id, expected, sizeof expected);
    token_list_deinit(&l);
    tokenizer_destroy(t);
}

/* Tokens a, aa, aaa, ... each prefix and suffix of all longer ones: the pair table has k - 1
 * entries for the k-th, found without looking at the strings again. */
static void nested_tokens_are_prepared_in_time(void **state) {
    (void)state;
    enum { N = 1500 };
    char *letters = test_malloc(N);
    memset(letters, 'a', N);
    lnr_str *tokens = test_malloc(N * sizeof *tokens);
    float *scores = test_malloc(N * sizeof *scores);
    for (size_t i = 0; i < N; i++) {
        tokens[i] = (lnr_str){letters, i + 1};
        scores[i] = -(float)i;
    }
    gguf_writer *w = vocab_file_begin("llama");
    gguf_writer_array(w, "tokenizer.ggml.tokens", GGUF_STRING, N, tokens);
    put_scores(w, scores, N);
    gguf_file *f = vocab_file_open(w);
    vocab v;
    spm s;
    assert_int_equal(vocab_init(&v, f, NULL), LNR_OK);
    assert_int_equal(spm_init(&s, &v, NULL), LNR_OK);
    gguf_close(f);
    assert_int_equal(s.pairs.count, (size_t)N * (N - 1) / 2);
    spm_deinit(&s);
    vocab_deinit(&v);
    test_free(scores);
    test_free(tokens);
    test_free(letters);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_all_splits_of_all_tokens),
        cmocka_unit_test(pairs_of_a_real_vocabulary),
        cmocka_unit_test(ranks_follow_scores),
        cmocka_unit_test(words_give_what_the_whole_text_gives),
        cmocka_unit_test(a_token_with_a_space_inside_forbids_words),
        cmocka_unit_test(characters_without_a_token),
        cmocka_unit_test(nested_tokens_are_prepared_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
