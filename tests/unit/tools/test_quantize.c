/* A whole run over small models: types, errors, metadata, and everything that must be refused. */
#include "support.h"

#include "tools/tools.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <utime.h>

#define N_LAYERS 8u

typedef struct spec {
    const char *name;
    lnr_type type;
    uint32_t n_dims;
    uint64_t dim[3];
} spec;

static float weight_at(uint64_t tensor, uint64_t i) {
    return (float)(lnr_rng_unit(3, tensor, i) - 0.5) * 0.1f;
}

static void write_weights(gguf_writer *w, size_t idx, const spec *s) {
    uint64_t n = s->dim[0];
    for (uint32_t d = 1; d < s->n_dims; d++)
        n *= s->dim[d];
    size_t bytes = n / lnr_type_block_weights(s->type) * lnr_type_block_bytes(s->type);
    float *x = lnr_alloc_array(n, sizeof *x);
    void *raw = lnr_alloc(bytes);
    for (uint64_t i = 0; i < n; i++)
        x[i] = weight_at(idx, i);
    lnr_format_find(s->type)->encode(x, NULL, n, raw);
    assert_int_equal(gguf_writer_data(w, idx, raw, bytes, NULL), LNR_OK);
    lnr_free(raw);
    lnr_free(x);
}

static void write_file(const char *path, const spec *s, size_t n, uint32_t part, uint32_t n_parts,
                       uint32_t n_tensors) {
    gguf_writer *w;
    assert_int_equal(gguf_writer_create(path, &w, NULL), LNR_OK);
    gguf_writer_str(w, "general.architecture", lnr_str_from("llama"));
    gguf_writer_u32(w, "general.file_type", 1);
    gguf_writer_u32(w, "llama.attention.head_count", 4);
    gguf_writer_u32(w, "llama.attention.head_count_kv", 2);
    gguf_writer_array(w, "some.array", GGUF_I32, 3, (int32_t[]){-1, 2, 3});
    if (n_parts > 1) {
        gguf_writer_u32(w, "split.no", part);
        gguf_writer_u32(w, "split.count", n_parts);
        gguf_writer_u32(w, "split.tensors.count", n_tensors);
    }
    for (size_t i = 0; i < n; i++)
        gguf_writer_tensor(w, lnr_str_from(s[i].name), s[i].type, s[i].n_dims, s[i].dim);
    lnr_error err;
    if (gguf_writer_start(w, &err) != LNR_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < n; i++)
        write_weights(w, i, &s[i]);
    assert_int_equal(gguf_writer_finish(w, NULL), LNR_OK);
}

/* 8 layers, tied; rows of 256, of 96 (ffn_down) and of 80 (attn_k); biases; experts in layer 0. */
static size_t make_specs(spec *s, lnr_type type) {
    static char names[64][40];
    static const struct {
        const char *part;
        uint64_t cols, rows;
    } parts[] = {{"attn_q", 256, 32},      {"attn_k", 80, 8},    {"attn_v", 256, 8},
                 {"attn_output", 256, 40}, {"ffn_down", 96, 33}, {"ffn_up", 512, 7}};
    size_t n = 0;
    s[n++] = (spec){"token_embd.weight", type, 2, {256, 300}};
    for (uint32_t l = 0; l < N_LAYERS; l++)
        for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++, n++) {
            snprintf(names[n], sizeof names[n], "blk.%u.%s.weight", l, parts[p].part);
            s[n] = (spec){names[n], type, 2, {parts[p].cols, parts[p].rows}};
        }
    s[n++] = (spec){"blk.0.ffn_gate_exps.weight", type, 3, {256, 6, 4}};
    s[n++] = (spec){"blk.0.attn_norm.weight", LNR_TYPE_F32, 1, {256}};
    s[n++] = (spec){"blk.0.attn_q.bias", LNR_TYPE_F16, 1, {80}};
    s[n++] = (spec){"output_norm.weight", LNR_TYPE_F32, 1, {33333}}; /* longer than a span */
    return n;
}

static int make_models(void **state) {
    spec s[64];
    if (make_folder(state))
        return -1;
    write_file(path_of("f32.gguf"), s, make_specs(s, LNR_TYPE_F32), 0, 1, 0);
    write_file(path_of("f16.gguf"), s, make_specs(s, LNR_TYPE_F16), 0, 1, 0);
    return 0;
}

