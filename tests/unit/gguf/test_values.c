/* Typed access: every kind, every range, every refusal. */
#include "forge.h"

#include <float.h>
#include <math.h>

static void put_f32(lnr_buf *b, const char *key, float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    put_key(b, key, GGUF_F32);
    put_u32(b, bits);
}

static void put_f64(lnr_buf *b, const char *key, double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    put_key(b, key, GGUF_F64);
    put_u64(b, bits);
}

static void put_int(lnr_buf *b, const char *key, gguf_kind kind, int64_t x) {
    static const uint8_t bytes[] = {[GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_U16] = 2, [GGUF_I16] = 2,
                                    [GGUF_U32] = 4, [GGUF_I32] = 4, [GGUF_U64] = 8, [GGUF_I64] = 8};
    put_key(b, key, kind);
    put_le(b, (uint64_t)x, bytes[kind]);
}

static gguf_file *forge_all(void) {
    lnr_buf b = {0};
    put_head(&b, 3, 0, 27);
    put_int(&b, "u8", GGUF_U8, 255);
    put_int(&b, "i8", GGUF_I8, -128);
    put_int(&b, "i8+", GGUF_I8, 127);
    put_int(&b, "u16", GGUF_U16, 65535);
    put_int(&b, "i16", GGUF_I16, -32768);
    put_int(&b, "i16+", GGUF_I16, 32767);
    put_int(&b, "u32", GGUF_U32, UINT32_MAX);
    put_int(&b, "i32", GGUF_I32, INT32_MIN);
    put_int(&b, "i32+", GGUF_I32, INT32_MAX);
    put_int(&b, "u64", GGUF_U64, (int64_t)UINT32_MAX + 1);
    put_int(&b, "u64+", GGUF_U64, UINT32_MAX);
    put_int(&b, "u64max", GGUF_U64, -1);
    put_int(&b, "i64", GGUF_I64, -1);
    put_int(&b, "i64+", GGUF_I64, UINT32_MAX);
    put_int(&b, "i64big", GGUF_I64, (int64_t)UINT32_MAX + 1);
    put_f32(&b, "f32", -1.5f);
    put_f32(&b, "nan", NAN);
    put_f32(&b, "inf", -INFINITY);
    put_f64(&b, "f64", 0.1);
    put_f64(&b, "f64big", 1e300);
    put_f64(&b, "f64max", (double)FLT_MAX);
    put_key(&b, "yes", GGUF_BOOL);
    put_le(&b, 1, 1);
    put_key(&b, "no", GGUF_BOOL);
    put_le(&b, 0, 1);
    put_key(&b, "str", GGUF_STRING);
    put_bytes(&b, "a\0\xff", 3); /* values are bytes: NUL and broken UTF-8 are allowed */
    put_key_str(&b, "empty", "");
    put_key(&b, "ints", GGUF_ARRAY);
    put_u32(&b, GGUF_I16);
    put_u64(&b, 3);
    put_le(&b, 0xffff00070100, 6);
    put_key(&b, "strs", GGUF_ARRAY);
    put_u32(&b, GGUF_STRING);
    put_u64(&b, 2);
    put_str(&b, "");
    put_str(&b, "xy");
    return forge_open(&b);
}

