/* Token ids against the reference's, for every vocabulary of the test data: the texts in *.gguf.inp
 * must give exactly the ids in *.gguf.out. The vocabulary of qwen2 is made here from its ranks;
 * llama-bpe has none, there the texts are split only. */
#include "text_support.h"

#include "base/arena.h"
#include "base/strmap.h"
#include "base/utf8.h"
#include "text/byte_level.h"
#include "text/splitter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SEPARATOR "\n__ggml_vocab_test__\n"

static void check_ids(const char *name, size_t idx, const token_list *got, const char *line) {
    size_t k = 0;
    for (char *end; *line && *line != '\n'; k++, line = end + strspn(end, " ")) {
        line += strspn(line, " ");
        if (*line == '\n' || *line == '\0')
            break;
        long id = strtol(line, &end, 10);
        if (k >= got->n || got->id[k] != id)
            fail_msg("%s, text %zu, token %zu: %d instead of %ld", name, idx, k,
                     k < got->n ? got->id[k] : -1, id);
    }
    if (k != got->n)
        fail_msg("%s, text %zu: %zu tokens instead of %zu", name, idx, got->n, k);
}

static void check_pair(tokenizer *t, const char *name) {
    char file[128];
    snprintf(file, sizeof file, "vocab/ggml-vocab-%s.gguf.inp", name);
    lnr_buf in = shared_file(file);
    snprintf(file, sizeof file, "vocab/ggml-vocab-%s.gguf.out", name);
    lnr_buf out = shared_file(file);
    const char *text = buf_cstr(&in), *line = buf_cstr(&out);
    size_t n_texts = 0;
    for (const char *end; (end = strstr(text, SEPARATOR)); text = end + strlen(SEPARATOR)) {
        token_list l = encode(t, text, (size_t)(end - text), 0);
        check_ids(name, n_texts++, &l, line);
        token_list_deinit(&l);
        line = strchr(line, '\n');
        assert_non_null(line);
        line++;
    }
    assert_int_equal(n_texts, 46);
    buf_deinit(&in);
    buf_deinit(&out);
    tokenizer_destroy(t);
}

static void check_shared(const char *name) {
    char file[128];
    snprintf(file, sizeof file, "vocab/ggml-vocab-%s.gguf", name);
    check_pair(tokenizer_of(shared_gguf(file)), name);
}

static void gpt2_matches(void **state) {
    (void)state;
    check_shared("gpt-2");
}

static void falcon_matches(void **state) {
    (void)state;
    check_shared("falcon");
}

static void starcoder_matches(void **state) {
    (void)state;
    check_shared("starcoder");
}

static void deepseek_coder_matches(void **state) {
    (void)state;
    check_shared("deepseek-coder");
}

static void bert_matches(void **state) {
    (void)state;
    check_shared("bert-bge");
}

static void llama_spm_matches(void **state) {
    (void)state;
    check_shared("llama-spm");
}

static void phi3_matches(void **state) {
    (void)state;
    check_shared("phi-3");
}

/* ---- qwen2 ------------------------------------------------------------------------------------
 */

#define N_QWEN 151643

static uint32_t base64_value(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = strchr(digits, c);
    assert_non_null(p);
    return (uint32_t)(p - digits);
}

static lnr_str base64_decode(arena *a, const char *p, size_t n) {
    assert_int_equal(n % 4, 0);
    char *out = arena_alloc(a, n / 4 * 3 + 1, 1);
    size_t k = 0;
    for (size_t i = 0; i < n; i += 4) {
        unsigned pad = p[i + 2] == '=' ? 2 : p[i + 3] == '=' ? 1 : 0;
        uint32_t v = base64_value(p[i]) << 18 | base64_value(p[i + 1]) << 12 |
                     (pad > 1 ? 0 : base64_value(p[i + 2]) << 6) |
                     (pad > 0 ? 0 : base64_value(p[i + 3]));
        for (unsigned b = 0; b < 3 - pad; b++)
            out[k++] = (char)(v >> (16 - 8 * b) & 0xff);
    }
    return (lnr_str){out, k};
}

static lnr_str in_alphabet(arena *a, lnr_str bytes) {
    char *out = arena_alloc(a, bytes.n * 2 + 1, 1);
    size_t n = 0;
    for (size_t i = 0; i < bytes.n; i++)
        n += lnr_utf8_encode(byte_level_char((uint8_t)bytes.p[i]), out + n);
    return (lnr_str){out, n};
}

/* The two parts that a token's bytes have become when only lower ranks have merged: where the
 * second begins. */
static size_t last_cut(const strmap *ranks, lnr_str token, uint32_t rank) {
    size_t cut[512], n = token.n; /* the parts begin at cut[0..n) and end at cut[n] */
    assert_true(n < 512);
    for (size_t i = 0; i <= n; i++)
        cut[i] = i;
    while (n > 2) {
        uint32_t best = rank;
        size_t at = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            uint32_t r;
            lnr_str both = {token.p + cut[i], cut[i + 2] - cut[i]};
            if (strmap_find(ranks, both, &r) && r < best) {
                best = r;
                at = i;
            }
        }
        assert_true(best < rank);
        memmove(&cut[at + 1], &cut[at + 2], (n - at - 1) * sizeof *cut);
        n--;
    }
    return cut[1];
}