typedef struct told {
    char name[64], from[8], to[8];
    double rmse;
    bool fell_back, kept, weighted;
} told;

typedef struct watcher {
    told told[64];
    size_t n;
    uint64_t stop_at;     /* progress that ends the run; 0: never */
    void (*at_end)(void); /* called with the last tensor */
    size_t n_tensors;
    uint64_t done, total;
} watcher;

static void on_tensor(const lnr_quantized *t, void *user) {
    watcher *w = user;
    told *d = &w->told[w->n++];
    snprintf(d->name, sizeof d->name, "%s", t->name);
    snprintf(d->from, sizeof d->from, "%s", t->from);
    snprintf(d->to, sizeof d->to, "%s", t->to);
    d->rmse = t->rmse;
    d->fell_back = t->fell_back;
    d->kept = t->kept;
    d->weighted = t->weighted;
    if (w->at_end && w->n == w->n_tensors)
        w->at_end();
}

static bool on_progress(uint64_t done, uint64_t total, void *user) {
    watcher *w = user;
    assert_true(done > w->done && done <= total);
    w->done = done;
    w->total = total;
    return w->stop_at == 0 || done < w->stop_at;
}

static lnr_quantize_options options(watcher *w, uint32_t n_threads) {
    *w = (watcher){0};
    return (lnr_quantize_options){.struct_size = sizeof(lnr_quantize_options),
                                  .n_threads = n_threads,
                                  .on_progress = on_progress,
                                  .on_tensor = on_tensor,
                                  .user = w};
}

static void quantize(const char *in, const char *out, const char *mix, lnr_quantize_options o) {
    lnr_error err = {0};
    if (tools_quantize(in, out, mix, &o, &err) != LNR_OK)
        fail_msg("%s", err.text);
}

static const told *told_of(const watcher *w, const char *name) {
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->told[i].name, name) == 0)
            return &w->told[i];
    fail_msg("nothing told of %s", name);
    return NULL;
}

/* ---- what comes out
 * ------------------------------------------------------------------------------ */

static double rmse_between(const gguf_file *a, const gguf_file *b, const char *name) {
    const gguf_tensor *t = gguf_find_tensor(a, name), *u = gguf_find_tensor(b, name);
    float *x = weights_of(a, t), *y = weights_of(b, u);
    double sum = 0.0;
    uint64_t n = t->dim[0] * t->n_rows;
    for (uint64_t i = 0; i < n; i++)
        sum += ((double)x[i] - (double)y[i]) * ((double)x[i] - (double)y[i]);
    lnr_free(x);
    lnr_free(y);
    return sqrt(sum / (double)n);
}

/* Types, shapes and order in the file are those told, and the error told is that of the file. */
static void told_is_true(void **state) {
    (void)state;
    static const char *const mixes[] = {"F32",  "BF16",   "F16",    "Q8_0", "Q6_K",   "Q5_K_M",
                                        "Q5_1", "Q4_K_M", "IQ4_XS", "Q4_0", "Q3_K_M", "Q2_K"};
    gguf_file *in = open_model(path_of("f32.gguf"));
    for (size_t m = 0; m < sizeof mixes / sizeof mixes[0]; m++) {
        watcher w;
        quantize(path_of("f32.gguf"), path_of("out.gguf"), mixes[m], options(&w, 2));
        assert_int_equal(w.done, w.total);
        gguf_file *out = open_model(path_of("out.gguf"));
        assert_int_equal(w.n, gguf_n_tensors(in));
        assert_int_equal(gguf_n_tensors(out), gguf_n_tensors(in));
        for (size_t i = 0; i < w.n; i++) {
            const gguf_tensor *a = gguf_tensor_at(in, i), *b = gguf_tensor_at(out, i);
            assert_true(lnr_str_equal(a->name, b->name) && lnr_str_is(a->name, w.told[i].name));
            assert_string_equal(lnr_type_name(a->type), w.told[i].from);
            assert_string_equal(lnr_type_name(b->type), w.told[i].to);
            assert_int_equal(a->n_dims, b->n_dims);
            assert_memory_equal(a->dim, b->dim, sizeof a->dim);
            double rmse = rmse_between(in, out, w.told[i].name);
            assert_true(fabs(rmse - w.told[i].rmse) <= 1e-12 + 1e-9 * rmse);
        }
        gguf_close(out);
    }
    gguf_close(in);
}

