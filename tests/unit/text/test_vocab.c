/* Vocabularies that must be refused, each with a line that names the key, and sloppy ones that must
 * load. */
#include "text_support.h"

#include "base/alloc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define KEY(name) "tokenizer.ggml." name
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const char *const spm_tokens[] = {"<unk>", "<s>", "</s>", "a", "b", "ab"};
static const int32_t spm_kinds[] = {2, 3, 3, 1, 1, 1};
static const float spm_scores[] = {0, 0, 0, -1, -2, -3};

static gguf_writer *begin_spm(void) {
    gguf_writer *w = vocab_file_begin("llama");
    put_strings(w, KEY("tokens"), spm_tokens, LENGTH(spm_tokens));
    return w;
}

static gguf_writer *good_spm(void) {
    gguf_writer *w = begin_spm();
    put_scores(w, spm_scores, LENGTH(spm_scores));
    put_kinds(w, spm_kinds, LENGTH(spm_kinds));
    return w;
}

static gguf_writer *begin_bpe(void) {
    static const char *const tokens[] = {"a", "b", "ab", "<|end|>"};
    gguf_writer *w = vocab_file_begin("gpt2");
    put_strings(w, KEY("tokens"), tokens, LENGTH(tokens));
    return w;
}

static gguf_writer *good_bpe(void) {
    static const char *const merges[] = {"a b"};
    gguf_writer *w = begin_bpe();
    put_strings(w, KEY("merges"), merges, LENGTH(merges));
    return w;
}

static void refused(gguf_writer *w, lnr_status status, const char *part_of_text) {
    gguf_file *f = vocab_file_open(w);
    tokenizer *t = (tokenizer *)1;
    lnr_error err = {0};
    lnr_status st = tokenizer_create(f, &t, &err);
    gguf_close(f);
    assert_null(t);
    assert_int_equal(st, status);
    assert_int_equal(err.code, status);
    if (strstr(err.text, part_of_text) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, part_of_text);
}

static tokenizer *accepted(gguf_writer *w) {
    return tokenizer_of(vocab_file_open(w));
}

static void models_and_tokens(void **state) {
    (void)state;
    tokenizer_destroy(accepted(good_spm()));
    tokenizer_destroy(accepted(good_bpe()));
    refused(vocab_file_begin(NULL), LNR_E_FORMAT, KEY("model"));
    refused(vocab_file_begin("t5"), LNR_E_UNSUPPORTED,
            "'t5' is not supported; supported: llama, gpt2, bert");
    refused(vocab_file_begin("llama"), LNR_E_FORMAT, KEY("tokens"));
    gguf_writer *w = vocab_file_begin("llama");
    put_strings(w, KEY("tokens"), NULL, 0);
    refused(w, LNR_E_FORMAT, KEY("tokens") " has 0 items");
    w = vocab_file_begin("llama");
    put_kinds(w, spm_kinds, 2);
    gguf_writer_array(w, KEY("tokens"), GGUF_I32, 2, spm_kinds);
    refused(w, LNR_E_FORMAT, KEY("tokens"));
}

static void a_text_may_have_a_mebibyte_but_no_byte_more(void **state) {
    (void)state;
    char *long_text = test_malloc((1 << 20) + 1);
    memset(long_text, 'a', (1 << 20) + 1);
    for (size_t extra = 0; extra < 2; extra++) {
        lnr_str tokens[] = {{"a", 1}, {long_text, (1 << 20) + extra}};
        static const float scores[] = {0, 0};
        gguf_writer *w = vocab_file_begin("llama");
        gguf_writer_array(w, KEY("tokens"), GGUF_STRING, 2, tokens);
        put_scores(w, scores, 2);
        if (extra)
            refused(w, LNR_E_FORMAT, KEY("tokens") "[1] has 1048577 bytes");
        else
            tokenizer_destroy(accepted(w));
    }
    test_free(long_text);
}

