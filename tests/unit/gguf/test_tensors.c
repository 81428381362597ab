/* The tensor list: shapes, types, extents, overlaps, names. */
#include "forge.h"

/* Head, no keys, and one tensor description with everything free; data of 4096 bytes. */
static void forge_one(lnr_buf *b, const char *name, size_t name_bytes, uint32_t n_dims,
                      const uint64_t *dim, uint32_t type, uint64_t offset) {
    *b = (lnr_buf){0};
    put_head(b, 3, 1, 0);
    put_bytes(b, name, name_bytes);
    put_u32(b, n_dims);
    for (uint32_t i = 0; i < n_dims && i < 8; i++)
        put_u64(b, dim[i]);
    put_u32(b, type);
    put_u64(b, offset);
    put_padding(b, 32);
    put_zeros(b, 4096);
}

#define DIMS(...) (sizeof((uint64_t[]){__VA_ARGS__}) / 8), ((uint64_t[]){__VA_ARGS__})

static void one_tensor(void **state) {
    (void)state;
    lnr_buf b;
    forge_one(&b, "w", 1, DIMS(8, 3, 2, 4), LNR_TYPE_F32, 64);
    gguf_file *f = forge_open(&b);
    const gguf_tensor *t = gguf_find_tensor(f, "w");
    assert_ptr_equal(t, gguf_tensor_at(f, 0));
    assert_int_equal(t->type, LNR_TYPE_F32);
    assert_int_equal(t->n_dims, 4);
    assert_int_equal(t->dim[0], 8);
    assert_int_equal(t->dim[3], 4);
    assert_int_equal(t->n_rows, 24);
    assert_int_equal(t->bytes, 8 * 24 * 4);
    assert_int_equal(t->offset, gguf_header_bytes(f) + 64);
    assert_int_equal(t->part, 0);
    assert_null(gguf_find_tensor(f, "v"));
    gguf_close(f);

    forge_one(&b, "q", 1, DIMS(64, 2), LNR_TYPE_Q4_0, 0);
    f = forge_open(&b);
    t = gguf_tensor_at(f, 0);
    assert_int_equal(t->bytes, 2 * 2 * 18);
    assert_int_equal(t->dim[2], 1);
    assert_int_equal(t->dim[3], 1);
    assert_int_equal(t->n_rows, 2);
    gguf_close(f);
}

static void bad_shapes(void **state) {
    (void)state;
    const uint64_t big = (uint64_t)1 << 62;
    const struct {
        uint32_t n_dims;
        uint64_t dim[8];
        uint32_t type;
        lnr_status st;
        const char *text;
    } bad[] = {
        {0, {0}, LNR_TYPE_F32, LNR_E_FORMAT, "0 dimensions, 1 to 4"},
        {5, {1, 1, 1, 1, 1}, LNR_TYPE_F32, LNR_E_FORMAT, "5 dimensions, 1 to 4"},
        {UINT32_MAX, {1}, LNR_TYPE_F32, LNR_E_FORMAT, "4294967295 dimensions"},
        {1, {0}, LNR_TYPE_F32, LNR_E_FORMAT, "dimension 0 is 0"},
        {3, {1, 1, 0}, LNR_TYPE_F32, LNR_E_FORMAT, "dimension 2 is 0"},
        {3, {1, big, 4}, LNR_TYPE_F32, LNR_E_FORMAT, "the number of rows overflows"},
        {1, {big}, LNR_TYPE_F32, LNR_E_FORMAT, "the size in bytes overflows"},
        {2, {big / 2, 2}, LNR_TYPE_F32, LNR_E_FORMAT, "the size in bytes overflows"},
        {1, {UINT64_MAX}, LNR_TYPE_F32, LNR_E_FORMAT, "the size in bytes overflows"},
        {1, {UINT64_MAX / 4}, LNR_TYPE_F32, LNR_E_FORMAT, "beyond the end of the file"},
        {1,
         {UINT64_C(5124095576030431008)},
         LNR_TYPE_Q4_0,
         LNR_E_FORMAT,
         "beyond the end of the file"},
        {1, {33}, LNR_TYPE_Q4_0, LNR_E_FORMAT, "rows of 33 are no multiple of the 32 weights"},
        {2, {128, 2}, LNR_TYPE_Q4_K, LNR_E_FORMAT, "no multiple of the 256 weights"},
        {1, {32}, 4, LNR_E_UNSUPPORTED, "unknown tensor type 4"},
        {1, {32}, 5, LNR_E_UNSUPPORTED, "unknown tensor type 5"},
        {1, {32}, 36, LNR_E_UNSUPPORTED, "unknown tensor type 36"},
        {1, {32}, 1000, LNR_E_UNSUPPORTED, "unknown tensor type 1000"},
        {1, {32}, (uint32_t)1 << 31, LNR_E_UNSUPPORTED, "unknown tensor type 2147483648"},
        {1, {32}, UINT32_MAX, LNR_E_UNSUPPORTED, "unknown tensor type 4294967295"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lnr_buf b;
        forge_one(&b, "blk.0.w", 7, bad[i].n_dims, bad[i].dim, bad[i].type, 0);
        forge_refused(&b, bad[i].st, "tensor 'blk.0.w'", bad[i].text);
    }
}

static void bad_offsets(void **state) {
    (void)state;
    lnr_buf b;
    forge_one(&b, "w", 1, DIMS(8), LNR_TYPE_F32, 33);
    forge_refused(&b, LNR_E_FORMAT, "tensor 'w' at byte 57",
                  "offset 33 is no multiple of the alignment, 32");
    const uint64_t bad[] = {4096 - 32 + 32, 8192, (uint64_t)1 << 63, UINT64_MAX - 31};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char at[48];
        forge_one(&b, "w", 1, DIMS(9), LNR_TYPE_F32, bad[i] - (bad[i] == 4096 ? 32 : 0));
        snprintf(at, sizeof at, "+ %llu", (unsigned long long)(bad[i] - (bad[i] == 4096 ? 32 : 0)));
        forge_refused(&b, LNR_E_FORMAT, "tensor 'w': 36 bytes at byte 64", at);
    }
}

