/* Fuzzes encoding and decoding: the first byte chooses the vocabulary (bits 0, 1 and 4) and the
 * flags (bits 2 and 3), the rest is the text. What is encoded without parsing special tokens must
 * decode to the same bytes, at once and as a stream; with WordPiece, which changes the text, the
 * two must only agree. */
#define _GNU_SOURCE /* memmem */
#include "fuzz.h"

#include "base/utf8.h"
#include "text/tokenizer.h"
#include "vocab_file.h"

#include <stdio.h>
#include <stdlib.h>

static void require(int condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "broken promise: %s\n", what);
    abort();
}

static tokenizer *create(gguf_file *f) {
    tokenizer *t;
    require(tokenizer_create(f, &t, NULL) == LNR_OK, "a good vocabulary is accepted");
    gguf_close(f);
    return t;
}

static void require_valid(const lnr_buf *b) {
    uint32_t cp;
    for (size_t i = 0, len; i < b->n; i += len)
        require((len = lnr_utf8_decode(b->p + i, b->n - i, &cp)) != 0, "a stream is valid UTF-8");
}

/* Whether decoding must give the text back. A written-out U+2581 comes back as a space, and a
 * user-defined token takes a prefix after it. */
static bool is_exact(const tokenizer *t, lnr_str text, int flags) {
    return strcmp(tokenizer_model(t), "bert") != 0 && !(flags & TOKENIZE_PARSE_SPECIAL) &&
           !memmem(text.p, text.n, "\xe2\x96\x81", 3) && !memmem(text.p, text.n, "<user>", 6);
}

static void check(const tokenizer *t, lnr_str text, int flags, const token_list *l) {
    lnr_buf whole, streamed;
    token_stream stream;
    buf_init(&whole);
    buf_init(&streamed);
    token_stream_init(&stream, t, false, true);
    bool at_start = true, is_valid = true;
    for (size_t i = 0; i < l->n; i++) {
        require(l->id[i] >= 0 && (uint32_t)l->id[i] < tokenizer_n_tokens(t), "an id is a token's");
        tokenizer_decode(t, l->id[i], false, at_start, &whole);
        at_start &= tokenizer_token_kind(t, l->id[i]) == TOKEN_CONTROL;
        token_stream_add(&stream, l->id[i], &streamed);
        require_valid(&streamed);
    }
    token_stream_end(&stream, &streamed);
    require_valid(&streamed);
    if (is_exact(t, text, flags))
        require(whole.n == text.n && (text.n == 0 || memcmp(whole.p, text.p, text.n) == 0),
                "decoding gives the text back");
    uint32_t cp;
    for (size_t i = 0, len; i < whole.n && is_valid; i += len)
        is_valid = (len = lnr_utf8_decode(whole.p + i, whole.n - i, &cp)) != 0;
    if (is_valid)
        require(whole.n == streamed.n &&
                    (whole.n == 0 || memcmp(whole.p, streamed.p, whole.n) == 0),
                "a stream gives what decoding at once gives");
    token_stream_deinit(&stream);
    buf_deinit(&streamed);
    buf_deinit(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static tokenizer *tokenizers[8];
    if (tokenizers[0] == NULL) {
        static const char *const words[] = {"the", "ing", "aaaa", "user"};
        static const char *const splitters[8] = {NULL, "gpt-2",     "qwen2",  "default",
                                                 NULL, "llama-bpe", "gpt-4o", "deepseek-llm"};
        for (size_t i = 0; i < 8; i++)
            if (splitters[i])
                tokenizers[i] = create(tiny_bpe_file(&(tiny_bpe){words, 4, splitters[i]}));
        tokenizers[0] = create(tiny_spm_file());
        tokenizers[4] = create(tiny_wpm_file());
    }
    if (size == 0)
        return 0;
    const tokenizer *t = tokenizers[(data[0] & 3) | (data[0] >> 2 & 4)];
    int flags = data[0] >> 2 & (TOKENIZE_ADD_SPECIAL | TOKENIZE_PARSE_SPECIAL);
    lnr_str text = {(const char *)data + 1, size - 1};
    token_list l;
    token_list_init(&l);
    require(tokenizer_encode(t, text, flags, &l, NULL) == LNR_OK, "any bytes are accepted");
    check(t, text, flags, &l);
    token_list_deinit(&l);
    return 0;
}
