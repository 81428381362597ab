/* Split models: parts found by name, checked against each other. */
#include "forge.h"

typedef struct part_spec {
    uint32_t no, count, n_tensors;
    const char *arch;   /* NULL: not in the file */
    const char *tensor; /* the one tensor of this part */
} part_spec;

static void save_part(const char *name, const part_spec *s) {
    lnr_buf b = {0};
    put_head(&b, 3, 1, s->arch ? 4 : 3);
    put_key(&b, "split.no", GGUF_U16);
    put_le(&b, s->no, 2);
    put_key(&b, "split.count", GGUF_U16);
    put_le(&b, s->count, 2);
    put_key(&b, "split.tensors.count", GGUF_I32);
    put_u32(&b, s->n_tensors);
    if (s->arch)
        put_key_str(&b, "general.architecture", s->arch);
    put_tensor(&b, s->tensor, 4, LNR_TYPE_F32, 0);
    put_padding(&b, 32);
    put_zeros(&b, 15);
    put_le(&b, s->no + 1, 1);
    forge_save(&b, name);
    buf_deinit(&b);
}

static const part_spec good[3] = {
    {0, 3, 3, "llama", "a"}, {1, 3, 3, NULL, "b"}, {2, 3, 3, "llama", "c"}};

static const char *const names[3] = {"m-00001-of-00003.gguf", "m-00002-of-00003.gguf",
                                     "m-00003-of-00003.gguf"};

static void save_all(void) {
    for (int i = 0; i < 3; i++)
        save_part(names[i], &good[i]);
}

static void refused(const char *name, lnr_status st, const char *text, const char *text2) {
    lnr_error err = {0};
    gguf_file *f;
    lnr_status got = gguf_open(forge_path(name), &f, &err);
    if (got != st)
        fail_msg("%s instead of %s: %s", lnr_status_name(got), lnr_status_name(st), err.text);
    assert_null(f);
    expect_text(&err, text);
    expect_text(&err, text2);
}

static void three_parts(void **state) {
    (void)state;
    save_all();
    gguf_file *f;
    lnr_error err = {0};
    assert_int_equal(gguf_open(forge_path(names[0]), &f, &err), LNR_OK);
    assert_int_equal(gguf_n_parts(f), 3);
    assert_int_equal(gguf_n_tensors(f), 3);
    assert_int_equal(gguf_n_values(f), 4); /* of the first part */
    uint64_t file_bytes = 0;
    for (uint32_t i = 0; i < 3; i++) {
        char name[2] = {(char)('a' + i), 0};
        uint8_t last;
        const gguf_tensor *t = gguf_find_tensor(f, name);
        assert_ptr_equal(t, gguf_tensor_at(f, i));
        assert_int_equal(t->part, i);
        assert_int_equal(gguf_read_tensor(f, t, 15, &last, 1, &err), LNR_OK);
        assert_int_equal(last, i + 1);
        assert_non_null(strstr(os_file_path(gguf_part(f, i)), names[i]));
        file_bytes += os_file_size(gguf_part(f, i));
    }
    assert_int_equal(gguf_file_bytes(f), file_bytes);
    assert_int_equal(gguf_header_bytes(f), file_bytes - 3 * 16);
    gguf_close(f);
}

static void later_part(void **state) {
    (void)state;
    save_all();
    refused(names[1], LNR_E_UNSUPPORTED, "this is part 2 of 3", names[0]);
    refused(names[2], LNR_E_UNSUPPORTED, "this is part 3 of 3", names[0]);
}

static void missing_part(void **state) {
    (void)state;
    save_all();
    assert_int_equal(unlink(forge_path(names[2])), 0);
    refused(names[0], LNR_E_IO, "part 3 of 3", names[2]);
}

