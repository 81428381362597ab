/* Importance files: written and read back, their effect on a quantised matrix, and damaged ones. */
#include "support.h"

#include "tools/importance.h"
#include "tools/tools.h"

#define COLS 256u
#define ROWS 24u

/* A matrix with one column that matters a thousand times as much as any other. */
#define HEAVY 100u

static gguf_tensor matrix(const char *name, uint64_t cols, uint64_t rows, uint64_t n) {
    return (gguf_tensor){.name = lnr_str_from(name),
                         .type = LNR_TYPE_F32,
                         .n_dims = n > 1 ? 3 : 2,
                         .dim = {cols, rows, n, 1},
                         .n_rows = rows * n};
}

static int write_model(void **state) {
    if (make_folder(state))
        return -1;
    gguf_writer *w;
    uint64_t dim[2] = {COLS, ROWS};
    float x[COLS];
    assert_int_equal(gguf_writer_create(path_of("m.gguf"), &w, NULL), LNR_OK);
    gguf_writer_str(w, "general.architecture", lnr_str_from("llama"));
    gguf_writer_tensor(w, lnr_str_from("blk.0.attn_q.weight"), LNR_TYPE_F32, 2, dim);
    gguf_writer_tensor(w, lnr_str_from("blk.0.attn_k.weight"), LNR_TYPE_F32, 2, dim);
    assert_int_equal(gguf_writer_start(w, NULL), LNR_OK);
    for (size_t t = 0; t < 2; t++)
        for (size_t r = 0; r < ROWS; r++) {
            for (size_t i = 0; i < COLS; i++)
                x[i] = (float)(lnr_rng_unit(1, t * ROWS + r, i) - 0.5);
            assert_int_equal(gguf_writer_data(w, t, x, sizeof x, NULL), LNR_OK);
        }
    return gguf_writer_finish(w, NULL) == LNR_OK ? 0 : -1;
}

static void round_trip(void **state) {
    (void)state;
    double q[COLS], k[COLS];
    for (size_t i = 0; i < COLS; i++) {
        q[i] = (double)i * 2.0;
        k[i] = 5.0;
    }
    uint64_t counts[] = {4, 0};
    importance_sums sums[] = {{"blk.0.attn_q.weight", q, &counts[0], COLS, 1},
                              {"blk.0.attn_k.weight", k, &counts[1], COLS, 1}};
    importance_facts facts = {"a text", 3, 128};
    lnr_error err = {0};
    if (importance_write(path_of("i.gguf"), &facts, sums, 2, &err) != LNR_OK)
        fail_msg("%s", err.text);
    gguf_file *f = open_model(path_of("i.gguf")); /* llama.cpp's names */
    uint32_t u = 0;
    assert_int_equal(gguf_get_u32_required(f, "imatrix.chunk_count", &u, NULL), LNR_OK);
    assert_int_equal(u, 3);
    assert_int_equal(gguf_get_u32_required(f, "imatrix.chunk_size", &u, NULL), LNR_OK);
    assert_int_equal(u, 128);
    assert_true(lnr_str_is(gguf_array_str(gguf_find(f, "imatrix.datasets"), 0), "a text"));
    assert_non_null(gguf_find_tensor(f, "blk.0.attn_q.weight.in_sum2"));
    assert_int_equal(gguf_find_tensor(f, "blk.0.attn_q.weight.counts")->dim[0], 1);
    gguf_close(f);

    importance *m;
    const float *mean;
    assert_int_equal(importance_open(path_of("i.gguf"), &m, &err), LNR_OK);
    gguf_tensor t = matrix("blk.0.attn_q.weight", COLS, ROWS, 1);
    assert_int_equal(importance_find(m, &t, &mean, &err), LNR_OK);
    for (size_t i = 0; i < COLS; i++)
        assert_true(mean[i] == (float)i / 2.0f);
    t.name = lnr_str_from("blk.0.attn_k.weight"); /* never used: all columns alike */
    assert_int_equal(importance_find(m, &t, &mean, &err), LNR_OK);
    assert_true(mean[0] == 1.0f && mean[COLS - 1] == 1.0f);
    t.name = lnr_str_from("blk.1.attn_k.weight");
    assert_int_equal(importance_find(m, &t, &mean, &err), LNR_OK);
    assert_null(mean);
    assert_int_equal(importance_n_used(m), 2);
    importance_close(m);
}

/* The error in a column that matters gets smaller, and the file says where its factors came from.
 */
static void it_has_an_effect(void **state) {
    (void)state;
    double q[COLS];
    for (size_t i = 0; i < COLS; i++)
        q[i] = i == HEAVY ? 1000.0 : 1.0;
    uint64_t once = 1;
    importance_sums sums = {"blk.0.attn_q.weight", q, &once, COLS, 1};
    importance_facts facts = {"", 1, 1};
    assert_int_equal(importance_write(path_of("heavy.gguf"), &facts, &sums, 1, NULL), LNR_OK);
    double error[2];
    for (int with = 0; with < 2; with++) {
        lnr_quantize_options o = {.struct_size = sizeof o, .n_threads = 2};
        o.imatrix = with ? path_of("heavy.gguf") : NULL;
        lnr_error err = {0};
        if (tools_quantize(path_of("m.gguf"), path_of("q.gguf"), "Q4_K_S", &o, &err) != LNR_OK)
            fail_msg("%s", err.text);
        gguf_file *a = open_model(path_of("m.gguf")), *b = open_model(path_of("q.gguf"));
        const char *name = "blk.0.attn_q.weight";
        float *x = weights_of(a, gguf_find_tensor(a, name));
        float *y = weights_of(b, gguf_find_tensor(b, name));
        assert_int_equal(gguf_find(b, "quantize.imatrix.file") != NULL, with);
        error[with] = 0.0;
        for (size_t r = 0; r < ROWS; r++) {
            double e = (double)x[r * COLS + HEAVY] - (double)y[r * COLS + HEAVY];
            error[with] += e * e;
        }
        lnr_free(x);
        lnr_free(y);
        gguf_close(a);
        gguf_close(b);
    }
    assert_true(error[1] < 0.5 * error[0]);
}

