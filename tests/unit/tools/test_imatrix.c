/* Measuring importance on the built-in model: the sums of the first layer against a computation of
 * their own, and what must be refused. */
#include "support.h"

#include "model/model.h"
#include "tools/tools.h"

#define MODEL LNR_SOURCE_DIR "/models/lanner-tiny-f16.gguf"
#define CTX   32u

static const char text[] =
    "It was the best of times, it was the worst of times; the prince went into the drawing room "
    "and "
    "said that the war would soon be over. Anna Pavlovna smiled, and the old count, who had not "
    "heard a word of what was said, smiled too. Then they all went in to dinner and spoke of other "
    "things: of the opera, of horses, and of the weather in the country.";

static lnr_model *model;

static int load(void **state) {
    lnr_error err;
    lnr_model_options o = {.struct_size = sizeof o, .n_threads = 1};
    if (make_folder(state) || model_load(MODEL, &o, &model, &err) != LNR_OK)
        return -1;
    return 0;
}

static int unload(void **state) {
    model_unref(model);
    return remove_folder(state);
}

static lnr_imatrix_info measure(const char *out, uint32_t n_threads, uint32_t n_chunks) {
    lnr_imatrix_options o = {
        .struct_size = sizeof o, .n_ctx = CTX, .n_chunks = n_chunks, .n_threads = n_threads};
    lnr_imatrix_info info;
    lnr_error err;
    if (tools_imatrix(model, text, sizeof text - 1, &o, out, &info, &err) != LNR_OK)
        fail_msg("%s", err.text);
    return info;
}

/* What goes into blk.0.attn_q is the normed embedding: computed here from the file itself. */
static void first_layer(void **state) {
    (void)state;
    lnr_imatrix_info info = measure(path_of("i.gguf"), 2, 0);
    assert_true(info.n_chunks >= 2);
    assert_int_equal(info.n_tokens, info.n_chunks * CTX);
    assert_int_equal(info.n_matrices, 7 * model->shape.n_layers);

    uint32_t n = model->shape.n_embd;
    gguf_file *f = open_model(MODEL), *i = open_model(path_of("i.gguf"));
    float *embed = weights_of(f, gguf_find_tensor(f, "token_embd.weight"));
    float *norm = weights_of(f, gguf_find_tensor(f, "blk.0.attn_norm.weight"));
    float *sum = weights_of(i, gguf_find_tensor(i, "blk.0.attn_q.weight.in_sum2"));
    float *count = weights_of(i, gguf_find_tensor(i, "blk.0.attn_q.weight.counts"));
    double *want = lnr_alloc_array(n, sizeof *want);
    token_list tokens;
    token_list_init(&tokens);
    assert_int_equal(
        tokenizer_encode(model->tokenizer, lnr_str_from(text), TOKENIZE_ADD_SPECIAL, &tokens, NULL),
        LNR_OK);
    for (uint32_t t = 0; t < info.n_tokens; t++) {
        int32_t id = t % CTX == 0 && tokenizer_adds_bos(model->tokenizer)
                         ? tokenizer_bos(model->tokenizer)
                         : tokens.id[t];
        const float *x = embed + (size_t)id * n;
        double square = 0.0;
        for (uint32_t k = 0; k < n; k++)
            square += (double)x[k] * (double)x[k];
        double scale = 1.0 / sqrt(square / n + (double)model->shape.norm_eps);
        for (uint32_t k = 0; k < n; k++) {
            double y = (double)x[k] * scale * (double)norm[k];
            want[k] += y * y;
        }
    }
    assert_true(count[0] == (float)info.n_tokens);
    for (uint32_t k = 0; k < n; k++)
        assert_true(fabs((double)sum[k] - want[k]) <= 1e-5 * want[k] + 1e-9);
    token_list_deinit(&tokens);
    lnr_free(want);
    lnr_free(count);
    lnr_free(sum);
    lnr_free(norm);
    lnr_free(embed);
    gguf_close(i);
    gguf_close(f);
}

static void every_matrix(void **state) {
    (void)state;
    measure(path_of("i.gguf"), 1, 1);
    gguf_file *f = open_model(MODEL), *i = open_model(path_of("i.gguf"));
    size_t n = 0;
    for (size_t t = 0; t < gguf_n_tensors(f); t++) {
        const gguf_tensor *w = gguf_tensor_at(f, t);
        if (w->n_dims < 2 || !lnr_str_starts(w->name, "blk."))
            continue;
        char name[100];
        snprintf(name, sizeof name, "%.*s.in_sum2", LNR_STR(w->name));
        const gguf_tensor *s = gguf_find_tensor(i, name);
        assert_non_null(s);
        assert_int_equal(s->dim[0], w->dim[0]);
        n++;
    }
    assert_int_equal(gguf_n_tensors(i), 2 * n);
    gguf_close(i);
    gguf_close(f);
}

static void any_number_of_threads(void **state) {
    (void)state;
    measure(path_of("1.gguf"), 1, 2);
    measure(path_of("3.gguf"), 3, 2);
    assert_same_files(path_of("1.gguf"), path_of("3.gguf"));
}

static bool stop(uint64_t done, uint64_t total, void *user) {
    (void)user;
    return done == total;
}

static void refused(void **state) {
    (void)state;
    static const struct {
        size_t n_text;
        uint32_t n_ctx;
        bool (*on_progress)(uint64_t done, uint64_t total, void *user);
        lnr_status st;
        const char *says;
    } cases[] = {
        {30, CTX, NULL, LNR_E_LIMIT, "a chunk takes 32"},
        {sizeof text - 1, 100000, NULL, LNR_E_ARGUMENT, "100000"},
        {sizeof text - 1, CTX, stop, LNR_E_CANCELLED, "stopped"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lnr_imatrix_options o = {.struct_size = sizeof o,
                                 .n_ctx = cases[i].n_ctx,
                                 .n_threads = 1,
                                 .on_progress = cases[i].on_progress};
        lnr_error err;
        assert_int_equal(
            tools_imatrix(model, text, cases[i].n_text, &o, path_of("never.gguf"), NULL, &err),
            cases[i].st);
        assert_says(err, cases[i].says);
        assert_int_not_equal(access(path_of("never.gguf"), F_OK), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_layer),
        cmocka_unit_test(every_matrix),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
