/* The interface: special tokens and flags, BOS and EOS, spaces at the start, round trips of any
 * bytes, bounded work, and every allocation failing once. */
#include "text_support.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const words[] = {"the", "lo", "aaaa"};
static const tiny_bpe bpe_options = {words, 3, "gpt-2"};

static tokenizer *tiny_bpe_tokenizer(void) {
    return tokenizer_of(tiny_bpe_file(&bpe_options));
}

static tokenizer *tiny_spm_tokenizer(void) {
    return tokenizer_of(tiny_spm_file());
}

/* The texts of the tokens, a bar between them. */
static void check_texts(const tokenizer *t, const char *text, int flags, const char *expected) {
    token_list l = encode(t, text, strlen(text), flags);
    lnr_buf b;
    buf_init(&b);
    for (size_t i = 0; i < l.n; i++) {
        lnr_str s = tokenizer_token_text(t, l.id[i]);
        if (i)
            buf_add_char(&b, '|');
        buf_add(&b, s.p, s.n);
    }
    assert_string_equal(buf_cstr(&b), expected);
    buf_deinit(&b);
    token_list_deinit(&l);
}

#define MARK "\xe2\x96\x81"

static void spm_special_tokens(void **state) {
    (void)state;
    tokenizer *t = tiny_spm_tokenizer();
    assert_string_equal(tokenizer_model(t), "llama");
    assert_string_equal(tokenizer_splitter(t), "");
    int all = TOKENIZE_ADD_SPECIAL | TOKENIZE_PARSE_SPECIAL;
    check_texts(t, "", 0, "");
    check_texts(t, "", TOKENIZE_ADD_SPECIAL, "<s>");
    check_texts(t, "hello the", 0, MARK "|hello|" MARK "the");
    check_texts(t, "hello the", TOKENIZE_ADD_SPECIAL, "<s>|" MARK "|hello|" MARK "the");
    check_texts(t, " the", 0, MARK "|" MARK "the");
    check_texts(t, "  a", 0, MARK MARK "|" MARK "|a");
    check_texts(t, "<|im_end|>the", TOKENIZE_PARSE_SPECIAL, "<|im_end|>|" MARK "the");
    check_texts(t, "the<|im_end|><s>", all, "<s>|" MARK "the|<|im_end|>|<s>");
    check_texts(t, "a<user>b", 0, MARK "|a|<user>|" MARK "|b");
    /* Written out without the flag, a control token is text, and so is a byte token always. */
    check_texts(t, "<s>", 0, MARK "|<0x3C>|<0x73>|<0x3E>");
    check_texts(t, "</s>", 0, MARK "|<0x3C>|<0x2F>|<0x73>|<0x3E>");
    check_texts(t, "<0x41>", TOKENIZE_PARSE_SPECIAL,
                MARK "|<0x3C>|<0x30>|<0x78>|<0x34>|<0x31>|<0x3E>");
    tokenizer_destroy(t);
}

static void bpe_special_tokens(void **state) {
    (void)state;
    tokenizer *t = tiny_bpe_tokenizer();
    assert_string_equal(tokenizer_model(t), "gpt2");
    assert_string_equal(tokenizer_splitter(t), "gpt-2");
    check_texts(t, "", TOKENIZE_ADD_SPECIAL, "");
    check_texts(t, "the lo", TOKENIZE_ADD_SPECIAL, "the|\xc4\xa0|lo");
    check_texts(t, "lothe", 0, "lo|the");
    check_texts(t, "aaaaaaaaa", 0, "aa|aa|aa|aaa");
    check_texts(t, "<s>the<user>lo<|im_end|>", TOKENIZE_PARSE_SPECIAL,
                "<s>|the|<user>|lo|<|im_end|>");
    check_texts(t, "<s>the<user>", 0, "<|s|>|the|<user>");
    tokenizer_destroy(t);
    t = tokenizer_of(tiny_bpe_file(&(tiny_bpe){words, 3, NULL}));
    assert_string_equal(tokenizer_splitter(t), "default");
    tokenizer_destroy(t);
}