/* ---- damaged files
 * ------------------------------------------------------------------------------- */

typedef struct forged {
    const char *type;
    uint64_t n_cols, n_matrices, n_counts; /* 0: no such tensor */
    lnr_type value_type;
    float value, count;
    const char *says;
} forged;

static void forge(const forged *c) {
    gguf_writer *w;
    uint64_t sum_dim[2] = {c->n_cols, c->n_matrices}, count_dim[2] = {1, c->n_counts};
    size_t n = 0;
    assert_int_equal(gguf_writer_create(path_of("forged.gguf"), &w, NULL), LNR_OK);
    gguf_writer_str(w, "general.type", lnr_str_from(c->type));
    const char *name = "blk.0.attn_q.weight";
    char full[64];
    if (c->n_matrices) {
        snprintf(full, sizeof full, "%s.in_sum2", name);
        gguf_writer_tensor(w, lnr_str_from(full), c->value_type, 2, sum_dim);
    }
    if (c->n_counts) {
        snprintf(full, sizeof full, "%s.counts", name);
        gguf_writer_tensor(w, lnr_str_from(full), LNR_TYPE_F32, 2, count_dim);
    }
    assert_int_equal(gguf_writer_start(w, NULL), LNR_OK);
    size_t width = c->value_type == LNR_TYPE_F32 ? 4 : 2;
    for (uint64_t i = 0; i < c->n_cols * c->n_matrices; i++) {
        float x = i == c->n_cols - 1 ? c->value : 1.0f;
        assert_int_equal(gguf_writer_data(w, n, &x, width, NULL), LNR_OK);
    }
    n += c->n_matrices > 0;
    for (uint64_t i = 0; i < c->n_counts; i++)
        assert_int_equal(gguf_writer_data(w, n, &c->count, sizeof(float), NULL), LNR_OK);
    assert_int_equal(gguf_writer_finish(w, NULL), LNR_OK);
}

static void damaged(void **state) {
    (void)state;
    static const forged cases[] = {
        {"model", COLS, 1, 1, LNR_TYPE_F32, 1, 1, "'imatrix' expected"},
        {"imatrix", COLS, 1, 1, LNR_TYPE_F32, -1.0f, 1, "value 255 is -1"},
        {"imatrix", COLS, 1, 1, LNR_TYPE_F32, NAN, 1, "value 255 is"},
        {"imatrix", COLS, 1, 1, LNR_TYPE_F32, INFINITY, 1, "value 255 is inf"},
        {"imatrix", COLS, 1, 1, LNR_TYPE_F32, 1, -4.0f, "attn_q.weight.counts': value 0 is -4"},
        {"imatrix", COLS, 1, 1, LNR_TYPE_F32, 1, NAN, "attn_q.weight.counts': value 0"},
        {"imatrix", COLS - 1, 1, 1, LNR_TYPE_F32, 1, 1, "255 columns"},
        {"imatrix", COLS, 2, 1, LNR_TYPE_F32, 1, 1, "2 matrices"},
        {"imatrix", COLS, 1, 2, LNR_TYPE_F32, 1, 1, "2 counts"},
        {"imatrix", COLS, 1, 0, LNR_TYPE_F32, 1, 1, "counts is missing"},
        {"imatrix", COLS, 0, 1, LNR_TYPE_F32, 1, 1, "in_sum2 is missing"},
        {"imatrix", COLS, 1, 1, LNR_TYPE_F16, 1, 1, "F32 expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        forge(&cases[i]);
        lnr_quantize_options o = {.struct_size = sizeof o, .n_threads = 1};
        char path[160];
        snprintf(path, sizeof path, "%s", path_of("forged.gguf"));
        o.imatrix = path;
        lnr_error err = {0};
        assert_int_equal(
            tools_quantize(path_of("m.gguf"), path_of("never.gguf"), "Q4_K_S", &o, &err),
            LNR_E_FORMAT);
        assert_says(err, cases[i].says);
        assert_int_not_equal(access(path_of("never.gguf"), F_OK), 0);
    }
}

/* A file for another model changes nothing, so it is an error. */
static void without_effect(void **state) {
    (void)state;
    double one = 1.0;
    uint64_t once = 1;
    importance_sums sums = {"blk.7.attn_q.weight", &one, &once, 1, 1};
    importance_facts facts = {"", 1, 1};
    assert_int_equal(importance_write(path_of("other.gguf"), &facts, &sums, 1, NULL), LNR_OK);
    lnr_quantize_options o = {.struct_size = sizeof o, .n_threads = 1};
    o.imatrix = path_of("other.gguf");
    lnr_error err = {0};
    assert_int_equal(tools_quantize(path_of("m.gguf"), path_of("never.gguf"), "Q4_K_S", &o, &err),
                     LNR_E_ARGUMENT);
    assert_says(err, "no effect");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(it_has_an_effect),
        cmocka_unit_test(damaged),
        cmocka_unit_test(without_effect),
    };
    return cmocka_run_group_tests(tests, write_model, remove_folder);
}
