/* The writer: what it writes the reader reads back, and what it must refuse. */
#include "forge.h"

#include "gguf/writer.h"

#include <signal.h>
#include <sys/resource.h>

static gguf_writer *create(const char *name) {
    gguf_writer *w = NULL;
    lnr_error err = {0};
    if (gguf_writer_create(forge_path(name), &w, &err) != LNR_OK)
        fail_msg("%s", err.text);
    return w;
}

static gguf_file *reopen(const char *name) {
    gguf_file *f = NULL;
    lnr_error err = {0};
    if (gguf_open(forge_path(name), &f, &err) != LNR_OK)
        fail_msg("%s", err.text);
    return f;
}

static void assert_same_value(const gguf_value *a, const gguf_value *b) {
    assert_true(lnr_str_equal(a->key, b->key));
    assert_int_equal(a->kind, b->kind);
    if (a->kind == GGUF_STRING) {
        assert_true(lnr_str_equal(a->s, b->s));
    } else if (a->kind == GGUF_ARRAY) {
        assert_int_equal(a->array.kind, b->array.kind);
        assert_int_equal(a->array.n, b->array.n);
        for (uint64_t i = 0; i < a->array.n; i++) {
            if (a->array.kind == GGUF_STRING)
                assert_true(lnr_str_equal(gguf_array_str(a, i), gguf_array_str(b, i)));
            else if (a->array.kind == GGUF_F32)
                assert_true(gguf_array_f32(a, i) == gguf_array_f32(b, i));
            else if (a->array.kind != GGUF_F64)
                assert_int_equal(gguf_array_int(a, i), gguf_array_int(b, i));
        }
    } else {
        assert_memory_equal(&a->u, &b->u, sizeof a->u);
    }
}

/* Every kind, at an extreme, as a value and as an item of an array. */
static void every_kind(void **state) {
    (void)state;
    const gguf_value scalars[] = {
        {.kind = GGUF_U8, .u = 255},         {.kind = GGUF_I8, .i = -128},
        {.kind = GGUF_U16, .u = 65535},      {.kind = GGUF_I16, .i = -32768},
        {.kind = GGUF_U32, .u = UINT32_MAX}, {.kind = GGUF_I32, .i = INT32_MIN},
        {.kind = GGUF_F32, .f = -1.5},       {.kind = GGUF_BOOL, .u = 1},
        {.kind = GGUF_U64, .u = UINT64_MAX}, {.kind = GGUF_I64, .i = INT64_MIN},
        {.kind = GGUF_F64, .f = 0.1},
    };
    enum { N = sizeof scalars / sizeof scalars[0] };
    const uint8_t items[16] = {1, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 1};
    const lnr_str strings[] = {{"", 0}, {"a\0\xff", 3}, {"last", 4}};
    gguf_value expected[2 * N];
    char key[2 * N][16];
    gguf_writer *w = create("w.gguf");
    for (size_t i = 0; i < 2 * N; i++) {
        snprintf(key[i], sizeof key[i], "key.%zu", i);
        if (i < N) {
            expected[i] = scalars[i];
        } else {
            expected[i].kind = GGUF_ARRAY;
            expected[i].array.kind = scalars[i - N].kind;
            expected[i].array.n = 2;
            expected[i].array.items = items;
        }
        expected[i].key = lnr_str_from(key[i]);
        gguf_writer_value(w, &expected[i]);
    }
    gguf_writer_str(w, "str", strings[1]);
    gguf_writer_array(w, "strs", GGUF_STRING, 3, strings);
    gguf_writer_array(w, "none", GGUF_STRING, 0, NULL);
    gguf_writer_u32(w, "u32", 7);
    gguf_writer_i32(w, "i32", -7);
    gguf_writer_u64(w, "u64", UINT64_C(1) << 40);
    gguf_writer_f32(w, "f32", 0.25f);
    gguf_writer_bool(w, "bool", true);
    assert_int_equal(gguf_writer_start(w, NULL), LNR_OK);
    assert_int_equal(gguf_writer_finish(w, NULL), LNR_OK);

    gguf_file *f = reopen("w.gguf");
    assert_int_equal(gguf_version(f), 3);
    assert_int_equal(gguf_n_values(f), 2 * N + 8);
    for (size_t i = 0; i < 2 * N; i++)
        assert_same_value(gguf_value_at(f, i), &expected[i]);
    assert_true(lnr_str_equal(gguf_find(f, "str")->s, strings[1]));
    for (uint64_t i = 0; i < 3; i++)
        assert_true(lnr_str_equal(gguf_array_str(gguf_find(f, "strs"), i), strings[i]));
    assert_int_equal(gguf_find(f, "none")->array.n, 0);
    assert_int_equal(gguf_find(f, "u32")->u, 7);
    assert_int_equal(gguf_find(f, "i32")->i, -7);
    assert_int_equal(gguf_find(f, "u64")->u, UINT64_C(1) << 40);
    assert_true(gguf_find(f, "f32")->f == 0.25);
    assert_int_equal(gguf_find(f, "bool")->u, 1);
    gguf_close(f);
}

