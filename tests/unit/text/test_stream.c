/* Streaming: whole characters only, nothing lost, valid UTF-8 whatever the tokens are. */
#include "base/utf8.h"
#include "text_support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool is_valid(const char *p, size_t n) {
    uint32_t cp;
    for (size_t i = 0, len; i < n; i += len)
        if ((len = lnr_utf8_decode(p + i, n - i, &cp)) == 0)
            return false;
    return true;
}

/* Streams the list token by token; each step must have added whole characters. */
static lnr_buf stream(const tokenizer *t, const token_list *l, bool special, bool at_start) {
    token_stream s;
    lnr_buf out;
    buf_init(&out);
    token_stream_init(&s, t, special, at_start);
    for (size_t i = 0; i < l->n; i++) {
        size_t n_before = out.n;
        token_stream_add(&s, l->id[i], &out);
        if (out.n > n_before)
            assert_true(is_valid(out.p + n_before, out.n - n_before));
    }
    token_stream_end(&s, &out);
    assert_true(is_valid(out.p, out.n));
    token_stream_deinit(&s);
    return out;
}

static void check(const tokenizer *t, const char *text, size_t n, const char *expected) {
    token_list l = encode(t, text, n, TOKENIZE_ADD_SPECIAL);
    lnr_buf out = stream(t, &l, false, true);
    assert_string_equal(buf_cstr(&out), expected);
    buf_deinit(&out);
    token_list_deinit(&l);
}

/* One token a byte: the hardest stream there is. */
static tokenizer *bytes_tokenizer(void) {
    return tokenizer_of(tiny_bpe_file(&(tiny_bpe){NULL, 0, "gpt-2"}));
}

static void characters_are_held_until_complete(void **state) {
    (void)state;
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\x99z";
    tokenizer *t = bytes_tokenizer();
    check(t, text, sizeof text - 1, text);
    tokenizer_destroy(t);
    t = tokenizer_of(tiny_spm_file());
    check(t, text, sizeof text - 1, text);
    check(t, "hello the", 9, "hello the");
    tokenizer_destroy(t);
}

#define BAD "\xef\xbf\xbd"

/* One U+FFFD for each longest run that began like a character, as the Unicode standard recommends
 * (table 3-8 of chapter 3.9). */
static void broken_characters_are_replaced(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a\xff"
         "b",
         "a" BAD "b"},
        {"\xe2\x82", BAD},
        {"\xe2\x82"
         "a",
         BAD "a"},
        {"\xf0\x9f\xa6", BAD},
        {"\xf0\x9f\xa6\xf0\x9f\xa6\x99", BAD "\xf0\x9f\xa6\x99"},
        {"\xc3\xc3\xa9", BAD "\xc3\xa9"},
        {"\xed\xa0\x80", BAD BAD BAD},
        {"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82"
         "A",
         BAD BAD BAD BAD BAD BAD BAD BAD "A"},
        {"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
         "A",
         BAD BAD BAD BAD "A"},
    };
    tokenizer *t = bytes_tokenizer();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(t, cases[i].text, strlen(cases[i].text), cases[i].expected);
    tokenizer_destroy(t);
}

static void a_real_text_comes_through(void **state) {
    (void)state;
    tokenizer *t = tokenizer_of(shared_gguf("vocab/ggml-vocab-gpt-2.gguf"));
    lnr_buf text = shared_file("text/wagahaiwa_nekodearu.txt");
    size_t n = lnr_utf8_complete(text.p, 60000);
    token_list l = encode(t, text.p, n, 0);
    lnr_buf out = stream(t, &l, false, true);
    assert_int_equal(out.n, n);
    assert_memory_equal(out.p, text.p, n);
    buf_deinit(&out);
    token_list_deinit(&l);
    buf_deinit(&text);
    tokenizer_destroy(t);
}

/* The space of the first word is dropped once, also after a BOS that is not shown, and never in the
 * middle of a text. */
static void the_start_of_the_stream(void **state) {
    (void)state;
    tokenizer *t = tokenizer_of(tiny_spm_file());
    token_list l = encode(t, "the", 3, TOKENIZE_ADD_SPECIAL);
    assert_int_equal(token_list_add(&l, l.id[1], NULL), LNR_OK);
    static const struct {
        bool special, at_start;
        const char *expected;
    } cases[] = {{false, true, "the the"},
                 {false, false, " the the"},
                 {true, true, "<s> the the"},
                 {true, false, "<s> the the"}};
    for (size_t i = 0; i < 4; i++) {
        lnr_buf out = stream(t, &l, cases[i].special, cases[i].at_start);
        assert_string_equal(buf_cstr(&out), cases[i].expected);
        buf_deinit(&out);
    }
    token_list_deinit(&l);
    /* A lone space at the start is dropped, the second is text. */
    token_list spaces = encode(t, "a", 1, 0);
    spaces.n = 1;
    assert_int_equal(token_list_add(&spaces, spaces.id[0], NULL), LNR_OK);
    lnr_buf out = stream(t, &spaces, false, true);
    assert_string_equal(buf_cstr(&out), " ");
    buf_deinit(&out);
    token_list_deinit(&spaces);
    /* An unknown token is text that cannot be shown: what follows it is no start. */
    token_list unknown = encode(t, "<unk>a", 6, TOKENIZE_PARSE_SPECIAL);
    out = stream(t, &unknown, false, true);
    assert_string_equal(buf_cstr(&out), " a");
    buf_deinit(&out);
    token_list_deinit(&unknown);
    tokenizer_destroy(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_are_held_until_complete),
        cmocka_unit_test(broken_characters_are_replaced),
        cmocka_unit_test(a_real_text_comes_through),
        cmocka_unit_test(the_start_of_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
