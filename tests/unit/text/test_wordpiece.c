/* WordPiece: cleaning, words, the longest token first, and what the file can say about it. Whole
 * texts against the reference are in test_reference.c. */
#include "text_support.h"

#include "base/utf8.h"
#include "text/wordpiece.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The tokens' texts with '_' for U+2581, a bar between two. */
static void check(const tokenizer *t, const char *text, int flags, const char *expected) {
    token_list l = encode(t, text, strlen(text), flags);
    lnr_buf b;
    buf_init(&b);
    for (size_t i = 0; i < l.n; i++) {
        lnr_str s = tokenizer_token_text(t, l.id[i]);
        if (i)
            buf_add_char(&b, '|');
        if (lnr_str_starts(s, "\xe2\x96\x81")) {
            buf_add_char(&b, '_');
            s = (lnr_str){s.p + 3, s.n - 3};
        }
        buf_add(&b, s.p, s.n);
    }
    assert_string_equal(buf_cstr(&b), expected);
    buf_deinit(&b);
    token_list_deinit(&l);
}

static void the_longest_token_goes_first(void **state) {
    (void)state;
    tokenizer *t = tokenizer_of(tiny_wpm_file());
    assert_string_equal(tokenizer_model(t), "bert");
    assert_string_equal(tokenizer_splitter(t), "");
    check(t, "", 0, "");
    check(t, "the unaffable", 0, "_the|_un|aff|able");
    check(t, "affable aaa", 0, "_aff|able|_a|a|a");
    /* Not "_a", "ff...": no way back, and one part without a token spoils the word. */
    check(t, "affx", 0, "[UNK]");
    check(t, "able theun a", 0, "[UNK]|[UNK]|_a");
    tokenizer_destroy(t);
}

static void text_is_cleaned(void **state) {
    (void)state;
    tokenizer *t = tokenizer_of(tiny_wpm_file());
    check(t, "THE \tUn\u00c1FFable\n", 0, "_the|_un|aff|able");
    check(t, "caf\u00e9 cafe\u0301 CAF\u00c9", 0, "_cafe|_cafe|_cafe");
    check(t, "\u1ea4\u0323", 0, "_a"); /* a circumflex and an acute accent in one, a dot after */
    check(t, "t\u00adh\u200be\x01 \x7f", 0, "_the"); /* soft hyphen, zero-width space, controls */
    check(t, "t\xffhe \xed\xa0\x80 a\ufffd", 0, "_the|_a");
    check(t,
          "the\u3000un\u00a0the\u2028"
          "a\xc2\x85the\va",
          0, "_the|_un|_the|_a|_the|_a");
    check(t, "\u200b \u0301\u0302", 0, "");
    check(t, "\uac00", 0, "_\u1100|\u1161"); /* a Korean syllable is its letters */
    tokenizer_destroy(t);
}

static void marks_and_ideographs_stand_alone(void **state) {
    (void)state;
    tokenizer *t = tokenizer_of(tiny_wpm_file());
    check(t, "the!a", 0, "_the|_!|_a");
    check(t, "!!$a", 0, "_!|_!|_$|_a");
    check(t, "a\u65e5\u65e5the", 0, "_a|_\u65e5|_\u65e5|_the");
    check(t, "a\u3001the\u20aca", 0, "_a|[UNK]|[UNK]"); /* punctuation; a symbol is a letter */
    check(t, "\u2260", 0, "[UNK]");                     /* the equals sign under its stroke */
    tokenizer_destroy(t);
}

static void ideographs_are_those_of_the_published_ranges(void **state) {
    (void)state;
    static const uint32_t inside[] = {0x3400,  0x4dbf,  0x4e00,  0x9fff,  0xf900,  0xfaff,
                                      0x20000, 0x2a6df, 0x2a700, 0x2b73f, 0x2b740, 0x2b81f,
                                      0x2b920, 0x2ceaf, 0x2f800, 0x2fa1f};
    static const uint32_t outside[] = {0x3042,  0x33ff,  0x4dc0,  0xa000,  0xfb06, 0x2a6e0,
                                       0x2b820, 0x2b91f, 0x2ceb0, 0x2f7ff, 0x2fa20};
    tokenizer *t = tokenizer_of(tiny_wpm_file());
    for (size_t i = 0; i < 16 + 11; i++) {
        char text[LNR_UTF8_MAX + 3] = "a";
        size_t n = 1 + lnr_utf8_encode(i < 16 ? inside[i] : outside[i - 16], text + 1);
        text[n] = 'a';
        check(t, text, 0, i < 16 ? "_a|[UNK]|_a" : "[UNK]");
    }
    tokenizer_destroy(t);
}