static const uint64_t dims[4] = {32, 3, 2, 2};

static void tensors_and_data(void **state) {
    (void)state;
    uint8_t data[512], got[512];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + 1);
    gguf_writer *w = create("w.gguf");
    gguf_writer_tensor(w, lnr_str_from("a"), LNR_TYPE_F32, 1, (uint64_t[]){5});
    gguf_writer_tensor(w, lnr_str_from("b"), LNR_TYPE_Q4_0, 4, dims);
    gguf_writer_tensor(w, lnr_str_from("c"), LNR_TYPE_F16, 2, (uint64_t[]){16, 1});
    assert_int_equal(gguf_writer_start(w, NULL), LNR_OK);
    assert_int_equal(gguf_writer_data(w, 0, data, 20, NULL), LNR_OK);
    for (size_t i = 0; i < 216; i += 27) /* in pieces */
        assert_int_equal(gguf_writer_data(w, 1, data + i, 27, NULL), LNR_OK);
    assert_int_equal(gguf_writer_data(w, 2, data, 32, NULL), LNR_OK);
    assert_int_equal(gguf_writer_finish(w, NULL), LNR_OK);

    gguf_file *f = reopen("w.gguf");
    const uint64_t bytes[3] = {20, 216, 32};
    assert_int_equal(gguf_n_tensors(f), 3);
    for (size_t i = 0; i < 3; i++) {
        const gguf_tensor *t = gguf_tensor_at(f, i);
        assert_int_equal(t->bytes, bytes[i]);
        assert_int_equal(t->offset % 32, 0);
        assert_int_equal(gguf_read_tensor(f, t, 0, got, (size_t)bytes[i], NULL), LNR_OK);
        assert_memory_equal(got, data, (size_t)bytes[i]);
    }
    const gguf_tensor *b = gguf_find_tensor(f, "b");
    assert_int_equal(b->n_dims, 4);
    assert_memory_equal(b->dim, dims, sizeof dims);
    assert_int_equal(gguf_find_tensor(f, "c")->n_dims, 2);
    assert_int_equal(gguf_file_bytes(f) % 32, 0); /* the last is padded too, as llama.cpp does */
    gguf_close(f);
}

/* A real file, copied value by value. */
static void copy_of_real_file(void **state) {
    (void)state;
    gguf_file *a = NULL;
    const char *path = LNR_SHARED_DATA "/models/stories260K.gguf";
    if (access(path, F_OK) != 0) {
        print_message("skipped: %s is absent\n", path);
        skip();
    }
    assert_int_equal(gguf_open(path, &a, NULL), LNR_OK);
    gguf_writer *w = create("w.gguf");
    for (size_t i = 0; i < gguf_n_values(a); i++)
        gguf_writer_value(w, gguf_value_at(a, i));
    for (size_t i = 0; i < gguf_n_tensors(a); i++) {
        const gguf_tensor *t = gguf_tensor_at(a, i);
        gguf_writer_tensor(w, t->name, t->type, t->n_dims, t->dim);
    }
    assert_int_equal(gguf_writer_start(w, NULL), LNR_OK);
    for (size_t i = 0; i < gguf_n_tensors(a); i++) {
        const gguf_tensor *t = gguf_tensor_at(a, i);
        void *p = lnr_alloc((size_t)t->bytes);
        assert_int_equal(gguf_read_tensor(a, t, 0, p, (size_t)t->bytes, NULL), LNR_OK);
        assert_int_equal(gguf_writer_data(w, i, p, (size_t)t->bytes, NULL), LNR_OK);
        lnr_free(p);
    }
    assert_int_equal(gguf_writer_finish(w, NULL), LNR_OK);
    gguf_file *b = reopen("w.gguf");
    assert_int_equal(gguf_n_values(a), gguf_n_values(b));
    for (size_t i = 0; i < gguf_n_values(a); i++)
        assert_same_value(gguf_value_at(a, i), gguf_value_at(b, i));
    assert_int_equal(gguf_n_tensors(a), gguf_n_tensors(b));
    assert_int_equal(gguf_file_bytes(a), gguf_file_bytes(b));
    gguf_close(a);
    gguf_close(b);
}

