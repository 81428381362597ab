/* See vocab_file.h. */
#include "vocab_file.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "text/byte_level.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[64];

static void require(lnr_status st, const char *what) {
    if (st == LNR_OK)
        return;
    fprintf(stderr, "%s %s: %s\n", what, path, lnr_status_name(st));
    abort();
}

gguf_writer *vocab_file_begin(const char *model) {
    snprintf(path, sizeof path, "/tmp/lanner-test-vocab-%ld.gguf", (long)getpid());
    gguf_writer *w;
    require(gguf_writer_create(path, &w, NULL), "creating");
    gguf_writer_str(w, "general.architecture", lnr_str_from("llama"));
    if (model)
        gguf_writer_str(w, "tokenizer.ggml.model", lnr_str_from(model));
    return w;
}

gguf_file *vocab_file_open(gguf_writer *w) {
    gguf_file *f;
    require(gguf_writer_start(w, NULL), "starting");
    require(gguf_writer_finish(w, NULL), "writing");
    require(gguf_open(path, &f, NULL), "opening");
    unlink(path);
    return f;
}

void put_strings(gguf_writer *w, const char *key, const char *const *z, size_t n) {
    lnr_str *s = lnr_alloc_array(n + 1, sizeof *s);
    for (size_t i = 0; i < n; i++)
        s[i] = lnr_str_from(z[i]);
    gguf_writer_array(w, key, GGUF_STRING, n, s);
    lnr_free(s);
}

void put_kinds(gguf_writer *w, const int32_t *kind, size_t n) {
    gguf_writer_array(w, "tokenizer.ggml.token_type", GGUF_I32, n, kind);
}

void put_scores(gguf_writer *w, const float *score, size_t n) {
    gguf_writer_array(w, "tokenizer.ggml.scores", GGUF_F32, n, score);
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
            require(n_merges < 64 ? LNR_OK : LNR_E_LIMIT, "merges of");
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

gguf_file *tiny_wpm_file(void) {
    static const char *const tokens[] = {
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "\xe2\x96\x81un",
        "\xe2\x96\x81"
        "aff",
        "\xe2\x96\x81"
        "a",
        "\xe2\x96\x81the",
        "\xe2\x96\x81"
        "cafe",
        "\xe2\x96\x81!",
        "\xe2\x96\x81$",
        "\xe2\x96\x81\xe6\x97\xa5", /* U+65E5, an ideograph */
        "\xe2\x96\x81\xe1\x84\x80", /* U+1100, a Korean consonant */
        "\xe1\x85\xa1",             /* U+1161, a Korean vowel */
        "aff",
        "able",
        "a",
        "\xc3\xa9",
        "[unused]",
        "<user>",
    };
    enum { N_TOKENS = sizeof tokens / sizeof tokens[0] };
    int32_t kinds[N_TOKENS];
    for (size_t i = 0; i < N_TOKENS; i++)
        kinds[i] = i < 4 ? TOKEN_CONTROL : i == N_TOKENS - 1 ? TOKEN_USER_DEFINED : TOKEN_NORMAL;
    gguf_writer *w = vocab_file_begin("bert");
    put_strings(w, "tokenizer.ggml.tokens", tokens, N_TOKENS);
    put_kinds(w, kinds, N_TOKENS);
    gguf_writer_u32(w, "tokenizer.ggml.padding_token_id", 0);
    gguf_writer_u32(w, "tokenizer.ggml.unknown_token_id", 1);
    gguf_writer_u32(w, "tokenizer.ggml.cls_token_id", 2);
    gguf_writer_u32(w, "tokenizer.ggml.seperator_token_id", 3);
    return vocab_file_open(w);
}