static void u32_ranges(void **state) {
    (void)state;
    gguf_file *f = forge_all();
    const struct {
        const char *key;
        uint32_t x;
    } good[] = {{"u8", 255},          {"i8+", 127},        {"u16", 65535},
                {"i16+", 32767},      {"u32", UINT32_MAX}, {"i32+", INT32_MAX},
                {"i64+", UINT32_MAX}, {"u64+", UINT32_MAX}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint32_t x = 1;
        assert_int_equal(gguf_get_u32(f, good[i].key, &x, NULL), LNR_OK);
        assert_int_equal(x, good[i].x);
        x = 1;
        assert_int_equal(gguf_get_u32_required(f, good[i].key, &x, NULL), LNR_OK);
        assert_int_equal(x, good[i].x);
    }
    const char *bad[][2] = {
        {"i8", "-128 is not in 0"},
        {"i16", "-32768 is not in 0"},
        {"i32", "-2147483648 is not in 0"},
        {"i64", "-1 is not in 0"},
        {"i64big", "4294967296 is not in 0"},
        {"u64", "4294967296 is not in 0 to 4294967295"},
        {"u64max", "18446744073709551615 is not in 0"},
        {"f32", "is f32, must be an integer"},
        {"yes", "is bool, must be an integer"},
        {"str", "is string, must be an integer"},
        {"ints", "is an array of i16, must be an integer"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t x = 1;
        lnr_error err = {0};
        char at[64];
        assert_int_equal(gguf_get_u32(f, bad[i][0], &x, &err), LNR_E_FORMAT);
        assert_int_equal(x, 1);
        snprintf(at, sizeof at, "key '%s' at byte %llu", bad[i][0],
                 (unsigned long long)gguf_find(f, bad[i][0])->offset);
        expect_text(&err, at);
        expect_text(&err, bad[i][1]);
    }
    gguf_close(f);
}

static void absent_keys(void **state) {
    (void)state;
    gguf_file *f = forge_all();
    lnr_error err = {0};
    uint32_t u = 7;
    float x = 7;
    bool is = true;
    lnr_str s = lnr_str_from("7");
    const gguf_value *v = gguf_find(f, "u8");
    assert_null(gguf_find(f, "none"));
    assert_int_equal(gguf_get_u32(f, "none", &u, &err), LNR_OK);
    assert_int_equal(gguf_get_f32(f, "none", &x, &err), LNR_OK);
    assert_int_equal(gguf_get_bool(f, "none", &is, &err), LNR_OK);
    assert_int_equal(gguf_get_str(f, "none", &s, &err), LNR_OK);
    assert_true(u == 7 && x == 7 && is && lnr_str_is(s, "7"));
    assert_int_equal(gguf_get_array(f, "none", GGUF_STRING, &v, &err), LNR_OK);
    assert_null(v);
    assert_int_equal(gguf_get_u32_required(f, "none", &u, &err), LNR_E_FORMAT);
    expect_text(&err, "key 'none' is missing");
    assert_int_equal(gguf_get_str_required(f, "none", &s, &err), LNR_E_FORMAT);
    expect_text(&err, "key 'none' is missing");
    gguf_close(f);
}

static void floats(void **state) {
    (void)state;
    gguf_file *f = forge_all();
    float x = 0;
    lnr_error err = {0};
    assert_int_equal(gguf_get_f32(f, "f32", &x, &err), LNR_OK);
    assert_true(x == -1.5f);
    assert_int_equal(gguf_get_f32(f, "f64", &x, &err), LNR_OK);
    assert_true(x == 0.1f);
    assert_int_equal(gguf_get_f32(f, "f64max", &x, &err), LNR_OK);
    assert_true(x == FLT_MAX);
    x = 7;
    const char *bad[][2] = {{"nan", "nan is not a finite"},
                            {"inf", "-inf is not a finite"},
                            {"f64big", "1e+300 is not a finite"},
                            {"u8", "is u8, must be a float"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(gguf_get_f32(f, bad[i][0], &x, &err), LNR_E_FORMAT);
        expect_text(&err, bad[i][0]);
        expect_text(&err, bad[i][1]);
        assert_true(x == 7);
    }
    gguf_close(f);
}

static void bools_and_strings(void **state) {
    (void)state;
    gguf_file *f = forge_all();
    bool is = false;
    lnr_str s = {0};
    lnr_error err = {0};
    assert_int_equal(gguf_get_bool(f, "yes", &is, &err), LNR_OK);
    assert_true(is);
    assert_int_equal(gguf_get_bool(f, "no", &is, &err), LNR_OK);
    assert_false(is);
    assert_int_equal(gguf_get_bool(f, "u8", &is, &err), LNR_E_FORMAT);
    expect_text(&err, "key 'u8' at byte 38: is u8, must be a bool");
    assert_int_equal(gguf_get_str(f, "str", &s, &err), LNR_OK);
    assert_int_equal(s.n, 3);
    assert_memory_equal(s.p, "a\0\xff", 3);
    assert_int_equal(gguf_get_str_required(f, "empty", &s, &err), LNR_OK);
    assert_int_equal(s.n, 0);
    assert_non_null(s.p);
    assert_int_equal(gguf_get_str(f, "strs", &s, &err), LNR_E_FORMAT);
    expect_text(&err, "is an array of string, must be a string");
    gguf_close(f);
}

static void arrays(void **state) {
    (void)state;
    gguf_file *f = forge_all();
    const gguf_value *v;
    lnr_error err = {0};
    assert_int_equal(gguf_get_array(f, "ints", GGUF_I16, &v, &err), LNR_OK);
    assert_int_equal(v->array.n, 3);
    assert_int_equal(gguf_array_int(v, 0), 256);
    assert_int_equal(gguf_array_int(v, 1), 7);
    assert_int_equal(gguf_array_int(v, 2), -1);
    assert_int_equal(gguf_get_int_array(f, "ints", &v, &err), LNR_OK);
    assert_non_null(v);
    assert_int_equal(gguf_get_int_array(f, "none", &v, &err), LNR_OK);
    assert_null(v);
    assert_int_equal(gguf_get_int_array(f, "strs", &v, &err), LNR_E_FORMAT);
    expect_text(&err, "is an array of string, must be an array of integers");
    assert_int_equal(gguf_get_int_array(f, "u8", &v, &err), LNR_E_FORMAT);
    expect_text(&err, "is u8, must be an array of integers");
    assert_int_equal(gguf_get_array(f, "ints", GGUF_F32, &v, &err), LNR_E_FORMAT);
    expect_text(&err, "key 'ints' at byte");
    expect_text(&err, "is an array of i16, must be an array of f32");
    assert_null(v);
    assert_int_equal(gguf_get_array(f, "u8", GGUF_U8, &v, &err), LNR_E_FORMAT);
    expect_text(&err, "is u8, must be an array of u8");
    assert_int_equal(gguf_get_array(f, "strs", GGUF_STRING, &v, &err), LNR_OK);
    assert_true(lnr_str_is(gguf_array_str(v, 0), ""));
    assert_true(lnr_str_is(gguf_array_str(v, 1), "xy"));
    gguf_close(f);
}

/* Every integer kind as array items, at its extremes. */
static void int_items(void **state) {
    (void)state;
    const struct {
        gguf_kind kind;
        unsigned bytes;
        int64_t x;
    } cases[] = {
        {GGUF_U8, 1, 255},        {GGUF_I8, 1, -1},          {GGUF_U16, 2, 65535},
        {GGUF_I16, 2, INT16_MIN}, {GGUF_U32, 4, UINT32_MAX}, {GGUF_I32, 4, INT32_MIN},
        {GGUF_U64, 8, INT64_MAX}, {GGUF_I64, 8, INT64_MIN},  {GGUF_BOOL, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lnr_buf b = {0};
        put_head(&b, 3, 0, 1);
        put_key(&b, "k", GGUF_ARRAY);
        put_u32(&b, cases[i].kind);
        put_u64(&b, 2);
        put_le(&b, 0, cases[i].bytes);
        put_le(&b, (uint64_t)cases[i].x, cases[i].bytes);
        gguf_file *f = forge_open(&b);
        assert_int_equal(gguf_array_int(gguf_find(f, "k"), 0), 0);
        assert_int_equal(gguf_array_int(gguf_find(f, "k"), 1), cases[i].x);
        gguf_close(f);
    }
    lnr_buf b = {0};
    put_head(&b, 3, 0, 1);
    put_key(&b, "k", GGUF_ARRAY);
    put_u32(&b, GGUF_F32);
    put_u64(&b, 1);
    put_u32(&b, 0x3fc00000);
    gguf_file *f = forge_open(&b);
    assert_true(gguf_array_f32(gguf_find(f, "k"), 0) == 1.5f);
    const gguf_value *v;
    assert_int_equal(gguf_get_int_array(f, "k", &v, NULL), LNR_E_FORMAT);
    gguf_close(f);
}

static void kind_names(void **state) {
    (void)state;
    assert_string_equal(gguf_kind_name(GGUF_U8), "u8");
    assert_string_equal(gguf_kind_name(GGUF_ARRAY), "array");
    assert_string_equal(gguf_kind_name(GGUF_F64), "f64");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(u32_ranges), cmocka_unit_test(absent_keys),
        cmocka_unit_test(floats),     cmocka_unit_test(bools_and_strings),
        cmocka_unit_test(arrays),     cmocka_unit_test(int_items),
        cmocka_unit_test(kind_names),
    };
    return cmocka_run_group_tests(tests, NULL, forge_clean);
}
