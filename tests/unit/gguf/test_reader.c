/* Header and key-value pairs: what is accepted, and each refusal with its line. */
#include "forge.h"

#define HEAD_BYTES 24

static void empty_file(void **state) {
    (void)state;
    lnr_buf b = {0};
    forge_refused(&b, LNR_E_FORMAT, "not a GGUF file", "0 bytes");
}

static void short_file(void **state) {
    (void)state;
    for (size_t n = 1; n < HEAD_BYTES; n++) {
        lnr_buf b = {0}, cut = {0};
        put_head(&b, 3, 0, 0);
        buf_add(&cut, b.p, n);
        buf_deinit(&b);
        char end[32];
        snprintf(end, sizeof end, "ends at byte %zu", n);
        forge_refused(&cut, LNR_E_FORMAT, "header at byte", end);
    }
}

static void wrong_magic(void **state) {
    (void)state;
    lnr_buf b = {0};
    buf_add_str(&b, "gguf");
    put_zeros(&b, 40);
    forge_refused(&b, LNR_E_FORMAT, "not a GGUF file", "67 67 75 66");
}

static void big_endian(void **state) {
    (void)state;
    lnr_buf b = {0};
    buf_add_str(&b, "FUGG");
    put_zeros(&b, 40);
    forge_refused(&b, LNR_E_UNSUPPORTED, "big-endian", NULL);
    b = (lnr_buf){0};
    put_head(&b, 0x03000000, 0, 0);
    forge_refused(&b, LNR_E_UNSUPPORTED, "big-endian", "byte 4");
}

static void versions(void **state) {
    (void)state;
    const uint32_t bad[] = {0, 1, 4, UINT32_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lnr_buf b = {0};
        char line[32];
        put_head(&b, bad[i], 0, 0);
        snprintf(line, sizeof line, "version %u", bad[i]);
        forge_refused(&b, LNR_E_UNSUPPORTED, line, "byte 4");
    }
    for (uint32_t v = 2; v <= 3; v++) {
        lnr_buf b = {0};
        put_head(&b, v, 0, 0);
        gguf_file *f = forge_open(&b);
        assert_int_equal(gguf_version(f), v);
        assert_int_equal(gguf_n_values(f), 0);
        assert_int_equal(gguf_n_tensors(f), 0);
        assert_int_equal(gguf_n_parts(f), 1);
        assert_int_equal(gguf_file_bytes(f), HEAD_BYTES);
        assert_int_equal(gguf_header_bytes(f), HEAD_BYTES);
        gguf_close(f);
    }
}

/* Counts that would wrap or exhaust memory if they were believed. */
static void implausible_counts(void **state) {
    (void)state;
    const uint64_t bad[] = {1, 1000000000, (uint64_t)1 << 63, UINT64_MAX, UINT64_MAX / 48 + 2};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lnr_buf b = {0};
        char line[48];
        put_head(&b, 3, bad[i], 0);
        snprintf(line, sizeof line, "%llu tensors", (unsigned long long)bad[i]);
        forge_refused(&b, LNR_E_FORMAT, "header at byte 16", line);
        b = (lnr_buf){0};
        put_head(&b, 3, 0, bad[i]);
        snprintf(line, sizeof line, "%llu keys", (unsigned long long)bad[i]);
        forge_refused(&b, LNR_E_FORMAT, "header at byte 24", line);
    }
}

static void capped_counts(void **state) {
    (void)state;
    lnr_buf b = {0};
    put_head(&b, 3, 0, 65537);
    put_zeros(&b, 65537 * 14);
    forge_refused(&b, LNR_E_UNSUPPORTED, "65537 keys, at most 65536", NULL);
    b = (lnr_buf){0};
    put_head(&b, 3, (1 << 20) + 1, 0);
    put_zeros(&b, ((1 << 20) + 1) * 33);
    forge_refused(&b, LNR_E_UNSUPPORTED, "1048577 tensors, at most 1048576", NULL);
}

static void refuse_key(const char *key, size_t n, lnr_status st, const char *text) {
    lnr_buf b = {0};
    put_head(&b, 3, 0, 1);
    put_bytes(&b, key, n);
    put_u32(&b, GGUF_U32);
    put_u32(&b, 0);
    forge_refused(&b, st, "key 1 at byte ", text);
}