static void types_by_rule(void **state) {
    (void)state;
    watcher w;
    quantize(path_of("f16.gguf"), path_of("out.gguf"), "Q4_K_M", options(&w, 2));
    assert_string_equal(told_of(&w, "token_embd.weight")->to, "Q6_K"); /* tied */
    assert_string_equal(told_of(&w, "blk.1.attn_q.weight")->to, "Q4_K");
    assert_string_equal(told_of(&w, "blk.0.attn_v.weight")->to,
                        "Q6_K"); /* of 8 layers 0, 3, 6, 7 */
    assert_string_equal(told_of(&w, "blk.1.attn_v.weight")->to, "Q4_K");
    assert_string_equal(told_of(&w, "blk.3.attn_v.weight")->to, "Q6_K");
    assert_string_equal(told_of(&w, "blk.7.attn_v.weight")->to, "Q6_K");
    assert_string_equal(told_of(&w, "blk.0.ffn_down.weight")->to, "Q8_0");
    assert_string_equal(told_of(&w, "blk.1.ffn_down.weight")->to, "Q5_0");
    assert_true(told_of(&w, "blk.1.ffn_down.weight")->fell_back);
    assert_string_equal(told_of(&w, "blk.1.attn_k.weight")->to, "F16"); /* rows of 80 */
    assert_false(told_of(&w, "blk.1.attn_q.weight")->fell_back);
    assert_string_equal(told_of(&w, "blk.0.attn_norm.weight")->to, "F32");
    assert_string_equal(told_of(&w, "blk.0.attn_q.bias")->to, "F16"); /* as it was */
    assert_true(told_of(&w, "output_norm.weight")->rmse == 0.0);
}

static void any_number_of_threads(void **state) {
    (void)state;
    static const uint32_t n_threads[] = {2, 3, 4};
    watcher w;
    quantize(path_of("f16.gguf"), path_of("one.gguf"), "Q4_K_M", options(&w, 1));
    for (size_t i = 0; i < 3; i++) {
        quantize(path_of("f16.gguf"), path_of("more.gguf"), "Q4_K_M", options(&w, n_threads[i]));
        assert_same_files(path_of("one.gguf"), path_of("more.gguf"));
    }
}

static void metadata(void **state) {
    (void)state;
    watcher w;
    quantize(path_of("f16.gguf"), path_of("out.gguf"), "Q3_K_M", options(&w, 1));
    gguf_file *f = open_model(path_of("out.gguf"));
    uint32_t file_type = 0, version = 0;
    assert_int_equal(gguf_get_u32_required(f, "general.file_type", &file_type, NULL), LNR_OK);
    assert_int_equal(gguf_get_u32_required(f, "general.quantization_version", &version, NULL),
                     LNR_OK);
    assert_int_equal(file_type, 12);
    assert_int_equal(version, 2);
    const gguf_value *a = NULL;
    assert_int_equal(gguf_get_int_array(f, "some.array", &a, NULL), LNR_OK);
    assert_int_equal(gguf_array_int(a, 0), -1);
    gguf_close(f);
}

/* The parts of a split model become one file, the same as from the whole. */
static void parts_are_joined(void **state) {
    (void)state;
    spec s[64];
    size_t n = make_specs(s, LNR_TYPE_F16);
    write_file(path_of("p-00001-of-00002.gguf"), s, 20, 0, 2, (uint32_t)n);
    write_file(path_of("p-00002-of-00002.gguf"), s + 20, n - 20, 1, 2, (uint32_t)n);
    watcher w;
    quantize(path_of("p-00001-of-00002.gguf"), path_of("joined.gguf"), "Q8_0", options(&w, 2));
    gguf_file *f = open_model(path_of("joined.gguf"));
    assert_int_equal(gguf_n_parts(f), 1);
    assert_int_equal(gguf_n_tensors(f), n);
    assert_null(gguf_find(f, "split.count"));
    gguf_close(f);
}

