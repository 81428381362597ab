/* Shapes: parameters as the models' makers publish them, bytes as real files have them. */
#include "support.h"

#include "tools/shapes.h"
#include "tools/tools.h"

/* Of the models' pages. rope: values of rope_freqs.weight, which files hold and pages do not count.
 */
static const struct {
    const char *name;
    uint64_t n_parameters, rope;
} published[] = {
    {"tinyllama-1.1b", 1100048384, 0}, {"qwen2.5-0.5b", 494032768, 0},
    {"qwen2.5-1.5b", 1543714304, 0},   {"qwen2.5-3b", 3085938688, 0},
    {"qwen2.5-7b", 7615616512, 0},     {"qwen2.5-14b", 14770033664, 0},
    {"qwen3-0.6b", 596049920, 0},      {"qwen3-4b", 4022468096, 0},
    {"qwen3-8b", 8190735360, 0},       {"llama3.2-1b", 1235814400, 32},
    {"llama3.2-3b", 3212749824, 64},   {"llama3.1-8b", 8030261248, 64},
    {"mistral-7b", 7248023552, 0},     {"gemma3-1b", 999885952, 0},
    {"gemma3-4b", 3880099328, 0},      {"phi3-mini", 3821079552, 0},
};

static void parameters(void **state) {
    (void)state;
    lnr_synth_info info;
    size_t n = 0;
    for (; tools_synth_shape(n, "F16", &info); n++) {
        assert_true(n < sizeof published / sizeof published[0]);
        assert_string_equal(info.shape, published[n].name);
        assert_int_equal(info.n_parameters, published[n].n_parameters + published[n].rope);
    }
    assert_int_equal(n, sizeof published / sizeof published[0]);
    assert_false(tools_synth_shape(0, "Q4", &info));
}

/* Files of Qwen2.5 and Llama 3.2 as published, Q4_K_M. Metadata is the rest: 5.95 MB with Qwen's
 * vocabulary, 7.83 MB with Llama's. The 3B file by Qwen itself holds the embedding a second time,
 * in Q4_K, beside the output matrix. */
static void bytes(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint64_t file_bytes, metadata_bytes, more_bytes;
    } files[] = {
        {"qwen2.5-0.5b", 397807520, 5947808, 0},
        {"qwen2.5-3b", 2104932768, 5956000, UINT64_C(151936) * 2048 / 256 * 144},
        {"llama3.2-1b", 807694464, 7831552, 0},
    };
    lnr_synth_info info;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t k = 0;
        while (tools_synth_shape(k, "Q4_K_M", &info) && strcmp(info.shape, files[i].name) != 0)
            k++;
        assert_int_equal(info.bytes + files[i].metadata_bytes + files[i].more_bytes,
                         files[i].file_bytes);
    }
}

typedef struct seen {
    unsigned n;
    bool qkv, gate, q_norm, bias, post_norm, output, rope;
} seen;

static bool look(const shape_tensor *t, void *user) {
    seen *s = user;
    s->n++;
    s->qkv |= strcmp(t->name, "blk.0.attn_qkv.weight") == 0;
    s->gate |= strcmp(t->name, "blk.0.ffn_gate.weight") == 0;
    s->q_norm |= strcmp(t->name, "blk.0.attn_q_norm.weight") == 0;
    s->bias |= strcmp(t->name, "blk.0.attn_q.bias") == 0;
    s->post_norm |= strcmp(t->name, "blk.0.post_ffw_norm.weight") == 0;
    s->output |= strcmp(t->name, "output.weight") == 0;
    s->rope |= strcmp(t->name, "rope_freqs.weight") == 0;
    return true;
}

static seen look_at(const char *name) {
    const model_shape_row *s = NULL;
    seen all = {0};
    assert_int_equal(shape_find(name, &s, NULL), LNR_OK);
    shape_each_tensor(s, MIX_Q4_K_M, look, &all);
    return all;
}

static void tensors(void **state) {
    (void)state;
    seen s = look_at("qwen2.5-3b");
    assert_int_equal(s.n, 434); /* as the published file */
    assert_true(s.bias && s.gate && !s.output && !s.q_norm && !s.qkv && !s.rope);
    s = look_at("qwen3-8b");
    assert_true(s.q_norm && s.output && !s.bias && !s.post_norm);
    s = look_at("gemma3-1b");
    assert_int_equal(s.n, 340); /* as the published file */
    assert_true(s.q_norm && s.post_norm && !s.output);
    s = look_at("phi3-mini");
    assert_true(s.qkv && !s.gate && s.output);
    s = look_at("llama3.1-8b");
    assert_int_equal(s.n, 292); /* as the published file */
    assert_true(s.rope && s.output);
}

static bool stop_soon(uint64_t done, uint64_t total, void *user) {
    (void)user;
    return done < total / 100;
}

static void refused(void **state) {
    (void)state;
    static const struct {
        const char *shape, *mix;
        lnr_status st;
        const char *says;
    } cases[] = {
        {"qwen2.5", "Q4_K_M", LNR_E_ARGUMENT, "qwen2.5-0.5b"},
        {"qwen2.5", "Q4_K_M", LNR_E_ARGUMENT, "phi3-mini"}, /* the last: nothing is cut off */
        {"qwen2.5-3b", "Q4_K", LNR_E_ARGUMENT, "Q4_K_M"},
        {"qwen2.5-0.5b", "Q8_0", LNR_E_CANCELLED, "stopped"},
    };
    lnr_synth_options o = {.struct_size = sizeof o, .n_threads = 2, .on_progress = stop_soon};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lnr_error err;
        assert_int_equal(tools_synth(cases[i].shape, cases[i].mix, path_of("never.gguf"), &o, &err),
                         cases[i].st);
        assert_says(err, cases[i].says);
        assert_int_equal(count_files(), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters),
        cmocka_unit_test(bytes),
        cmocka_unit_test(tensors),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
