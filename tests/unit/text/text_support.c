/* See text_support.h. */
#include "text_support.h"

#include "base/utf8.h"
#include "text/byte_level.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

gguf_writer *vocab_file_begin(const char *model) {
    snprintf(path, sizeof path, "/tmp/lanner-test-vocab-%ld.gguf", (long)getpid());
    gguf_writer *w;
    assert_int_equal(gguf_writer_create(path, &w, NULL), LNR_OK);
    gguf_writer_str(w, "general.architecture", lnr_str_from("llama"));
    if (model)
        gguf_writer_str(w, "tokenizer.ggml.model", lnr_str_from(model));
    return w;
}

gguf_file *vocab_file_open(gguf_writer *w) {
    lnr_error err = {0};
    if (gguf_writer_start(w, &err) || gguf_writer_finish(w, &err))
        fail_msg("writing: %s", err.text);
    gguf_file *f;
    if (gguf_open(path, &f, &err))
        fail_msg("opening: %s", err.text);
    unlink(path);
    return f;
}

void put_strings(gguf_writer *w, const char *key, const char *const *z, size_t n) {
    lnr_str *s = test_malloc((n + 1) * sizeof *s);
    for (size_t i = 0; i < n; i++)
        s[i] = lnr_str_from(z[i]);
    gguf_writer_array(w, key, GGUF_STRING, n, s);
    test_free(s);
}

void put_kinds(gguf_writer *w, const int32_t *kind, size_t n) {
    gguf_writer_array(w, "tokenizer.ggml.token_type", GGUF_I32, n, kind);
}

void put_scores(gguf_writer *w, const float *score, size_t n) {
    gguf_writer_array(w, "tokenizer.ggml.scores", GGUF_F32, n, score);
}

tokenizer *tokenizer_of(gguf_file *f) {
    tokenizer *t;
    lnr_error err = {0};
    if (tokenizer_create(f, &t, &err))
        fail_msg("creating: %s", err.text);
    gguf_close(f);
    return t;
}

void skip_without_shared_data(void) {
    if (access(LNR_SHARED_DATA, R_OK) != 0) {
        print_message("skipped: no test data in %s\n", LNR_SHARED_DATA);
        skip();
    }
}

static const char *shared_path(const char *name) {
    static char full[512];
    skip_without_shared_data();
    snprintf(full, sizeof full, "%s/%s", LNR_SHARED_DATA, name);
    return full;
}

lnr_buf shared_file(const char *name) {
    os_file *f;
    lnr_error err = {0};
    if (os_file_open(shared_path(name), &f, &err))
        fail_msg("%s", err.text);
    size_t n = (size_t)os_file_size(f);
    char *p = test_malloc(n + 1);
    assert_int_equal(os_file_read_at(f, 0, p, n, &err), LNR_OK);
    os_file_close(f);
    lnr_buf b;
    buf_init(&b);
    buf_add(&b, p, n);
    test_free(p);
    return b;
}

gguf_file *shared_gguf(const char *name) {
    gguf_file *f;
    lnr_error err = {0};
    if (gguf_open(shared_path(name), &f, &err))
        fail_msg("%s", err.text);
    return f;
}

gguf_file *tiny_bpe_file(const tiny_bpe *options) {
    static char byte_text[256][LNR_UTF8_MAX + 1];
    static char prefix[64][64], merge[64][64];
    const char *tokens[512], *merges[64];
    int32_t kinds[512];
    size_t n = 0, n_merges = 0;
    for (unsigned b = 0; b < 256; b++) {
        size_t len = lnr_utf8_encode(byte_level_char((uint8_t)b), byte_text[b]);
        byte_text[b][len] = '\0';
        tokens[n++] = byte_text[b];
    }
    for (size_t w = 0; w < options->n_words; w++) {
        for (size_t k = 2; k <= strlen(options->words[w]); k++, n_merges++) {
            assert_true(n_merges < 64);
            snprintf(prefix[n_merges], 64, "%.*s", (int)k, options->words[w]);
            snprintf(merge[n_merges], 64, "%.*s %c", (int)k - 1, options->words[w],
                     options->words[w][k - 1]);
            tokens[n++] = prefix[n_merges];
            merges[n_merges] = merge[n_merges];
        }
    }
    for (size_t i = 0; i < n; i++)
        kinds[i] = TOKEN_NORMAL;
    static const char *const special[] = {"<s>", "<|im_end|>", "<user>"};
    static const int32_t special_kind[] = {TOKEN_CONTROL, TOKEN_CONTROL, TOKEN_USER_DEFINED};
    for (size_t i = 0; i < 3; i++, n++) {
        tokens[n] = special[i];
        kinds[n] = special_kind[i];
    }
    gguf_writer *w = vocab_file_begin("gpt2");
    if (options->pre)
        gguf_writer_str(w, "tokenizer.ggml.pre", lnr_str_from(options->pre));
    put_strings(w, "tokenizer.ggml.tokens", tokens, n);
    put_kinds(w, kinds, n);
    put_strings(w, "tokenizer.ggml.merges", merges, n_merges);
    gguf_writer_u32(w, "tokenizer.ggml.bos_token_id", (uint32_t)n - 3);
    gguf_writer_u32(w, "tokenizer.ggml.eos_token_id", (uint32_t)n - 2);
    return vocab_file_open(w);
}

gguf_file *tiny_spm_file(void) {
    static const char *const words[] = {"\xe2\x96\x81",
                                        "a",
                                        "b",
                                        "c",
                                        "e",
                                        "h",
                                        "l",
                                        "o",
                                        "t",
                                        "\xc3\xa9",
                                        "he",
                                        "\xe2\x96\x81t",
                                        "\xe2\x96\x81the",
                                        "ll",
                                        "llo",
                                        "hello",
                                        "\xe2\x96\x81\xe2\x96\x81",
                                        "aa",
                                        "aaaa"};
    static char byte_text[256][8];
    const char *tokens[512] = {"<unk>", "<s>", "</s>"};
    int32_t kinds[512] = {TOKEN_UNKNOWN, TOKEN_CONTROL, TOKEN_CONTROL};
    float scores[512] = {0};
    size_t n = 3;
    for (unsigned b = 0; b < 256; b++, n++) {
        snprintf(byte_text[b], 8, "<0x%02X>", b);
        tokens[n] = byte_text[b];
        kinds[n] = TOKEN_BYTE;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++, n++) {
        tokens[n] = words[i];
        kinds[n] = TOKEN_NORMAL;
        scores[n] = -(float)i;
    }
    tokens[n] = "<|im_end|>";
    kinds[n++] = TOKEN_CONTROL;
    tokens[n] = "<user>";
    kinds[n++] = TOKEN_USER_DEFINED;
    gguf_writer *w = vocab_file_begin("llama");
    put_strings(w, "tokenizer.ggml.tokens", tokens, n);
    put_kinds(w, kinds, n);
    put_scores(w, scores, n);
    return vocab_file_open(w);
}

token_list encode(const tokenizer *t, const char *text, size_t n, int flags) {
    token_list l;
    token_list_init(&l);
    lnr_error err = {0};
    if (tokenizer_encode(t, (lnr_str){text, n}, flags, &l, &err))
        fail_msg("encoding: %s", err.text);
    return l;
}

lnr_buf decode(const tokenizer *t, const token_list *l, bool special, bool at_start) {
    lnr_buf b;
    buf_init(&b);
    for (size_t i = 0; i < l->n; i++)
        tokenizer_decode(t, l->id[i], special, at_start && b.n == 0, &b);
    assert_false(buf_failed(&b));
    return b;
}