/* The last byte of the file may be the last of a tensor; one less is an error. */
static void data_ends_with_file(void **state) {
    (void)state;
    lnr_buf b;
    forge_one(&b, "w", 1, DIMS(1024), LNR_TYPE_F32, 0);
    size_t n = b.n;
    gguf_close(forge_open(&b));
    forge_one(&b, "w", 1, DIMS(1024), LNR_TYPE_F32, 0);
    b.n--;
    char end[32];
    snprintf(end, sizeof end, "at byte %zu", n - 1);
    forge_refused(&b, LNR_E_FORMAT, "tensor 'w': 4096 bytes", end);
    forge_one(&b, "w", 1, DIMS(1), LNR_TYPE_I8, 0);
    b.n = 61; /* inside the padding before the data */
    forge_refused(&b, LNR_E_FORMAT, "tensor 'w': 1 bytes", "at byte 61");
}

static void names(void **state) {
    (void)state;
    lnr_buf b;
    static char name[257];
    memset(name, 'n', sizeof name);
    forge_one(&b, "", 0, DIMS(8), LNR_TYPE_F32, 0);
    forge_refused(&b, LNR_E_FORMAT, "tensor 1 at byte 32", "the name is empty");
    forge_one(&b, name, 257, DIMS(8), LNR_TYPE_F32, 0);
    forge_refused(&b, LNR_E_UNSUPPORTED, "tensor 1 at byte 32", "257 bytes long, at most 256");
    forge_one(&b, "a\0b", 3, DIMS(8), LNR_TYPE_F32, 0);
    forge_refused(&b, LNR_E_FORMAT, "tensor 1 at byte 35", "contains a control character");
    forge_one(&b, "\xc3(", 2, DIMS(8), LNR_TYPE_F32, 0);
    forge_refused(&b, LNR_E_FORMAT, "tensor 1 at byte 34", "not valid UTF-8");
    b = (lnr_buf){0};
    put_head(&b, 3, 1, 0);
    put_u64(&b, (uint64_t)1 << 32);
    put_zeros(&b, 100);
    forge_refused(&b, LNR_E_FORMAT, "tensor 1 at byte 32", "4294967296 bytes long");
    forge_one(&b, name, 256, DIMS(8), LNR_TYPE_F32, 0);
    gguf_file *f = forge_open(&b);
    assert_int_equal(gguf_tensor_at(f, 0)->name.n, 256);
    gguf_close(f);
}