static void rules_decide(void **state) {
    (void)state;
    watcher w;
    lnr_quantize_options o = options(&w, 2);
    o.keep = "blk\\.1\\.attn_q=Q8_0 attn_q=F16";
    quantize(path_of("f32.gguf"), path_of("out.gguf"), "Q4_K_M", o);
    assert_string_equal(told_of(&w, "blk.1.attn_q.weight")->to, "Q8_0");
    assert_true(told_of(&w, "blk.1.attn_q.weight")->kept);
    assert_string_equal(told_of(&w, "blk.2.attn_q.weight")->to, "F16");
    assert_string_equal(told_of(&w, "blk.0.attn_q.bias")->to, "F16"); /* a vector: as it was */
    assert_false(told_of(&w, "blk.1.attn_v.weight")->kept);
}

static void quantised_input(void **state) {
    (void)state;
    watcher w;
    lnr_error err;
    quantize(path_of("f32.gguf"), path_of("q8.gguf"), "Q8_0", options(&w, 2));
    lnr_quantize_options o = options(&w, 2);
    assert_int_equal(tools_quantize(path_of("q8.gguf"), path_of("out2.gguf"), "Q4_0", &o, &err),
                     LNR_E_ARGUMENT);
    assert_says(err, "token_embd.weight");
    assert_says(err, "--requantize");
    o.requantize = true;
    quantize(path_of("q8.gguf"), path_of("out2.gguf"), "Q4_0", o);
    assert_string_equal(told_of(&w, "blk.0.attn_q.weight")->from, "Q8_0");
    /* The type it has already is no change: the bytes are copied. */
    quantize(path_of("q8.gguf"), path_of("out2.gguf"), "Q8_0", options(&w, 2));
    assert_same_files(path_of("q8.gguf"), path_of("out2.gguf"));
}

/* ---- what is refused
 * ----------------------------------------------------------------------------- */

static void refuse(const char *in, const char *out, const char *mix, lnr_quantize_options o,
                   lnr_status st, const char *says) {
    lnr_error err = {0};
    unsigned n = count_files();
    assert_int_equal(tools_quantize(in, out, mix, &o, &err), st);
    assert_says(err, says);
    assert_int_equal(count_files(), n); /* nothing new, no temporary file */
}

static void wrong_arguments(void **state) {
    (void)state;
    watcher w;
    lnr_quantize_options o = options(&w, 1);
    const char *in = path_of("f32.gguf"), *out = path_of("never.gguf");
    refuse(in, out, "Q4", o, LNR_E_ARGUMENT, "Q4_K_M");
    refuse(in, in, "Q8_0", o, LNR_E_ARGUMENT, "input itself");
    assert_int_equal(link(in, path_of("linked.gguf")), 0);
    refuse(in, path_of("linked.gguf"), "Q8_0", o, LNR_E_ARGUMENT, "input itself");
    refuse(path_of("absent.gguf"), out, "Q8_0", o, LNR_E_IO, "absent.gguf");
    refuse(in, path_of("no/such/folder.gguf"), "Q8_0", o, LNR_E_IO, "folder.gguf");
    o.keep = "attn_x=Q8_0";
    refuse(in, out, "Q8_0", o, LNR_E_ARGUMENT, "attn_x");
    o.keep = "attn_norm=Q8_0"; /* matches vectors only */
    refuse(in, out, "Q8_0", o, LNR_E_ARGUMENT, "attn_norm");
    o.keep = "attn_k=Q4_K"; /* rows of 80 */
    refuse(in, out, "Q8_0", o, LNR_E_ARGUMENT, "rows of 80");
    o.keep = "attn_q=IQ2_XXS"; /* a type that nobody here can make */
    refuse(in, out, "Q8_0", o, LNR_E_UNSUPPORTED, "IQ2_XXS");
}