static void bad_keys(void **state) {
    (void)state;
    static char long_key[65536];
    memset(long_key, 'k', sizeof long_key);
    refuse_key("", 0, LNR_E_FORMAT, "the key is empty");
    refuse_key(long_key, 65536, LNR_E_UNSUPPORTED, "65536 bytes long, at most 65535");
    refuse_key("a\0b", 3, LNR_E_FORMAT, "contains a control character");
    refuse_key("a\x1b[31m", 6, LNR_E_FORMAT, "contains a control character");
    refuse_key("a\x7f", 2, LNR_E_FORMAT, "contains a control character");
    refuse_key("a\xc2\x85", 3, LNR_E_FORMAT, "contains a control character");
    refuse_key("a\xff", 2, LNR_E_FORMAT, "not valid UTF-8");
    refuse_key("\xed\xa0\x80", 3, LNR_E_FORMAT, "not valid UTF-8"); /* a surrogate */

    lnr_buf b = {0};
    put_head(&b, 3, 0, 1);
    put_u64(&b, UINT64_MAX);
    put_zeros(&b, 20);
    forge_refused(&b, LNR_E_FORMAT, "key 1 at byte 32", "18446744073709551615 bytes long");
}

static void longest_key(void **state) {
    (void)state;
    static char key[65536];
    memset(key, 'k', 65535);
    lnr_buf b = {0};
    put_head(&b, 3, 0, 1);
    put_key_u32(&b, key, 7);
    gguf_file *f = forge_open(&b);
    assert_int_equal(gguf_find(f, key)->u, 7);
    gguf_close(f);
}

static void duplicate_keys(void **state) {
    (void)state;
    lnr_buf b = {0};
    put_head(&b, 3, 0, 2);
    put_key_u32(&b, "a.b", 1);
    put_key_u32(&b, "a.b", 1);
    forge_refused(&b, LNR_E_FORMAT, "key 'a.b' at byte 58", "the same key is at byte 39");
    b = (lnr_buf){0};
    put_head(&b, 3, 0, 2);
    put_key_u32(&b, "a.b", 1);
    put_key_str(&b, "a.b", "x");
    forge_refused(&b, LNR_E_FORMAT, "key 'a.b'", "the same key");
}

static void unknown_kinds(void **state) {
    (void)state;
    const uint32_t bad[] = {13, 255, UINT32_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[48];
        lnr_buf b = {0};
        put_head(&b, 3, 0, 1);
        put_key(&b, "k", bad[i]);
        put_zeros(&b, 16);
        snprintf(line, sizeof line, "unknown kind of value %u", bad[i]);
        forge_refused(&b, LNR_E_FORMAT, "key 'k' at byte 37", line);
        b = (lnr_buf){0};
        put_head(&b, 3, 0, 1);
        put_key(&b, "k", GGUF_ARRAY);
        put_u32(&b, bad[i]);
        put_zeros(&b, 16);
        snprintf(line, sizeof line, "unknown kind %u of array items", bad[i]);
        forge_refused(&b, LNR_E_FORMAT, "key 'k' at byte 41", line);
    }
}

static void nested_array(void **state) {
    (void)state;
    lnr_buf b = {0};
    put_head(&b, 3, 0, 1);
    put_key(&b, "k", GGUF_ARRAY);
    for (int i = 0; i < 1000; i++) {
        put_u32(&b, GGUF_ARRAY);
        put_u64(&b, 1);
    }
    forge_refused(&b, LNR_E_UNSUPPORTED, "key 'k' at byte 41", "arrays of arrays");
}