static void duplicate_names(void **state) {
    (void)state;
    lnr_buf b = {0};
    put_head(&b, 3, 3, 0);
    put_tensor(&b, "a", 8, LNR_TYPE_F32, 0);
    put_tensor(&b, "b", 8, LNR_TYPE_F32, 32);
    put_tensor(&b, "a", 8, LNR_TYPE_F32, 64);
    put_padding(&b, 32);
    put_zeros(&b, 96);
    forge_refused(&b, LNR_E_FORMAT, "tensor 'a'", "tensors 1 and 3 have the same name");
}

static void overlaps(void **state) {
    (void)state;
    lnr_buf b = {0};
    put_head(&b, 3, 3, 0);
    put_tensor(&b, "last", 8, LNR_TYPE_F32, 96);
    put_tensor(&b, "first", 9, LNR_TYPE_F32, 0); /* 36 bytes reach into the next */
    put_tensor(&b, "middle", 8, LNR_TYPE_F32, 32);
    put_padding(&b, 32);
    put_zeros(&b, 128);
    forge_refused(&b, LNR_E_FORMAT, "tensors 'first' (36 bytes", "'middle'");
    b = (lnr_buf){0};
    put_head(&b, 3, 2, 0);
    put_tensor(&b, "a", 8, LNR_TYPE_F32, 32);
    put_tensor(&b, "b", 1, LNR_TYPE_F32, 32);
    put_padding(&b, 32);
    put_zeros(&b, 128);
    forge_refused(&b, LNR_E_FORMAT, "'a'", "'b'");
}

/* In any order, with holes: allowed. */
static void disordered(void **state) {
    (void)state;
    lnr_buf b = {0};
    put_head(&b, 2, 3, 0);
    put_tensor(&b, "c", 8, LNR_TYPE_F32, 128);
    put_tensor(&b, "a", 8, LNR_TYPE_F32, 0);
    put_tensor(&b, "b", 8, LNR_TYPE_F32, 32);
    put_padding(&b, 32);
    size_t data = b.n;
    for (uint8_t i = 0; i < 160; i++)
        put_le(&b, i, 1);
    gguf_file *f = forge_open(&b);
    assert_int_equal(gguf_find_tensor(f, "c")->offset, data + 128);
    uint8_t got[4] = {0};
    lnr_error err = {0};
    const gguf_tensor *t = gguf_find_tensor(f, "b");
    assert_int_equal(gguf_read_tensor(f, t, 28, got, 4, &err), LNR_OK);
    assert_memory_equal(got, "\x3c\x3d\x3e\x3f", 4);
    assert_int_equal(gguf_read_tensor(f, t, 29, got, 4, &err), LNR_E_ARGUMENT);
    expect_text(&err, "tensor 'b'");
    assert_int_equal(gguf_read_tensor(f, t, 33, got, 0, &err), LNR_E_ARGUMENT);
    assert_int_equal(gguf_read_tensor(f, t, UINT64_MAX, got, 2, &err), LNR_E_ARGUMENT);
    gguf_close(f);
}

/* Time must not be quadratic: this would take minutes if it were. */
static void many_tensors(void **state) {
    (void)state;
    enum { N = 100000 };
    lnr_buf b = {0};
    char name[32];
    put_head(&b, 3, N, 0);
    for (uint32_t i = 0; i < N; i++) {
        snprintf(name, sizeof name, "t%u", i);
        put_tensor(&b, name, 1, LNR_TYPE_F32, (N - 1 - i) * UINT64_C(32));
    }
    put_padding(&b, 32);
    put_zeros(&b, N * 32);
    gguf_file *f = forge_open(&b);
    assert_int_equal(gguf_n_tensors(f), N);
    for (uint32_t i = 0; i < N; i++) {
        snprintf(name, sizeof name, "t%u", i);
        assert_ptr_equal(gguf_find_tensor(f, name), gguf_tensor_at(f, i));
    }
    gguf_close(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_tensor),   cmocka_unit_test(bad_shapes),
        cmocka_unit_test(bad_offsets),  cmocka_unit_test(data_ends_with_file),
        cmocka_unit_test(names),        cmocka_unit_test(duplicate_names),
        cmocka_unit_test(overlaps),     cmocka_unit_test(disordered),
        cmocka_unit_test(many_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, forge_clean);
}