static void special_tokens(void **state) {
    (void)state;
    tokenizer *t = tokenizer_of(tiny_wpm_file());
    int all = TOKENIZE_ADD_SPECIAL | TOKENIZE_PARSE_SPECIAL;
    assert_int_equal(tokenizer_bos(t), 2);
    assert_int_equal(tokenizer_eos(t), 3);
    check(t, "", TOKENIZE_ADD_SPECIAL, "[CLS]|[SEP]");
    check(t, "a [SEP]the", all, "[CLS]|_a|[SEP]|_the|[SEP]");
    check(t, "[SEP]", 0, "[UNK]|[UNK]|[UNK]");
    check(t, "a<user>the", 0, "_a|<user>|_the");
    tokenizer_destroy(t);
}

static void switches_of_the_file(void **state) {
    (void)state;
    static const char *const tokens[] = {"\xe2\x96\x81"
                                         "a",
                                         "\xe2\x96\x81"
                                         "A",
                                         "\xe2\x96\x81\xc3\xa9",
                                         "\xe2\x96\x81"
                                         "e"};
    static const struct {
        int lower, strip; /* -1: no key */
        const char *expected;
    } cases[] = {
        {-1, -1, "_a|_a|_e|_e"},
        {0, -1, "_a|_A|_\u00e9"},
        {1, 0, "_a|_a|_\u00e9|_\u00e9"},
        {0, 1, "_a|_A|_e"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gguf_writer *w = vocab_file_begin("bert");
        put_strings(w, "tokenizer.ggml.tokens", tokens, 4);
        if (cases[i].lower >= 0)
            gguf_writer_bool(w, "tokenizer.ggml.normalizer.lowercase", cases[i].lower);
        if (cases[i].strip >= 0)
            gguf_writer_bool(w, "tokenizer.ggml.normalizer.strip_accents", cases[i].strip);
        tokenizer *t = tokenizer_of(vocab_file_open(w));
        /* Without an unknown token what has no token gives nothing. */
        check(t, "a A \u00e9 \u00c9", TOKENIZE_ADD_SPECIAL, cases[i].expected);
        tokenizer_destroy(t);
    }
}

static void long_words_are_unknown(void **state) {
    (void)state;
    tokenizer *t = tokenizer_of(tiny_wpm_file());
    char text[3 * WORDPIECE_WORD_CHARS_MAX + 8];
    for (size_t n = WORDPIECE_WORD_CHARS_MAX - 1; n < WORDPIECE_WORD_CHARS_MAX + 3; n++) {
        memset(text, 'a', n);
        token_list l = encode(t, text, n, 0);
        assert_int_equal(l.n, n <= WORDPIECE_WORD_CHARS_MAX ? n : 1);
        assert_int_equal(l.id[0] == 1, n > WORDPIECE_WORD_CHARS_MAX);
        token_list_deinit(&l);
    }
    /* Characters count, not bytes; the next word is a new one. */
    size_t n = 0;
    for (size_t i = 0; i < WORDPIECE_WORD_CHARS_MAX; i++, n += 3)
        memcpy(text + n, i ? "\u1161" : "\u1100", 3);
    memcpy(text + n, " the", 4);
    token_list l = encode(t, text, n + 4, 0);
    assert_int_equal(l.n, WORDPIECE_WORD_CHARS_MAX + 1);
    token_list_deinit(&l);
    tokenizer_destroy(t);
}

static void decoding_puts_spaces_between_words(void **state) {
    (void)state;
    tokenizer *t = tokenizer_of(tiny_wpm_file());
    token_list l = encode(t, "The unaffable!", 14, TOKENIZE_ADD_SPECIAL);
    lnr_buf b = decode(t, &l, false, true);
    assert_string_equal(buf_cstr(&b), "the unaffable !");
    buf_deinit(&b);
    token_list_deinit(&l);
    tokenizer_destroy(t);
}

/* The long text goes through the word cache, the short one does not. */
static void repeated_words_change_nothing(void **state) {
    (void)state;
    static const char line[] =
        "The unaffable caf\u00e9s aaaaaaaaaaaaaaa aaaaaaaaaaaa! \u65e5 xyz\n";
    enum { N_LINES = 60 };
    tokenizer *t = tokenizer_of(tiny_wpm_file());
    lnr_buf text;
    buf_init(&text);
    for (int i = 0; i < N_LINES; i++)
        buf_add(&text, line, sizeof line - 1);
    token_list one = encode(t, line, sizeof line - 1, 0), all = encode(t, text.p, text.n, 0);
    assert_true(one.n > 30);
    assert_int_equal(all.n, N_LINES * one.n);
    for (size_t i = 0; i < all.n; i++)
        assert_int_equal(all.id[i], one.id[i % one.n]);
    token_list_deinit(&one);
    token_list_deinit(&all);
    buf_deinit(&text);
    tokenizer_destroy(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_token_goes_first),
        cmocka_unit_test(text_is_cleaned),
        cmocka_unit_test(marks_and_ideographs_stand_alone),
        cmocka_unit_test(ideographs_are_those_of_the_published_ranges),
        cmocka_unit_test(special_tokens),
        cmocka_unit_test(switches_of_the_file),
        cmocka_unit_test(long_words_are_unknown),
        cmocka_unit_test(decoding_puts_spaces_between_words),
        cmocka_unit_test(repeated_words_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