static void array_lengths(void **state) {
    (void)state;
    const struct {
        gguf_kind kind;
        uint64_t n;
    } bad[] = {
        {GGUF_STRING, (uint64_t)1 << 61},    {GGUF_STRING, 3},       {GGUF_U64, 3},
        {GGUF_U64, ((uint64_t)1 << 61) + 1}, {GGUF_U8, 17},          {GGUF_U8, UINT64_MAX},
        {GGUF_F32, ((uint64_t)1 << 62) + 1}, {GGUF_I16, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[64];
        lnr_buf b = {0};
        put_head(&b, 3, 0, 1);
        put_key(&b, "k", GGUF_ARRAY);
        put_u32(&b, bad[i].kind);
        put_u64(&b, bad[i].n);
        put_zeros(&b, 16);
        snprintf(line, sizeof line, "%llu array items", (unsigned long long)bad[i].n);
        forge_refused(&b, LNR_E_FORMAT, "key 'k' at byte 49", line);
    }
    lnr_buf b = {0};
    put_head(&b, 3, 0, 1);
    put_key(&b, "k", GGUF_ARRAY);
    put_u32(&b, GGUF_U8);
    put_u64(&b, ((uint64_t)64 << 20) + 1);
    put_zeros(&b, ((size_t)64 << 20) + 1);
    forge_refused(&b, LNR_E_UNSUPPORTED, "key 'k' at byte 49", "at most 67108864");
}

static void string_lengths(void **state) {
    (void)state;
    const uint64_t bad[] = {5, (uint64_t)1 << 40, UINT64_MAX, UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[64];
        lnr_buf b = {0};
        put_head(&b, 3, 0, 1);
        put_key(&b, "k", GGUF_STRING);
        put_u64(&b, bad[i]);
        buf_add_str(&b, "four");
        snprintf(line, sizeof line, "%llu bytes long", (unsigned long long)bad[i]);
        forge_refused(&b, LNR_E_FORMAT, "key 'k' at byte 45", line);
    }
    lnr_buf b = {0};
    put_head(&b, 3, 0, 1);
    put_key(&b, "k", GGUF_STRING);
    put_u64(&b, ((uint64_t)16 << 20) + 1);
    put_zeros(&b, ((size_t)16 << 20) + 1);
    forge_refused(&b, LNR_E_UNSUPPORTED, "key 'k' at byte 45", "at most 16777216");
}

static void bad_bools(void **state) {
    (void)state;
    lnr_buf b = {0};
    put_head(&b, 3, 0, 1);
    put_key(&b, "k", GGUF_BOOL);
    put_le(&b, 2, 1);
    forge_refused(&b, LNR_E_FORMAT, "key 'k' at byte", "2 is no bool");
    b = (lnr_buf){0};
    put_head(&b, 3, 0, 1);
    put_key(&b, "k", GGUF_ARRAY);
    put_u32(&b, GGUF_BOOL);
    put_u64(&b, 3);
    put_le(&b, 0xff0100, 3);
    forge_refused(&b, LNR_E_FORMAT, "key 'k' at byte", "255 is no bool");
}

/* A file whose only tensor starts at the given multiple. */
static void put_aligned(lnr_buf *b, uint32_t kind, uint64_t align, unsigned n_bytes) {
    put_head(b, 3, 1, 1);
    put_key(b, "general.alignment", kind);
    put_le(b, align, n_bytes);
    put_tensor(b, "t", 4, LNR_TYPE_F32, 0);
}

static void alignments(void **state) {
    (void)state;
    const uint32_t bad[] = {0, 3, 24, 65537, 131072, (uint32_t)1 << 31, UINT32_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[64];
        lnr_buf b = {0};
        put_aligned(&b, GGUF_U32, bad[i], 4);
        snprintf(line, sizeof line, "is %u, must be a power of two from 1 to 65536", bad[i]);
        forge_refused(&b, LNR_E_FORMAT, "key 'general.alignment' at byte 53", line);
    }
    lnr_buf b = {0};
    put_aligned(&b, GGUF_I32, 32, 4);
    forge_refused(&b, LNR_E_FORMAT, "key 'general.alignment' at byte 53", "is i32, must be u32");
    b = (lnr_buf){0};
    put_aligned(&b, GGUF_U64, 32, 8);
    forge_refused(&b, LNR_E_FORMAT, "key 'general.alignment' at byte 53", "is u64, must be u32");

    const uint32_t good[] = {1, 2, 8, 32, 64, 4096, 65536};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        b = (lnr_buf){0};
        put_aligned(&b, GGUF_U32, good[i], 4);
        put_padding(&b, good[i]);
        size_t data = b.n;
        put_zeros(&b, 16);
        gguf_file *f = forge_open(&b);
        assert_int_equal(gguf_tensor_at(f, 0)->offset, data);
        assert_int_equal(gguf_header_bytes(f), data);
        gguf_close(f);
    }
}

/* As many keys and array items as a large vocabulary has, over many pieces of the cursor:
 * everything stays where it was borrowed from, and is found. */
static void large_header(void **state) {
    (void)state;
    enum { N_KEYS = 20000, N_STRINGS = 200000 };
    char text[32];
    lnr_buf b = {0};
    put_head(&b, 3, 0, N_KEYS + 1);
    for (uint32_t i = 0; i < N_KEYS; i++) {
        snprintf(text, sizeof text, "key.%u", i);
        put_key_u32(&b, text, i * 3);
    }
    put_key(&b, "strings", GGUF_ARRAY);
    put_u32(&b, GGUF_STRING);
    put_u64(&b, N_STRINGS);
    for (uint32_t i = 0; i < N_STRINGS; i++) {
        snprintf(text, sizeof text, "%u", i);
        put_str(&b, text);
    }
    gguf_file *f = forge_open(&b);
    for (uint32_t i = 0; i < N_KEYS; i++) {
        snprintf(text, sizeof text, "key.%u", i);
        assert_int_equal(gguf_find(f, text)->u, i * 3);
        assert_ptr_equal(gguf_find(f, text), gguf_value_at(f, i));
    }
    const gguf_value *v = gguf_find(f, "strings");
    for (uint32_t i = 0; i < N_STRINGS; i++) {
        snprintf(text, sizeof text, "%u", i);
        assert_true(lnr_str_is(gguf_array_str(v, i), text));
    }
    gguf_close(f);
}