static void ends_are_known_by_id_and_by_name(void **state) {
    (void)state;
    tokenizer *t = tiny_spm_tokenizer();
    int32_t n = (int32_t)tokenizer_n_tokens(t);
    for (int32_t id = -2; id < n + 2; id++)
        assert_int_equal(tokenizer_is_end(t, id), id == 2 || id == n - 2);
    assert_int_equal(tokenizer_bos(t), 1);
    assert_int_equal(tokenizer_eos(t), 2);
    assert_true(tokenizer_adds_bos(t));
    assert_false(tokenizer_adds_eos(t));
    assert_int_equal(tokenizer_token_text(t, n).n, 0);
    assert_int_equal(tokenizer_token_text(t, -1).n, 0);
    assert_int_equal(tokenizer_token_kind(t, n), TOKEN_UNUSED);
    assert_int_equal(tokenizer_token_kind(t, n - 1), TOKEN_USER_DEFINED);
    tokenizer_destroy(t);
}

/* gpt-oss: <|end|> ends a channel, not the answer. An end by name is a control token. */
static void ends_of_channels(void **state) {
    (void)state;
    for (int n = 1; n <= 3; n++) {
        static const char *const tokens[] = {"<|end|>", "<|return|>", "<|call|>"};
        gguf_writer *w = vocab_file_begin("gpt2");
        put_strings(w, "tokenizer.ggml.tokens", tokens, (size_t)n);
        put_strings(w, "tokenizer.ggml.merges", NULL, 0);
        gguf_writer_u32(w, "tokenizer.ggml.bos_token_id", 0);
        gguf_writer_bool(w, "tokenizer.ggml.add_bos_token", true);
        tokenizer *t = tokenizer_of(vocab_file_open(w));
        assert_int_equal(tokenizer_is_end(t, 0), n < 3);
        assert_int_equal(tokenizer_is_end(t, 1), n >= 2);
        assert_int_equal(tokenizer_token_kind(t, 0), TOKEN_CONTROL);
        /* No byte has a token, nor is there an unknown one: plain text gives nothing. */
        check_texts(t, "a", TOKENIZE_ADD_SPECIAL, "<|end|>");
        tokenizer_destroy(t);
    }
}

static void bos_and_eos_as_the_file_says(void **state) {
    (void)state;
    static const char *const tokens[] = {"<unk>", "<s>", "</s>", "a"};
    static const float scores[4] = {0};
    for (int bits = 0; bits < 4; bits++) {
        gguf_writer *w = vocab_file_begin("llama");
        put_strings(w, "tokenizer.ggml.tokens", tokens, 4);
        put_scores(w, scores, 4);
        gguf_writer_bool(w, "tokenizer.ggml.add_space_prefix", false);
        gguf_writer_bool(w, "tokenizer.ggml.add_bos_token", bits & 1);
        gguf_writer_bool(w, "tokenizer.ggml.add_eos_token", bits & 2);
        tokenizer *t = tokenizer_of(vocab_file_open(w));
        static const char *const expected[] = {"a", "<s>|a", "a|</s>", "<s>|a|</s>"};
        check_texts(t, "a", TOKENIZE_ADD_SPECIAL, expected[bits]);
        check_texts(t, "a", 0, "a");
        tokenizer_destroy(t);
    }
}

static void extra_spaces_are_removed_where_asked(void **state) {
    (void)state;
    static const char *const tokens[] = {"<unk>", "<s>", "</s>", "a", MARK};
    static const float scores[5] = {0};
    gguf_writer *w = vocab_file_begin("llama");
    put_strings(w, "tokenizer.ggml.tokens", tokens, 5);
    put_scores(w, scores, 5);
    gguf_writer_bool(w, "tokenizer.ggml.remove_extra_whitespaces", true);
    tokenizer *t = tokenizer_of(vocab_file_open(w));
    check_texts(t, "  a   a a  ", 0, MARK "|a|" MARK "|a|" MARK "|a");
    check_texts(t, "   ", 0, "");
    tokenizer_destroy(t);
}

static void phi3_strips_after_special_tokens(void **state) {
    (void)state;
    tokenizer *t = tokenizer_of(shared_gguf("vocab/ggml-vocab-phi-3.gguf"));
    check_texts(t, "<|user|> \n\t\nHi<|end|>  \n<|endoftext|>\n<s> a", TOKENIZE_PARSE_SPECIAL,
                "<|user|>|" MARK "Hi|<|end|>|<|endoftext|>|" MARK "|<0x0A>|<s>|" MARK "|" MARK "a");
    check_texts(t, "a</s>  b", 0, MARK "a|</s>|" MARK "b");
    tokenizer_destroy(t);
}