static void bad_weights(void **state) {
    (void)state;
    static const struct {
        float x;
        const char *mix, *says;
        lnr_status st;
    } cases[] = {
        {NAN, "Q4_K_M", "row 299, column 254", LNR_E_FORMAT},
        {-INFINITY, "Q8_0", "row 299, column 254", LNR_E_FORMAT},
        {1e30f, "F16", "too large", LNR_E_ARGUMENT},
        {1e30f, "Q4_0", "too large", LNR_E_ARGUMENT},
    };
    spec s = {"token_embd.weight", LNR_TYPE_F32, 2, {256, 300}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(path_of("bad.gguf"), &s, 1, 0, 1, 0);
        FILE *f = fopen(path_of("bad.gguf"), "r+b");
        assert_non_null(f);
        fseek(f, -8, SEEK_END); /* 300 * 1024 bytes are a multiple of the alignment: no padding */
        assert_int_equal(fwrite(&cases[i].x, sizeof(float), 1, f), 1);
        fclose(f);
        watcher w;
        lnr_quantize_options o = options(&w, 2);
        o.keep = strcmp(cases[i].mix, "Q4_0") == 0 ? "token_embd=Q4_0" : NULL;
        refuse(path_of("bad.gguf"), path_of("never.gguf"), cases[i].mix, o, cases[i].st,
               cases[i].says);
    }
}

static void shorten_source(void) {
    assert_int_equal(truncate(path_of("changing.gguf"), 200000), 0);
}

static void lengthen_source(void) {
    FILE *f = fopen(path_of("changing.gguf"), "ab");
    fputs("more", f);
    fclose(f);
}

static void touch_source(void) {
    struct utimbuf then = {1000000000, 1000000000};
    assert_int_equal(utime(path_of("changing.gguf"), &then), 0);
}

static void source_changes(void **state) {
    (void)state;
    void (*const changes[])(void) = {shorten_source, lengthen_source, touch_source};
    spec s[64];
    size_t n = make_specs(s, LNR_TYPE_F32);
    for (size_t i = 0; i < 3; i++) {
        write_file(path_of("changing.gguf"), s, n, 0, 1, 0);
        watcher w;
        lnr_quantize_options o = options(&w, 2);
        w.at_end = changes[i];
        w.n_tensors = n;
        refuse(path_of("changing.gguf"), path_of("never.gguf"), "Q8_0", o, LNR_E_IO, "was changed");
        w.n = w.done = 0;
        w.n_tensors = 1; /* while there is more to read */
        write_file(path_of("changing.gguf"), s, n, 0, 1, 0);
        refuse(path_of("changing.gguf"), path_of("never.gguf"), "Q8_0", o, LNR_E_IO,
               "changing.gguf");
    }
}

static bool die(uint64_t done, uint64_t total, void *user) {
    (void)user;
    if (done > total / 2)
        raise(SIGKILL);
    return true;
}

static void killed_run(void) {
    lnr_quantize_options o = {.struct_size = sizeof o, .n_threads = 1, .on_progress = die};
    pid_t child = fork();
    if (child == 0) {
        (void)!tools_quantize(path_of("f32.gguf"), path_of("old.gguf"), "F16", &o, NULL);
        _exit(0);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
}

/* Cancelled, the disk is full, or the process killed: the old file stays as it is. */
static void old_file_stays(void **state) {
    (void)state;
    watcher w;
    quantize(path_of("f32.gguf"), path_of("old.gguf"), "Q8_0", options(&w, 1));
    quantize(path_of("f32.gguf"), path_of("same.gguf"), "Q8_0", options(&w, 1));
    lnr_quantize_options o = options(&w, 2);
    w.stop_at = 100000;
    refuse(path_of("f32.gguf"), path_of("old.gguf"), "F16", o, LNR_E_CANCELLED, "stopped");
    assert_same_files(path_of("old.gguf"), path_of("same.gguf"));
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    o = options(&w, 2);
    refuse(path_of("f32.gguf"), path_of("old.gguf"), "F16", o, LNR_E_IO, "old.gguf");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_same_files(path_of("old.gguf"), path_of("same.gguf"));
    killed_run();
    assert_same_files(path_of("old.gguf"), path_of("same.gguf"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(told_is_true),          cmocka_unit_test(types_by_rule),
        cmocka_unit_test(any_number_of_threads), cmocka_unit_test(metadata),
        cmocka_unit_test(parts_are_joined),      cmocka_unit_test(rules_decide),
        cmocka_unit_test(quantised_input),       cmocka_unit_test(wrong_arguments),
        cmocka_unit_test(bad_weights),           cmocka_unit_test(source_changes),
        cmocka_unit_test(old_file_stays),
    };
    return cmocka_run_group_tests(tests, make_models, remove_folder);
}