static void scores_and_kinds(void **state) {
    (void)state;
    refused(begin_spm(), LNR_E_FORMAT, KEY("scores") " is missing");
    for (size_t n = 0; n < 8; n++) {
        if (n == LENGTH(spm_scores))
            continue;
        static const float scores[8] = {0};
        static const int32_t kinds[8] = {1, 1, 1, 1, 1, 1, 1, 1};
        gguf_writer *w = begin_spm();
        put_scores(w, scores, n);
        refused(w, LNR_E_FORMAT, KEY("scores") " has");
        w = begin_spm();
        put_scores(w, spm_scores, LENGTH(spm_scores));
        put_kinds(w, kinds, n);
        refused(w, LNR_E_FORMAT, KEY("token_type") " has");
    }
    static const double wide[6] = {0};
    static const gguf_kind wrong[] = {GGUF_I8, GGUF_U8, GGUF_I32, GGUF_F64};
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        gguf_writer *w = begin_spm();
        gguf_writer_array(w, KEY("scores"), wrong[i], 6, wide);
        refused(w, LNR_E_FORMAT, KEY("scores"));
    }
    gguf_writer *w = begin_spm();
    put_strings(w, KEY("scores"), spm_tokens, 6);
    refused(w, LNR_E_FORMAT, KEY("scores"));
    w = begin_spm();
    put_scores(w, spm_scores, 6);
    gguf_writer_array(w, KEY("token_type"), GGUF_U8, 6, "\1\1\1\1\1\1");
    refused(w, LNR_E_FORMAT, KEY("token_type"));
    static const int32_t bad_kind[][6] = {{1, 1, 1, 1, 7, 1}, {1, 1, 1, 1, -1, 1}};
    for (size_t i = 0; i < LENGTH(bad_kind); i++) {
        w = begin_spm();
        put_scores(w, spm_scores, 6);
        put_kinds(w, bad_kind[i], 6);
        refused(w, LNR_E_FORMAT, KEY("token_type") "[4]");
    }
    const float not_a_number[] = {0, 0, NAN, 0, 0, 0};
    w = begin_spm();
    put_scores(w, not_a_number, 6);
    refused(w, LNR_E_FORMAT, KEY("scores") "[2]");
}

static void byte_tokens_name_a_byte(void **state) {
    (void)state;
    static const char *const bad[] = {"<0x-1>",  "<0xZZ>", "<0x", "<0x4>",
                                      "<0x041>", "",       "A",   "<0X41>"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        const char *tokens[] = {"<unk>", bad[i]};
        static const int32_t kinds[] = {2, 6};
        gguf_writer *w = vocab_file_begin("llama");
        put_strings(w, KEY("tokens"), tokens, 2);
        put_scores(w, spm_scores, 2);
        put_kinds(w, kinds, 2);
        refused(w, LNR_E_FORMAT, KEY("tokens") "[1]");
    }
}

static void ids_lie_in_the_vocabulary(void **state) {
    (void)state;
    static const char *const keys[] = {KEY("bos_token_id"),     KEY("eos_token_id"),
                                       KEY("eot_token_id"),     KEY("eom_token_id"),
                                       KEY("unknown_token_id"), KEY("padding_token_id")};
    for (size_t i = 0; i < LENGTH(keys); i++) {
        gguf_writer *w = good_spm();
        gguf_writer_u32(w, keys[i], 6);
        refused(w, LNR_E_FORMAT, keys[i]);
        w = good_spm();
        gguf_writer_i32(w, keys[i], -2);
        refused(w, LNR_E_FORMAT, keys[i]);
        w = good_spm();
        gguf_writer_u64(w, keys[i], (uint64_t)1 << 32 | 1);
        refused(w, LNR_E_FORMAT, keys[i]);
        w = good_spm();
        gguf_writer_f32(w, keys[i], 1);
        refused(w, LNR_E_FORMAT, keys[i]);
        w = good_spm();
        gguf_writer_u32(w, keys[i], 5);
        tokenizer_destroy(accepted(w));
    }
}

static void minus_one_means_the_default(void **state) {
    (void)state;
    for (int form = 0; form < 3; form++) {
        gguf_writer *w = good_spm();
        if (form == 0)
            gguf_writer_u32(w, KEY("eos_token_id"), UINT32_MAX);
        if (form == 1)
            gguf_writer_i32(w, KEY("eos_token_id"), -1);
        tokenizer *t = accepted(w);
        assert_int_equal(tokenizer_eos(t), 2);
        assert_int_equal(tokenizer_bos(t), 1);
        tokenizer_destroy(t);
    }
    gguf_writer *w = good_bpe();
    gguf_writer_u32(w, KEY("eos_token_id"), UINT32_MAX);
    tokenizer *t = accepted(w);
    assert_int_equal(tokenizer_eos(t), TOKEN_NONE);
    assert_int_equal(tokenizer_bos(t), TOKEN_NONE);
    tokenizer_destroy(t);
}

