/* A valid file damaged in every place, and memory that runs out at every place: always a clean
 * answer. */
#include "forge.h"

#include <fcntl.h>
#include <inttypes.h>

/* Something of everything, in some 600 bytes. */
static void put_sample(lnr_buf *b) {
    *b = (lnr_buf){0};
    put_head(b, 3, 3, 8);
    put_key_str(b, "general.architecture", "llama");
    put_key_u32(b, "general.alignment", 32);
    put_key(b, "flag", GGUF_BOOL);
    put_le(b, 1, 1);
    put_key(b, "eps", GGUF_F32);
    put_u32(b, 0x3727c5ac);
    put_key(b, "wide", GGUF_I64);
    put_u64(b, UINT64_MAX);
    put_key(b, "ints", GGUF_ARRAY);
    put_u32(b, GGUF_U16);
    put_u64(b, 4);
    put_u64(b, 0x0004000300020001);
    put_key(b, "tokens", GGUF_ARRAY);
    put_u32(b, GGUF_STRING);
    put_u64(b, 3);
    put_str(b, "<s>");
    put_str(b, "");
    put_str(b, "\xe2\x96\x81hello");
    put_key(b, "flags", GGUF_ARRAY);
    put_u32(b, GGUF_BOOL);
    put_u64(b, 2);
    put_le(b, 1, 2);
    put_tensor(b, "a.weight", 8, LNR_TYPE_F32, 0);
    put_tensor(b, "b.weight", 64, LNR_TYPE_Q4_0, 32);
    put_str(b, "c.weight");
    put_u32(b, 2);
    put_u64(b, 4);
    put_u64(b, 3);
    put_u32(b, LNR_TYPE_F16);
    put_u64(b, 96);
    put_padding(b, 32);
    put_zeros(b, 128);
}

/* Reads every value and tensor, so that a sanitizer sees every pointer the file gave us. */
static uint64_t touch_all(const gguf_file *f) {
    uint64_t sum = 0;
    for (size_t i = 0; i < gguf_n_values(f); i++) {
        const gguf_value *v = gguf_value_at(f, i);
        for (size_t j = 0; j < v->key.n; j++)
            sum += (uint8_t)v->key.p[j];
        if (v->kind == GGUF_STRING) {
            for (size_t j = 0; j < v->s.n; j++)
                sum += (uint8_t)v->s.p[j];
        } else if (v->kind == GGUF_ARRAY && v->array.kind == GGUF_STRING) {
            for (uint64_t j = 0; j < v->array.n; j++) {
                lnr_str s = gguf_array_str(v, j);
                sum += s.n ? (uint8_t)s.p[s.n - 1] : 0;
            }
        } else if (v->kind == GGUF_ARRAY && v->array.kind != GGUF_F32 &&
                   v->array.kind != GGUF_F64) {
            for (uint64_t j = 0; j < v->array.n; j++)
                sum += (uint64_t)gguf_array_int(v, j);
        }
    }
    for (size_t i = 0; i < gguf_n_tensors(f); i++) {
        const gguf_tensor *t = gguf_tensor_at(f, i);
        uint8_t last;
        assert_int_equal(gguf_read_tensor(f, t, t->bytes - 1, &last, 1, NULL), LNR_OK);
        sum += last + t->dim[0] + t->name.n;
    }
    return sum;
}

static void sample_opens(void **state) {
    (void)state;
    lnr_buf b;
    put_sample(&b);
    gguf_file *f = forge_open(&b);
    assert_int_equal(gguf_n_values(f), 8);
    assert_int_equal(gguf_n_tensors(f), 3);
    assert_true(touch_all(f) > 0);
    gguf_close(f);
}

/* All cuts: before the end of the last tensor an error with a line, after it (in unused bytes)
 * success. */
static void every_truncation(void **state) {
    (void)state;
    lnr_buf b;
    put_sample(&b);
    const size_t end = b.n - 128 + 96 + 24; /* of c.weight */
    for (size_t n = 0; n <= b.n; n++) {
        lnr_buf cut = {0};
        buf_add(&cut, b.p, n);
        if (n >= end)
            gguf_close(forge_open(&cut));
        else
            forge_refused(&cut, LNR_E_FORMAT, "byte", NULL);
    }
    buf_deinit(&b);
}

static void every_byte_changed(void **state) {
    (void)state;
    lnr_buf b;
    put_sample(&b);
    forge_save(&b, "model.gguf");
    const char *path = forge_path("model.gguf");
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    size_t n_opened = 0, n_refused = 0;
    for (size_t at = 0; at < b.n - 128; at++) {
        const uint8_t old = (uint8_t)b.p[at];
        uint32_t random = (uint32_t)at * 2654435761u + 12345;
        for (unsigned i = 0; i < 20; i++) {
            random = random * 1664525u + 1013904223u;
            static const uint8_t extremes[] = {0, 0xff, 0x7f, 0x80};
            uint8_t x = (uint8_t)(random >> 24);
            if (i < 8)
                x = (uint8_t)(old ^ 1u << i);
            else if (i < 12)
                x = extremes[i - 8];
            assert_int_equal(pwrite(fd, &x, 1, (off_t)at), 1);
            lnr_error err = {0};
            gguf_file *f;
            if (gguf_open(path, &f, &err) == LNR_OK) {
                touch_all(f);
                gguf_close(f);
                n_opened++;
            } else {
                assert_null(f);
                assert_true(err.text[0] != '\0' && err.code != LNR_OK);
                n_refused++;
            }
        }
        assert_int_equal(pwrite(fd, &old, 1, (off_t)at), 1);
    }
    close(fd);
    buf_deinit(&b);
    assert_true(n_opened > 1000 && n_refused > 1000); /* both happen: the damage was real */
}

static lnr_status open_and_close(const char *path) {
    gguf_file *f;
    lnr_error err;
    LNR_TRY(gguf_open(path, &f, &err));
    gguf_close(f);
    return LNR_OK;
}

static void every_allocation_fails(void **state) {
    (void)state;
    lnr_buf b;
    put_sample(&b);
    forge_save(&b, "model.gguf");
    buf_deinit(&b);
    assert_true(forge_starve(open_and_close, forge_path("model.gguf")) > 8);

    for (uint32_t no = 0; no < 3; no++) {
        char name[32];
        put_head(&b, 3, 1, 2);
        put_key_u32(&b, "split.count", 3);
        put_key_u32(&b, "split.no", no);
        snprintf(name, sizeof name, "tensor.%u", (unsigned)no);
        put_tensor(&b, name, 8, LNR_TYPE_F32, 0);
        put_padding(&b, 32);
        put_zeros(&b, 32);
        snprintf(name, sizeof name, "m-%05u-of-00003.gguf", (unsigned)no + 1);
        forge_save(&b, name);
        buf_deinit(&b);
    }
    assert_true(forge_starve(open_and_close, forge_path("m-00001-of-00003.gguf")) > 24);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sample_opens),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(every_byte_changed),
        cmocka_unit_test(every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, forge_clean);
}