static void alignment_is_honoured(void **state) {
    (void)state;
    gguf_writer *w = create("w.gguf");
    gguf_writer_u32(w, "general.alignment", 4096);
    gguf_writer_tensor(w, lnr_str_from("a"), LNR_TYPE_I8, 1, (uint64_t[]){1});
    gguf_writer_tensor(w, lnr_str_from("b"), LNR_TYPE_I8, 1, (uint64_t[]){1});
    assert_int_equal(gguf_writer_start(w, NULL), LNR_OK);
    assert_int_equal(gguf_writer_data(w, 0, "a", 1, NULL), LNR_OK);
    assert_int_equal(gguf_writer_data(w, 1, "b", 1, NULL), LNR_OK);
    assert_int_equal(gguf_writer_finish(w, NULL), LNR_OK);
    gguf_file *f = reopen("w.gguf");
    assert_int_equal(gguf_find_tensor(f, "b")->offset, 8192);
    char x;
    assert_int_equal(gguf_read_tensor(f, gguf_find_tensor(f, "b"), 0, &x, 1, NULL), LNR_OK);
    assert_int_equal(x, 'b');
    gguf_close(f);
}

/* Ends w, whose start must refuse with this line and leave no file. */
static void refused(gguf_writer *w, const char *text) {
    lnr_error err = {0};
    assert_int_equal(gguf_writer_start(w, &err), LNR_E_ARGUMENT);
    expect_text(&err, text);
    err = (lnr_error){0};
    assert_int_equal(gguf_writer_finish(w, &err), LNR_E_ARGUMENT);
    expect_text(&err, text);
    assert_int_equal(access(forge_path("bad.gguf"), F_OK), -1);
}