/* A hole that claims to be 512 MiB of items: refused before it is read. */
static void sparse_header(void **state) {
    (void)state;
    lnr_buf b = {0};
    put_head(&b, 3, 0, 1);
    put_key(&b, "k", GGUF_ARRAY);
    put_u32(&b, GGUF_U64);
    put_u64(&b, (uint64_t)64 << 20);
    forge_save(&b, "sparse.gguf");
    buf_deinit(&b);
    const char *path = forge_path("sparse.gguf");
    lnr_error err = {0};
    gguf_file *f;
    assert_int_equal(truncate(path, (off_t)1 << 30), 0);
    assert_int_equal(gguf_open(path, &f, &err), LNR_E_UNSUPPORTED);
    assert_null(f);
    expect_text(&err, "key 'k' at byte 49: the header is larger than 268435456 bytes");
}

static void no_regular_file(void **state) {
    (void)state;
    const char *bad[] = {"/", "/dev/zero", "/dev/null", "/no/such/file"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lnr_error err = {0};
        gguf_file *f;
        assert_int_equal(gguf_open(bad[i], &f, &err), LNR_E_IO);
        assert_null(f);
        expect_text(&err, bad[i]);
    }
}

/* Real files, with counts read off them by another program. */
static void real_files(void **state) {
    (void)state;
    const struct {
        const char *name;
        size_t n_tensors, n_values, n_tokens;
    } files[] = {
        {"models/stories260K.gguf", 48, 19, 512},
        {"vocab/ggml-vocab-bert-bge.gguf", 0, 20, 30522},
        {"vocab/ggml-vocab-deepseek-coder.gguf", 0, 25, 32256},
        {"vocab/ggml-vocab-falcon.gguf", 0, 18, 65024},
        {"vocab/ggml-vocab-gpt-2.gguf", 0, 16, 50257},
        {"vocab/ggml-vocab-llama-spm.gguf", 0, 22, 32000},
        {"vocab/ggml-vocab-phi-3.gguf", 0, 26, 32064},
        {"vocab/ggml-vocab-starcoder.gguf", 0, 19, 49152},
    };
    if (access(LNR_SHARED_DATA, F_OK) != 0) {
        print_message("skipped: %s is absent\n", LNR_SHARED_DATA);
        skip();
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[512];
        lnr_error err = {0};
        gguf_file *f;
        const gguf_value *tokens;
        snprintf(path, sizeof path, "%s/%s", LNR_SHARED_DATA, files[i].name);
        if (gguf_open(path, &f, &err) != LNR_OK)
            fail_msg("%s: %s", path, err.text);
        assert_int_equal(gguf_n_tensors(f), files[i].n_tensors);
        assert_int_equal(gguf_n_values(f), files[i].n_values);
        assert_int_equal(gguf_get_array(f, "tokenizer.ggml.tokens", GGUF_STRING, &tokens, &err),
                         LNR_OK);
        assert_int_equal(tokens->array.n, files[i].n_tokens);
        gguf_close(f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_file),      cmocka_unit_test(short_file),
        cmocka_unit_test(wrong_magic),     cmocka_unit_test(big_endian),
        cmocka_unit_test(versions),        cmocka_unit_test(implausible_counts),
        cmocka_unit_test(capped_counts),   cmocka_unit_test(bad_keys),
        cmocka_unit_test(longest_key),     cmocka_unit_test(duplicate_keys),
        cmocka_unit_test(unknown_kinds),   cmocka_unit_test(nested_array),
        cmocka_unit_test(array_lengths),   cmocka_unit_test(string_lengths),
        cmocka_unit_test(bad_bools),       cmocka_unit_test(alignments),
        cmocka_unit_test(large_header),    cmocka_unit_test(sparse_header),
        cmocka_unit_test(no_regular_file), cmocka_unit_test(real_files),
    };
    return cmocka_run_group_tests(tests, NULL, forge_clean);
}