/* A merge whose halves or result are no tokens still merges on; left over, it becomes its bytes. */
static void merges_with_unknown_parts(void **state) {
    (void)state;
    static const char *const tokens[] = {"a", "b", "c", "abc"};
    static const char *const merges[] = {"a b", "ab c", "q r"};
    gguf_writer *w = vocab_file_begin("gpt2");
    put_strings(w, "tokenizer.ggml.tokens", tokens, 4);
    put_strings(w, "tokenizer.ggml.merges", merges, 3);
    tokenizer *t = tokenizer_of(vocab_file_open(w));
    check_texts(t, "abc", 0, "abc");
    check_texts(t, "aba", 0, "a|b|a");
    check_texts(t, "qr", 0, "");
    tokenizer_destroy(t);
}

/* An earlier merge takes "bc" first, so the token "abc" is not what its own text becomes. */
static void a_token_may_be_out_of_reach(void **state) {
    (void)state;
    static const char *const tokens[] = {"a", "b", "c", "bc", "ab", "abc"};
    static const char *const merges[] = {"b c", "a b", "ab c"};
    gguf_writer *w = vocab_file_begin("gpt2");
    put_strings(w, "tokenizer.ggml.tokens", tokens, 6);
    put_strings(w, "tokenizer.ggml.merges", merges, 3);
    tokenizer *t = tokenizer_of(vocab_file_open(w));
    check_texts(t, "abc", 0, "a|bc");
    tokenizer_destroy(t);
}

/* Under such a name the same token is taken as it is, however long, and BOS is the default; single
 * parts still merge. */
static void whole_tokens_first_where_the_name_says_so(void **state) {
    (void)state;
    char spaces[141] = "", text[71];
    for (size_t i = 0; i < 70; i++)
        strcat(spaces, "\xc4\xa0");
    memset(text, ' ', 70);
    text[70] = '\0';
    const char *const tokens[] = {"a", "b", "c", "bc", "ab", "abc", "\xc4\xa0", spaces, "<s>"};
    static const char *const merges[] = {"b c", "a b", "ab c"};
    static const char *const names[] = {"llama-bpe", "qwen2"};
    for (size_t i = 0; i < 2; i++) {
        gguf_writer *w = vocab_file_begin("gpt2");
        gguf_writer_str(w, "tokenizer.ggml.pre", lnr_str_from(names[i]));
        put_strings(w, "tokenizer.ggml.tokens", tokens, 9);
        put_strings(w, "tokenizer.ggml.merges", merges, 3);
        gguf_writer_u32(w, "tokenizer.ggml.bos_token_id", 8);
        tokenizer *t = tokenizer_of(vocab_file_open(w));
        check_texts(t, "abc", 0, i ? "a|bc" : "abc");
        check_texts(t, "abcabc", 0, "a|bc|a|bc");
        check_texts(t, "b", TOKENIZE_ADD_SPECIAL, i ? "b" : "<s>|b");
        token_list l = encode(t, text, 70, 0);
        assert_int_equal(l.n, i ? 70 : 1);
        assert_int_equal(l.id[0], i ? 6 : 7);
        token_list_deinit(&l);
        tokenizer_destroy(t);
    }
}

/* ---- round trips ------------------------------------------------------------------------------
 */

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static void check_round_trip(const tokenizer *t, const char *text, size_t n) {
    token_list l = encode(t, text, n, TOKENIZE_ADD_SPECIAL);
    lnr_buf b = decode(t, &l, false, true);
    assert_int_equal(b.n, n);
    if (n)
        assert_memory_equal(b.p, text, n);
    buf_deinit(&b);
    token_list_deinit(&l);
}

static size_t random_text(char *out, size_t n_max) {
    static const char *const parts[] = {"the",     " ",        "  ",
                                        "\n",      "lo",       "hello",
                                        "a",       "\xc3\xa9", "\xf0\x9f\xa6\x99",
                                        "'ll",     "7",        "!?",
                                        "\xff",    "\xe2\x82", "\xed\xa0\x80",
                                        "\xc0\x80"};
    size_t n = 0;
    while (n + 8 < n_max) {
        const char *part = parts[random_below(sizeof parts / sizeof parts[0])];
        memcpy(out + n, part, strlen(part));
        n += strlen(part);
    }
    return n;
}