static void bad_values(void **state) {
    (void)state;
    const struct {
        gguf_value v;
        const char *text;
    } bad[] = {
        {{.key = {"", 0}, .kind = GGUF_U8}, "key '' is empty"},
        {{.key = {"a\nb", 3}, .kind = GGUF_U8}, "contains a control character"},
        {{.key = {"a\xff", 2}, .kind = GGUF_U8}, "is not valid UTF-8"},
        {{.key = {"k", 1}, .kind = GGUF_U8, .u = 256}, "does not fit its kind, u8"},
        {{.key = {"k", 1}, .kind = GGUF_I8, .i = 128}, "does not fit its kind, i8"},
        {{.key = {"k", 1}, .kind = GGUF_I16, .i = -32769}, "does not fit its kind, i16"},
        {{.key = {"k", 1}, .kind = GGUF_U32, .u = (uint64_t)1 << 32}, "kind, u32"},
        {{.key = {"k", 1}, .kind = GGUF_BOOL, .u = 2}, "does not fit its kind, bool"},
        {{.key = {"general.alignment", 17}, .kind = GGUF_U32, .u = 24}, "a power of two"},
        {{.key = {"general.alignment", 17}, .kind = GGUF_U64, .u = 32}, "must be u32"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        gguf_writer *w = create("bad.gguf");
        gguf_writer_value(w, &bad[i].v);
        gguf_writer_u32(w, "", 0); /* a second mistake does not hide the first */
        refused(w, bad[i].text);
    }
    gguf_writer *w = create("bad.gguf");
    gguf_writer_u32(w, "twice", 1);
    gguf_writer_str(w, "twice", lnr_str_from("x"));
    refused(w, "key 'twice' is there already");
    w = create("bad.gguf");
    gguf_writer_array(w, "k", GGUF_BOOL, 2, "\1\2");
    refused(w, "key 'k'");
    w = create("bad.gguf");
    gguf_writer_array(w, "k", GGUF_ARRAY, 1, "");
    refused(w, "key 'k'");
}

static void bad_tensors(void **state) {
    (void)state;
    static char name[65];
    memset(name, 'n', 64);
    const struct {
        const char *name;
        lnr_type type;
        uint32_t n_dims;
        uint64_t dim[4];
        const char *text;
    } bad[] = {
        {"", LNR_TYPE_F32, 1, {1}, "tensor '' is empty"},
        {name, LNR_TYPE_F32, 1, {1}, "is too long"},
        {"first", LNR_TYPE_F32, 1, {1}, "tensor 'first' is there already"},
        {"t", LNR_TYPE_F32, 0, {1}, "tensor 't': 0 dimensions"},
        {"t", LNR_TYPE_F32, 5, {1}, "tensor 't': 5 dimensions"},
        {"t", (lnr_type)4, 1, {1}, "type 4"},
        {"t", LNR_TYPE_F32, 2, {1, 0}, "dimension 1 is 0"},
        {"t", LNR_TYPE_Q8_0, 1, {48}, "no multiple of the 32"},
        {"t", LNR_TYPE_F32, 2, {UINT64_MAX / 2, 3}, "overflows"},
        {"t", LNR_TYPE_I8, 1, {UINT64_MAX}, "the sum of sizes overflows"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        gguf_writer *w = create("bad.gguf");
        gguf_writer_tensor(w, lnr_str_from("first"), LNR_TYPE_F32, 1, (uint64_t[]){1});
        gguf_writer_tensor(w, lnr_str_from(bad[i].name), bad[i].type, bad[i].n_dims, bad[i].dim);
        refused(w, bad[i].text);
    }
}

static void wrong_amounts(void **state) {
    (void)state;
    lnr_error err = {0};
    char data[64] = {0};
    gguf_writer *w = create("bad.gguf");
    gguf_writer_tensor(w, lnr_str_from("a"), LNR_TYPE_F32, 1, (uint64_t[]){8});
    gguf_writer_tensor(w, lnr_str_from("b"), LNR_TYPE_F32, 1, (uint64_t[]){8});
    assert_int_equal(gguf_writer_data(w, 0, data, 1, &err), LNR_E_ARGUMENT);
    expect_text(&err, "not started");
    assert_int_equal(gguf_writer_start(w, &err), LNR_OK);
    assert_int_equal(gguf_writer_data(w, 1, data, 1, &err), LNR_E_ARGUMENT);
    expect_text(&err, "data of tensor 1 of 2, but the next is 0");
    assert_int_equal(gguf_writer_data(w, 0, data, 33, &err), LNR_E_ARGUMENT);
    expect_text(&err, "tensor 'a': 33 bytes more after 0 of its 32");
    assert_int_equal(gguf_writer_data(w, 0, data, 32, &err), LNR_OK);
    assert_int_equal(gguf_writer_data(w, 1, data, 31, &err), LNR_OK);
    assert_int_equal(gguf_writer_data(w, 1, data, 2, &err), LNR_E_ARGUMENT);
    expect_text(&err, "tensor 'b': 2 bytes more after 31 of its 32");
    assert_int_equal(gguf_writer_finish(w, &err), LNR_E_ARGUMENT);
    expect_text(&err, "tensor 'b': only 31 of its 32 bytes");
    assert_int_equal(access(forge_path("bad.gguf"), F_OK), -1);

    w = create("bad.gguf");
    assert_int_equal(gguf_writer_finish(w, &err), LNR_E_ARGUMENT);
    expect_text(&err, "before its start");
    w = create("bad.gguf");
    assert_int_equal(gguf_writer_start(w, &err), LNR_OK);
    assert_int_equal(gguf_writer_data(w, 0, data, 1, &err), LNR_E_ARGUMENT);
    expect_text(&err, "data of tensor 0 of 0");
    assert_int_equal(gguf_writer_start(w, &err), LNR_E_ARGUMENT);
    expect_text(&err, "started once");
    gguf_writer_abandon(w);
    w = create("bad.gguf");
    assert_int_equal(gguf_writer_start(w, &err), LNR_OK);
    gguf_writer_u32(w, "late", 1);
    assert_int_equal(gguf_writer_finish(w, &err), LNR_E_ARGUMENT);
    expect_text(&err, "key 'late' comes after the start");
    w = create("bad.gguf");
    gguf_writer_abandon(w);
    gguf_writer_abandon(NULL);
    assert_int_equal(access(forge_path("bad.gguf"), F_OK), -1);
    assert_int_equal(gguf_writer_create("/no/such/folder/x.gguf", &w, &err), LNR_E_IO);
    assert_null(w);
    expect_text(&err, "/no/such/folder/x.gguf");
}

static lnr_status write_some(const char *path) {
    gguf_writer *w;
    LNR_TRY(gguf_writer_create(path, &w, NULL));
    for (uint32_t i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "name.%u", (unsigned)i);
        gguf_writer_u32(w, name, i);
        gguf_writer_tensor(w, lnr_str_from(name), LNR_TYPE_I8, 1, (uint64_t[]){1});
    }
    lnr_status st = gguf_writer_start(w, NULL);
    for (size_t i = 0; i < 40 && st == LNR_OK; i++)
        st = gguf_writer_data(w, i, "x", 1, NULL);
    if (st == LNR_OK)
        return gguf_writer_finish(w, NULL);
    gguf_writer_abandon(w);
    return st;
}

static lnr_status write_and_expect_no_trace(const char *path) {
    assert_int_equal(access(path, F_OK), -1); /* no failure before left a file */
    return write_some(path);
}

static void every_allocation_fails(void **state) {
    (void)state;
    assert_true(forge_starve(write_and_expect_no_trace, forge_path("fault.gguf")) > 12);
    gguf_close(reopen("fault.gguf"));
}

/* A disk that is full, as far as this process can tell: the file may not grow beyond 1000 bytes. */
static void full_disk(void **state) {
    (void)state;
    static const char data[4096];
    struct rlimit old, small = {0};
    lnr_error err = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    for (uint64_t n = 0; n < 2; n++) { /* the header fails, then the data */
        gguf_writer *w = create("bad.gguf");
        for (uint32_t i = 0; i < 100 && n == 0; i++) {
            char key[16];
            snprintf(key, sizeof key, "key.%u", (unsigned)i);
            gguf_writer_u32(w, key, i);
        }
        gguf_writer_tensor(w, lnr_str_from("t"), LNR_TYPE_I8, 1, (uint64_t[]){4096});
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        lnr_status st = gguf_writer_start(w, &err);
        if (n == 1) {
            assert_int_equal(st, LNR_OK);
            st = gguf_writer_data(w, 0, data, sizeof data, &err);
        }
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_int_equal(st, LNR_E_IO);
        expect_text(&err, "bad.gguf");
        assert_int_equal(gguf_writer_data(w, 0, data, 1, &err), LNR_E_IO); /* it stays so */
        assert_int_equal(gguf_writer_finish(w, &err), LNR_E_IO);
        expect_text(&err, "bad.gguf");
        assert_int_equal(access(forge_path("bad.gguf"), F_OK), -1);
    }
    signal(SIGXFSZ, SIG_DFL);
}

/* What the reader would refuse as too large. */
static void caps(void **state) {
    (void)state;
    const size_t large = ((size_t)16 << 20) + 1;
    lnr_str s = {lnr_alloc_zeroed(large), large};
    gguf_writer *w = create("bad.gguf");
    gguf_writer_str(w, "k", s);
    refused(w, "key 'k': the value does not fit its kind, string");
    w = create("bad.gguf");
    gguf_writer_array(w, "k", GGUF_STRING, 1, &s);
    refused(w, "key 'k'");
    w = create("bad.gguf");
    gguf_writer_array(w, "k", GGUF_U64, ((uint64_t)64 << 20) + 1, s.p);
    refused(w, "key 'k'");
    s.n = 65536;
    memset((char *)s.p, 'k', s.n);
    w = create("bad.gguf");
    gguf_writer_value(w, &(gguf_value){.key = s, .kind = GGUF_U8});
    refused(w, "is too long");
    s.n = 65535;
    w = create("w.gguf");
    gguf_writer_value(w, &(gguf_value){.key = s, .kind = GGUF_U8, .u = 9});
    for (uint32_t i = 1; i < 65536; i++) {
        char key[16];
        snprintf(key, sizeof key, "key.%u", (unsigned)i);
        gguf_writer_u32(w, key, i);
    }
    assert_int_equal(gguf_writer_start(w, NULL), LNR_OK);
    assert_int_equal(gguf_writer_finish(w, NULL), LNR_OK);
    gguf_file *f = reopen("w.gguf");
    assert_int_equal(gguf_n_values(f), 65536);
    gguf_close(f);
    w = create("bad.gguf");
    for (uint32_t i = 0; i <= 65536; i++) {
        char key[16];
        snprintf(key, sizeof key, "key.%u", (unsigned)i);
        gguf_writer_u32(w, key, i);
    }
    refused(w, "key 'key.65536': more than 65536 keys");
    lnr_free((char *)s.p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),        cmocka_unit_test(tensors_and_data),
        cmocka_unit_test(copy_of_real_file), cmocka_unit_test(alignment_is_honoured),
        cmocka_unit_test(bad_values),        cmocka_unit_test(bad_tensors),
        cmocka_unit_test(wrong_amounts),     cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(full_disk),         cmocka_unit_test(caps),
    };
    return cmocka_run_group_tests(tests, NULL, forge_clean);
}