static gguf_file *qwen2_file(void) {
    lnr_buf source = shared_file("tokenizers/qwen.tiktoken");
    arena a;
    arena_init(&a);
    strmap ranks;
    strmap_init(&ranks);
    lnr_str *text = test_malloc((N_QWEN + 3) * sizeof *text);
    lnr_str *merge = test_malloc(N_QWEN * sizeof *merge);
    int32_t *kind = test_malloc((N_QWEN + 3) * sizeof *kind);
    const char *p = buf_cstr(&source);
    uint32_t n_merges = 0;
    for (uint32_t rank = 0; rank < N_QWEN; rank++) {
        size_t n = strcspn(p, " ");
        lnr_str token = base64_decode(&a, p, n);
        bool found;
        uint32_t value = rank;
        assert_int_equal(strtoul(p + n, NULL, 10), rank);
        assert_true(strmap_add(&ranks, token, &value, &found) && !found);
        text[rank] = in_alphabet(&a, token);
        kind[rank] = TOKEN_NORMAL;
        if (token.n > 1) {
            size_t cut = last_cut(&ranks, token, rank);
            lnr_str left = in_alphabet(&a, (lnr_str){token.p, cut});
            char *line = arena_alloc(&a, text[rank].n + 1, 1);
            memcpy(line, text[rank].p, left.n);
            line[left.n] = ' ';
            memcpy(line + left.n + 1, text[rank].p + left.n, text[rank].n - left.n);
            merge[n_merges++] = (lnr_str){line, text[rank].n + 1};
        }
        p = strchr(p, '\n') + 1;
    }
    static const char *const special[] = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};
    for (size_t i = 0; i < 3; i++) {
        text[N_QWEN + i] = lnr_str_from(special[i]);
        kind[N_QWEN + i] = TOKEN_CONTROL;
    }
    gguf_writer *w = vocab_file_begin("gpt2");
    gguf_writer_str(w, "tokenizer.ggml.pre", lnr_str_from("qwen2"));
    gguf_writer_array(w, "tokenizer.ggml.tokens", GGUF_STRING, N_QWEN + 3, text);
    put_kinds(w, kind, N_QWEN + 3);
    gguf_writer_array(w, "tokenizer.ggml.merges", GGUF_STRING, n_merges, merge);
    gguf_writer_u32(w, "tokenizer.ggml.eos_token_id", N_QWEN + 2);
    gguf_file *f = vocab_file_open(w);
    test_free(kind);
    test_free(merge);
    test_free(text);
    strmap_deinit(&ranks);
    arena_deinit(&a);
    buf_deinit(&source);
    return f;
}

static void qwen2_matches(void **state) {
    (void)state;
    skip_without_shared_data();
    check_pair(tokenizer_of(qwen2_file()), "qwen2");
}

/* ---- texts without a vocabulary ---------------------------------------------------------------
 */

/* The pieces cover the text, and there are no more than the reference has tokens: none spans two.
 */
static void llama_bpe_texts_are_covered(void **state) {
    (void)state;
    lnr_buf in = shared_file("vocab/ggml-vocab-llama-bpe.gguf.inp");
    lnr_buf out = shared_file("vocab/ggml-vocab-llama-bpe.gguf.out");
    const char *text = buf_cstr(&in), *line = buf_cstr(&out);
    splitter *s;
    splitter_run *r;
    assert_int_equal(splitter_create(lnr_str_from("llama-bpe"), &s, NULL), LNR_OK);
    assert_int_equal(splitter_run_create(s, &r, NULL), LNR_OK);
    size_t n_texts = 0;
    for (const char *end; (end = strstr(text, SEPARATOR)); text = end + strlen(SEPARATOR)) {
        const uint32_t *ends;
        size_t n_pieces, n_tokens = 0, n = (size_t)(end - text);
        assert_int_equal(splitter_split(r, (lnr_str){text, n}, &ends, &n_pieces, NULL), LNR_OK);
        for (size_t i = 0; i < n_pieces; i++)
            assert_true(ends[i] > (i ? ends[i - 1] : 0) && ends[i] <= n);
        assert_int_equal(n_pieces ? ends[n_pieces - 1] : 0, n);
        const char *line_end = strchr(line, '\n');
        assert_non_null(line_end);
        for (const char *p = line; p < line_end; p++)
            n_tokens += *p == ' ' && p[1] != ' ' && p[1] != '\n';
        if (n_pieces > n_tokens)
            fail_msg("text %zu: %zu pieces for %zu tokens", n_texts, n_pieces, n_tokens);
        line = line_end + 1;
        n_texts++;
    }
    assert_int_equal(n_texts, 46);
    splitter_run_destroy(r);
    splitter_destroy(s);
    buf_deinit(&in);
    buf_deinit(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpt2_matches),
        cmocka_unit_test(falcon_matches),
        cmocka_unit_test(starcoder_matches),
        cmocka_unit_test(deepseek_coder_matches),
        cmocka_unit_test(bert_matches),
        cmocka_unit_test(llama_spm_matches),
        cmocka_unit_test(phi3_matches),
        cmocka_unit_test(qwen2_matches),
        cmocka_unit_test(llama_bpe_texts_are_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