static void any_bytes_survive(void **state) {
    (void)state;
    tokenizer *const tokenizers[] = {tiny_bpe_tokenizer(), tiny_spm_tokenizer()};
    for (size_t k = 0; k < 2; k++) {
        char text[256];
        check_round_trip(tokenizers[k], "", 0);
        check_round_trip(tokenizers[k], "\0\0", 2);
        for (int round = 0; round < 2000; round++) {
            size_t n = random_text(text, random_below(sizeof text));
            check_round_trip(tokenizers[k], text, n);
            for (size_t i = 0; i < n; i++)
                text[i] = (char)random_below(256);
            check_round_trip(tokenizers[k], text, n);
        }
        tokenizer_destroy(tokenizers[k]);
    }
}

static void real_texts_survive(void **state) {
    (void)state;
    static const char *const vocabularies[] = {"vocab/ggml-vocab-gpt-2.gguf",
                                               "vocab/ggml-vocab-llama-spm.gguf"};
    static const char *const texts[] = {"text/promessi_sposi.txt", "text/wagahaiwa_nekodearu.txt",
                                        "tokenizers/qwen.tiktoken"};
    for (size_t k = 0; k < 2; k++) {
        tokenizer *t = tokenizer_of(shared_gguf(vocabularies[k]));
        for (size_t i = 0; i < 3; i++) {
            lnr_buf text = shared_file(texts[i]);
            check_round_trip(t, text.p, text.n < 200000 ? text.n : 200000);
            buf_deinit(&text);
        }
        tokenizer_destroy(t);
    }
}

/* Ends in a piece that the next line's beginning cannot change: many lines are many times one line.
 * The long text goes through the word cache, the short one does not. */
static void repeated_words_change_nothing(void **state) {
    (void)state;
    static const char line[] = "Incomprehensibilities aren't xqzjwv \xff 12345 caf\xc3\xa9 "
                               "\xe3\x81\x82\xe3\x81\x84 aaaaaaaaaaaaaaaaaaaaaaaa zzxxccvvbbnnmm\n";
    enum { N_LINES = 60 };
    tokenizer *t = tokenizer_of(shared_gguf("vocab/ggml-vocab-gpt-2.gguf"));
    lnr_buf text;
    buf_init(&text);
    for (int i = 0; i < N_LINES; i++)
        buf_add(&text, line, sizeof line - 1);
    token_list one = encode(t, line, sizeof line - 1, 0), all = encode(t, text.p, text.n, 0);
    assert_int_equal(all.n, N_LINES * one.n);
    for (size_t i = 0; i < all.n; i++)
        assert_int_equal(all.id[i], one.id[i % one.n]);
    token_list_deinit(&one);
    token_list_deinit(&all);
    buf_deinit(&text);
    tokenizer_destroy(t);
}

static void one_letter_and_one_class_in_bounded_time(void **state) {
    (void)state;
    static const char *const units[] = {"a", " ", "\n", "!", "\xe3\x81\x82", "\xff", "<user>"};
    tokenizer *const tokenizers[] = {tiny_bpe_tokenizer(), tiny_spm_tokenizer(),
                                     tokenizer_of(tiny_wpm_file())};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        size_t unit = strlen(units[u]), n = ((size_t)1 << 18) / unit * unit;
        char *text = test_malloc(n);
        for (size_t i = 0; i < n; i++)
            text[i] = units[u][i % unit];
        check_round_trip(tokenizers[0], text, n);
        for (size_t k = 1; k < 3; k++) {
            token_list l = encode(tokenizers[k], text, n, 0);
            assert_true(l.n <= n + 1); /* one of SentencePiece's stands for the space before */
            token_list_deinit(&l);
        }
        test_free(text);
    }
    for (size_t k = 0; k < 3; k++)
        tokenizer_destroy(tokenizers[k]);
}