static void renamed(void **state) {
    (void)state;
    save_part("model.gguf", &good[0]);
    refused("model.gguf", LNR_E_FORMAT, "split.count", "must end in -00001-of-00003.gguf");
    save_part("m-00001-of-00004.gguf", &good[0]);
    refused("m-00001-of-00004.gguf", LNR_E_FORMAT, "split.count", "must end in -00001-of-00003");
    save_part("x", &good[0]); /* shorter than the ending */
    refused("x", LNR_E_FORMAT, "split.count", NULL);
}

static void swap_part(part_spec spec, lnr_status st, const char *text) {
    save_all();
    save_part(names[1], &spec);
    refused(names[0], st, text, names[1]);
}

static void disagreements(void **state) {
    (void)state;
    swap_part((part_spec){2, 3, 3, NULL, "b"}, LNR_E_FORMAT, "says it is part 3 of 3, its name");
    swap_part((part_spec){1, 4, 3, NULL, "b"}, LNR_E_FORMAT, "says it is part 2 of 4, its name");
    swap_part((part_spec){0, 0, 3, NULL, "b"}, LNR_E_FORMAT, "key 'split.no'");
    swap_part((part_spec){1, 3, 4, NULL, "b"}, LNR_E_FORMAT, "key 'split.tensors.count'");
    swap_part((part_spec){1, 3, 3, "qwen2", "b"}, LNR_E_FORMAT, "('llama' and 'qwen2')");
    swap_part((part_spec){1, 3, 3, NULL, "a"}, LNR_E_FORMAT, "tensors 1 and 2 have the same name");

    part_spec wrong[3];
    for (int i = 0; i < 3; i++) {
        wrong[i] = good[i];
        wrong[i].n_tensors = 4;
        save_part(names[i], &wrong[i]);
    }
    refused(names[0], LNR_E_FORMAT, "key 'split.tensors.count': is 4", "there are 3 tensors");
}

static void damaged_part(void **state) {
    (void)state;
    save_all();
    lnr_buf b = {0};
    put_head(&b, 3, 0, 1);
    forge_save(&b, names[1]);
    buf_deinit(&b);
    refused(names[0], LNR_E_FORMAT, names[1], "1 keys cannot be in the 0 bytes");
    b = (lnr_buf){0};
    put_head(&b, 1, 0, 0);
    forge_save(&b, names[1]);
    buf_deinit(&b);
    refused(names[0], LNR_E_UNSUPPORTED, names[1], "version 1");
}

static void bad_counts(void **state) {
    (void)state;
    save_part("model.gguf", &(part_spec){0, 65535, 1, NULL, "a"});
    refused("model.gguf", LNR_E_UNSUPPORTED, "key 'split.count': 65535 parts", "at most 1000");
    save_part("model.gguf", &(part_spec){3, 3, 1, NULL, "a"});
    refused("model.gguf", LNR_E_FORMAT, "key 'split.no': is 3", "split.count is 3");
    save_part("model.gguf", &(part_spec){1, 1, 1, NULL, "a"});
    refused("model.gguf", LNR_E_FORMAT, "key 'split.no': is 1", "split.count is 1");
    save_part("model.gguf", &(part_spec){0, 1, 2, NULL, "a"});
    refused("model.gguf", LNR_E_FORMAT, "key 'split.tensors.count': is 2", "1 tensors");
}

/* gguf-split --merge leaves the keys in the whole file, with count 0. */
static void merged(void **state) {
    (void)state;
    for (uint32_t count = 0; count < 2; count++) {
        gguf_file *f;
        save_part("model.gguf", &(part_spec){0, count, 1, NULL, "a"});
        assert_int_equal(gguf_open(forge_path("model.gguf"), &f, NULL), LNR_OK);
        assert_int_equal(gguf_n_parts(f), 1);
        gguf_close(f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_parts),   cmocka_unit_test(later_part),
        cmocka_unit_test(missing_part),  cmocka_unit_test(renamed),
        cmocka_unit_test(disagreements), cmocka_unit_test(damaged_part),
        cmocka_unit_test(bad_counts),    cmocka_unit_test(merged),
    };
    return cmocka_run_group_tests(tests, NULL, forge_clean);
}
