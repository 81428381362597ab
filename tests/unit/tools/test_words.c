/* Made-up vocabularies: of the right size, with the right control tokens, and text survives them.
 */
#include "support.h"

#include "text/tokenizer.h"
#include "tools/words.h"

static tokenizer *make(word_family family, uint32_t n, const char *name) {
    gguf_writer *w;
    tokenizer *t = NULL;
    lnr_error err = {0};
    assert_int_equal(gguf_writer_create(path_of(name), &w, NULL), LNR_OK);
    assert_int_equal(words_write(family, n, 7, w, &err), LNR_OK);
    if (gguf_writer_start(w, &err) != LNR_OK)
        fail_msg("%s", err.text);
    assert_int_equal(gguf_writer_finish(w, &err), LNR_OK);
    gguf_file *f = open_model(path_of(name));
    if (tokenizer_create(f, &t, &err) != LNR_OK)
        fail_msg("%s", err.text);
    gguf_close(f);
    return t;
}

static const char text[] = "The quick brown fox jumps over 13 lazy dogs: h\xc3\xa9llo, "
                           "\xe4\xb8\x96\xe7\x95\x8c!\n\tint main(void) { return 0; }\n";

static void text_survives(const tokenizer *t) {
    token_list ids;
    lnr_buf out;
    token_list_init(&ids);
    buf_init(&out);
    assert_int_equal(tokenizer_encode(t, lnr_str_from(text), 0, &ids, NULL), LNR_OK);
    assert_true(ids.n < sizeof text * 2 / 3); /* letters really merge */
    for (size_t i = 0; i < ids.n; i++)
        tokenizer_decode(t, ids.id[i], false, i == 0, &out);
    assert_int_equal(out.n, sizeof text - 1);
    assert_memory_equal(out.p, text, out.n);
    buf_deinit(&out);
    token_list_deinit(&ids);
}

static void families(void **state) {
    (void)state;
    static const struct {
        word_family family;
        uint32_t n;
        const char *control;
        int32_t id, bos, eos;
    } cases[] = {
        {WORDS_QWEN, 151936, "<|im_start|>", 151644, 151643, 151645},
        {WORDS_QWEN, 152064, "<|im_end|>", 151645, 151643, 151645},
        {WORDS_LLAMA3, 128256, "<|eot_id|>", 128009, 128000, 128009},
        {WORDS_LLAMA2, 32000, "</s>", 2, 1, 2},
        {WORDS_MISTRAL, 32768, "[INST]", 3, 1, 2},
        {WORDS_PHI3, 32064, "<|end|>", 32007, 1, 32007},
        {WORDS_GEMMA3, 262144, "<start_of_turn>", 5, 2, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tokenizer *t = make(cases[i].family, cases[i].n, "words.gguf");
        assert_int_equal(tokenizer_n_tokens(t), cases[i].n);
        assert_int_equal(tokenizer_bos(t), cases[i].bos);
        assert_int_equal(tokenizer_eos(t), cases[i].eos);
        assert_true(lnr_str_is(tokenizer_token_text(t, cases[i].id), cases[i].control));
        assert_int_equal(tokenizer_token_kind(t, cases[i].id), TOKEN_CONTROL);
        text_survives(t);
        tokenizer_destroy(t);
    }
}

/* Qwen's metadata has 5.95 MB in published files. */
static void size_is_realistic(void **state) {
    (void)state;
    tokenizer_destroy(make(WORDS_QWEN, 151936, "qwen.gguf"));
    size_t n;
    free(file_bytes(path_of("qwen.gguf"), &n));
    assert_true(n > 5500000 && n < 6500000);
}

static void same_every_time(void **state) {
    (void)state;
    tokenizer_destroy(make(WORDS_LLAMA2, 32000, "a.gguf"));
    tokenizer_destroy(make(WORDS_LLAMA2, 32000, "b.gguf"));
    assert_same_files(path_of("a.gguf"), path_of("b.gguf"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families),
        cmocka_unit_test(size_is_realistic),
        cmocka_unit_test(same_every_time),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