static void too_long_a_text_is_a_limit(void **state) {
    (void)state;
    tokenizer *t = tiny_bpe_tokenizer();
    token_list l = encode(t, "the", 3, 0);
    lnr_error err = {0};
    /* Refused by its length alone: the bytes are not there. */
    assert_int_equal(tokenizer_encode(t, (lnr_str){"", (size_t)INT32_MAX + 1}, 0, &l, &err),
                     LNR_E_LIMIT);
    assert_int_equal(l.n, 1);
    token_list_deinit(&l);
    tokenizer_destroy(t);
}

static void the_space_at_the_start(void **state) {
    (void)state;
    tokenizer *t = tiny_spm_tokenizer();
    token_list l = encode(t, "the the", 7, TOKENIZE_ADD_SPECIAL);
    lnr_buf b = decode(t, &l, false, true);
    assert_string_equal(buf_cstr(&b), "the the");
    buf_deinit(&b);
    b = decode(t, &l, false, false);
    assert_string_equal(buf_cstr(&b), " the the");
    buf_deinit(&b);
    b = decode(t, &l, true, true);
    assert_string_equal(buf_cstr(&b), "<s> the the");
    tokenizer_decode(t, -1, true, false, &b);
    tokenizer_decode(t, INT32_MAX, true, false, &b);
    assert_int_equal(b.n, strlen("<s> the the"));
    buf_deinit(&b);
    token_list_deinit(&l);
    tokenizer_destroy(t);
}

/* ---- memory running short ---------------------------------------------------------------------
 */

static size_t n_until_failure, n_alive;
static bool did_fail;

static bool fails_now(void) {
    if (n_until_failure == 0)
        return did_fail = true;
    n_until_failure--;
    return false;
}

static void *failing_alloc(size_t bytes, void *user) {
    (void)user;
    void *p = fails_now() ? NULL : malloc(bytes);
    n_alive += p != NULL;
    return p;
}

static void *failing_resize(void *p, size_t bytes, void *user) {
    (void)user;
    return fails_now() ? NULL : realloc(p, bytes);
}

static void counting_release(void *p, void *user) {
    (void)user;
    n_alive--;
    free(p);
}

/* Creates and encodes with the n-th allocation failing; all memory must be back each time. */
static void check_failures(gguf_file *f) {
    static const lnr_allocator failing = {failing_alloc, failing_resize, counting_release, NULL};
    char text[3000]; /* long enough for the word cache, with a piece long enough for the heap */
    memset(text, 'a', sizeof text);
    memcpy(text, "the <user>hello \xff", 17);
    size_t n = 0;
    do {
        tokenizer *t;
        token_list l;
        lnr_error err = {0};
        token_list_init(&l);
        lnr_allocator_set(&failing);
        n_until_failure = n++;
        n_alive = 0;
        did_fail = false;
        lnr_status st = tokenizer_create(f, &t, &err);
        if (!st)
            st = tokenizer_encode(t, (lnr_str){text, sizeof text}, 3, &l, &err);
        assert_int_equal(st, did_fail ? LNR_E_NOMEM : LNR_OK);
        if (st)
            assert_int_equal(l.n, 0);
        tokenizer_destroy(t);
        token_list_deinit(&l);
        assert_int_equal(n_alive, 0);
        lnr_allocator_set(NULL);
    } while (did_fail);
    assert_true(n > 20);
    gguf_close(f);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    check_failures(tiny_bpe_file(&bpe_options));
    check_failures(tiny_spm_file());
    check_failures(tiny_wpm_file());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spm_special_tokens),
        cmocka_unit_test(bpe_special_tokens),
        cmocka_unit_test(ends_are_known_by_id_and_by_name),
        cmocka_unit_test(ends_of_channels),
        cmocka_unit_test(bos_and_eos_as_the_file_says),
        cmocka_unit_test(extra_spaces_are_removed_where_asked),
        cmocka_unit_test(phi3_strips_after_special_tokens),
        cmocka_unit_test(merges_with_unknown_parts),
        cmocka_unit_test(a_token_may_be_out_of_reach),
        cmocka_unit_test(whole_tokens_first_where_the_name_says_so),
        cmocka_unit_test(any_bytes_survive),
        cmocka_unit_test(real_texts_survive),
        cmocka_unit_test(repeated_words_change_nothing),
        cmocka_unit_test(one_letter_and_one_class_in_bounded_time),
        cmocka_unit_test(too_long_a_text_is_a_limit),
        cmocka_unit_test(the_space_at_the_start),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