static void what_is_added_must_exist(void **state) {
    (void)state;
    gguf_writer *w = good_bpe();
    gguf_writer_bool(w, KEY("add_bos_token"), true);
    refused(w, LNR_E_FORMAT, KEY("add_bos_token"));
    w = good_bpe();
    gguf_writer_bool(w, KEY("add_eos_token"), true);
    refused(w, LNR_E_FORMAT, KEY("add_eos_token"));
    w = good_bpe();
    gguf_writer_u32(w, KEY("add_eos_token"), 1);
    refused(w, LNR_E_FORMAT, KEY("add_eos_token"));
    /* A vocabulary of one token has no BOS: the default of adding one falls away with it. */
    w = vocab_file_begin("llama");
    put_strings(w, KEY("tokens"), spm_tokens, 1);
    put_scores(w, spm_scores, 1);
    tokenizer *t = accepted(w);
    assert_int_equal(tokenizer_bos(t), TOKEN_NONE);
    assert_false(tokenizer_adds_bos(t));
    tokenizer_destroy(t);
}

static void merges_are_two_parts(void **state) {
    (void)state;
    refused(begin_bpe(), LNR_E_FORMAT, KEY("merges") " is missing");
    static const char *const bad[] = {"ab", "", "a ", " ab", " "};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        const char *merges[] = {"a b", bad[i]};
        gguf_writer *w = begin_bpe();
        put_strings(w, KEY("merges"), merges, 2);
        refused(w, LNR_E_FORMAT, KEY("merges") "[1]");
    }
    gguf_writer *w = begin_bpe();
    gguf_writer_array(w, KEY("merges"), GGUF_I32, 6, spm_kinds);
    refused(w, LNR_E_FORMAT, KEY("merges"));
}

static void unknown_splitters_are_named(void **state) {
    (void)state;
    gguf_writer *w = good_bpe();
    gguf_writer_str(w, KEY("pre"), lnr_str_from("nobody"));
    refused(w, LNR_E_UNSUPPORTED, "'nobody' is not supported; supported: default, gpt-2, ");
}

static void duplicates_load_and_the_first_wins(void **state) {
    (void)state;
    static const char *const tokens[] = {"<unk>", "<s>", "</s>", "a", "b", "ab", "ab", "a"};
    static const float scores[] = {0, 0, 0, -1, -2, -3, -1, 0};
    gguf_writer *w = vocab_file_begin("llama");
    put_strings(w, KEY("tokens"), tokens, 8);
    put_scores(w, scores, 8);
    gguf_writer_bool(w, KEY("add_space_prefix"), false);
    tokenizer *t = accepted(w);
    token_list l = encode(t, "aba", 3, 0);
    assert_int_equal(l.n, 2);
    assert_int_equal(l.id[0], 5);
    assert_int_equal(l.id[1], 3);
    token_list_deinit(&l);
    assert_int_equal(tokenizer_token_text(t, 6).n, 2);
    tokenizer_destroy(t);
}

static void odd_texts_load(void **state) {
    (void)state;
    lnr_str tokens[] = {{"<unk>", 5},    {"", 0},         {"a\0b", 3},
                        {"\xff\xe2", 2}, {"\xe2\x96", 2}, {"\xe2\x96\x81", 3},
                        {"\x81", 1}};
    static const float scores[LENGTH(tokens)] = {0, 0, INFINITY, -INFINITY, 0, -0.0f, 0};
    gguf_writer *w = vocab_file_begin("llama");
    gguf_writer_array(w, KEY("tokens"), GGUF_STRING, LENGTH(tokens), tokens);
    put_scores(w, scores, LENGTH(tokens));
    tokenizer *t = accepted(w);
    token_list l = encode(t, "a\0b \xff", 5, 0);
    assert_true(l.n > 0);
    token_list_deinit(&l);
    tokenizer_destroy(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_and_tokens),
        cmocka_unit_test(a_text_may_have_a_mebibyte_but_no_byte_more),
        cmocka_unit_test(scores_and_kinds),
        cmocka_unit_test(byte_tokens_name_a_byte),
        cmocka_unit_test(ids_lie_in_the_vocabulary),
        cmocka_unit_test(minus_one_means_the_default),
        cmocka_unit_test(what_is_added_must_exist),
        cmocka_unit_test(merges_are_two_parts),
        cmocka_unit_test(unknown_splitters_are_named),
        cmocka_unit_test(duplicates_load_and_the_first_wins),
        cmocka_unit_test(odd_texts_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
