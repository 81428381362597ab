/* The standard mixes against lists written by hand from reference/kernels.md 1.3. */
#include "support.h"

#include "tools/mix.h"

static const mix_model plain = {.n_layers = 36, .n_gqa = 8};

static const char *type_in(mix_id mix, const mix_model *m, const char *name, uint64_t n_cols) {
    mix_tensor t = {lnr_str_from(name), 2, n_cols};
    bool fell_back;
    return lnr_type_name(mix_type(mix, m, &t, &fell_back));
}

static const char *layer_type(mix_id mix, const mix_model *m, uint32_t layer, const char *part) {
    char name[64];
    snprintf(name, sizeof name, "blk.%u.%s.weight", layer, part);
    return type_in(mix, m, name, 2048);
}

/* kernels.md 0.1: of 36 layers 18 have attn_v and ffn_down in Q6_K: 0-3, 6, 9, ..., 30, 31-35. */
static void more_bits(void **state) {
    (void)state;
    static const bool more[36] = {1, 1, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0,
                                  1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1};
    for (uint32_t i = 0; i < 36; i++) {
        const char *q4 = more[i] ? "Q6_K" : "Q4_K", *q5 = more[i] ? "Q6_K" : "Q5_K";
        assert_string_equal(layer_type(MIX_Q4_K_M, &plain, i, "attn_v"), q4);
        assert_string_equal(layer_type(MIX_Q4_K_M, &plain, i, "ffn_down"), q4);
        assert_string_equal(layer_type(MIX_Q5_K_M, &plain, i, "attn_v"), q5);
        assert_string_equal(layer_type(MIX_Q5_K_M, &plain, i, "ffn_down"), q5);
        assert_string_equal(layer_type(MIX_Q4_K_M, &plain, i, "attn_k"), "Q4_K");
    }
}

/* mix; type of most; attn_v in layers 0, 3, 4; ffn_down in layers 1, 2, 4, 35; attn_output;
 * attn_qkv */
typedef struct row {
    mix_id mix;
    const char *most, *v[3], *down[4], *out, *qkv;
} row;

static const row rows[] = {
    {MIX_F16, "F16", {"F16", "F16", "F16"}, {"F16", "F16", "F16", "F16"}, "F16", "F16"},
    {MIX_BF16, "BF16", {"BF16", "BF16", "BF16"}, {"BF16", "BF16", "BF16", "BF16"}, "BF16", "BF16"},
    {MIX_Q8_0, "Q8_0", {"Q8_0", "Q8_0", "Q8_0"}, {"Q8_0", "Q8_0", "Q8_0", "Q8_0"}, "Q8_0", "Q8_0"},
    {MIX_Q6_K, "Q6_K", {"Q6_K", "Q6_K", "Q6_K"}, {"Q6_K", "Q6_K", "Q6_K", "Q6_K"}, "Q6_K", "Q6_K"},
    {MIX_Q5_K_M,
     "Q5_K",
     {"Q6_K", "Q6_K", "Q5_K"},
     {"Q6_K", "Q6_K", "Q5_K", "Q6_K"},
     "Q5_K",
     "Q6_K"},
    {MIX_Q5_K_S,
     "Q5_K",
     {"Q5_K", "Q5_K", "Q5_K"},
     {"Q5_K", "Q5_K", "Q5_K", "Q5_K"},
     "Q5_K",
     "Q5_K"},
    {MIX_Q4_K_M,
     "Q4_K",
     {"Q6_K", "Q6_K", "Q4_K"},
     {"Q6_K", "Q6_K", "Q4_K", "Q6_K"},
     "Q4_K",
     "Q5_K"},
    {MIX_Q4_K_S,
     "Q4_K",
     {"Q5_K", "Q5_K", "Q4_K"},
     {"Q5_K", "Q5_K", "Q4_K", "Q4_K"},
     "Q4_K",
     "Q4_K"},
    {MIX_Q3_K_L,
     "Q3_K",
     {"Q5_K", "Q5_K", "Q5_K"},
     {"Q5_K", "Q5_K", "Q5_K", "Q5_K"},
     "Q5_K",
     "Q4_K"},
    {MIX_Q3_K_M,
     "Q3_K",
     {"Q5_K", "Q4_K", "Q4_K"},
     {"Q5_K", "Q4_K", "Q4_K", "Q4_K"},
     "Q4_K",
     "Q4_K"},
    {MIX_Q3_K_S,
     "Q3_K",
     {"Q3_K", "Q3_K", "Q3_K"},
     {"Q3_K", "Q3_K", "Q3_K", "Q3_K"},
     "Q3_K",
     "Q3_K"},
    {MIX_Q2_K, "Q2_K", {"Q4_K", "Q4_K", "Q4_K"}, {"Q3_K", "Q3_K", "Q3_K", "Q3_K"}, "Q3_K", "Q2_K"},
    {MIX_IQ4_XS,
     "IQ4_XS",
     {"Q5_K", "Q5_K", "Q5_K"},
     {"Q5_K", "Q5_K", "IQ4_XS", "IQ4_XS"},
     "IQ4_XS",
     "IQ4_XS"},
    {MIX_Q4_0, "Q4_0", {"Q4_0", "Q4_0", "Q4_0"}, {"Q4_0", "Q4_0", "Q4_0", "Q4_0"}, "Q4_0", "Q4_0"},
    {MIX_Q5_1, "Q5_1", {"Q5_1", "Q5_1", "Q5_1"}, {"Q5_1", "Q5_1", "Q5_1", "Q5_1"}, "Q5_1", "Q5_1"},
};

static void by_role(void **state) {
    (void)state;
    static const uint32_t v_layer[] = {0, 3, 4}, down_layer[] = {1, 2, 4, 35};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const row *w = &rows[r];
        static const char *const others[] = {"attn_q", "attn_k", "ffn_gate", "ffn_up"};
        for (size_t i = 0; i < 4; i++)
            assert_string_equal(layer_type(w->mix, &plain, 0, others[i]), w->most);
        for (size_t i = 0; i < 3; i++)
            assert_string_equal(layer_type(w->mix, &plain, v_layer[i], "attn_v"), w->v[i]);
        for (size_t i = 0; i < 4; i++)
            assert_string_equal(layer_type(w->mix, &plain, down_layer[i], "ffn_down"), w->down[i]);
        assert_string_equal(layer_type(w->mix, &plain, 5, "attn_output"), w->out);
        assert_string_equal(layer_type(w->mix, &plain, 5, "attn_qkv"), w->qkv);
    }
}

static void output_and_embedding(void **state) {
    (void)state;
    mix_model untied = plain;
    untied.has_output = true;
    for (int i = 0; i < MIX_COUNT; i++) {
        mix_id mix = (mix_id)i;
        const char *most = lnr_type_name(mix_default_type(mix));
        bool floats = lnr_type_block_weights(mix_default_type(mix)) == 1;
        const char *best = floats || mix == MIX_Q8_0 ? most : "Q6_K";
        assert_string_equal(type_in(mix, &plain, "token_embd.weight", 2048), best);
        assert_string_equal(type_in(mix, &untied, "output.weight", 2048), best);
        assert_string_equal(type_in(mix, &untied, "token_embd.weight", 2048), most);
    }
}

static void model_matters(void **state) {
    (void)state;
    mix_model few = plain, experts = plain, big = plain, weighted = plain;
    few.n_gqa = 3;
    experts.n_experts = 8;
    big.eighty_layers = true;
    big.n_layers = 80;
    weighted.has_imatrix = true;
    assert_string_equal(layer_type(MIX_Q2_K, &few, 0, "attn_v"), "Q3_K");
    assert_string_equal(layer_type(MIX_IQ4_XS, &few, 0, "attn_v"), "IQ4_XS");
    assert_string_equal(layer_type(MIX_Q4_K_M, &experts, 9, "attn_v"), "Q8_0");
    assert_string_equal(layer_type(MIX_Q4_K_M, &experts, 9, "attn_k"), "Q8_0");
    assert_string_equal(layer_type(MIX_Q4_K_M, &experts, 9, "attn_output"), "Q5_K");
    assert_string_equal(layer_type(MIX_Q4_K_M, &experts, 9, "ffn_down_exps"), "Q6_K");
    assert_string_equal(layer_type(MIX_Q4_K_M, &big, 10, "attn_v"), "Q5_K");
    assert_string_equal(layer_type(MIX_Q4_K_M, &big, 12, "attn_v"), "Q6_K");
    assert_string_equal(layer_type(MIX_IQ4_XS, &weighted, 0, "ffn_down"), "IQ4_XS");
    assert_string_equal(layer_type(MIX_Q4_0, &weighted, 3, "ffn_down"), "Q4_1");
    assert_string_equal(layer_type(MIX_Q4_0, &weighted, 4, "ffn_down"), "Q4_0");
    assert_string_equal(layer_type(MIX_Q5_0, &weighted, 3, "ffn_down"), "Q5_1");
}

static void odd_rows(void **state) {
    (void)state;
    static const struct {
        mix_id mix;
        const char *name, *by_32, *odd; /* types for rows of 896, and of 80 weights */
    } cases[] = {
        {MIX_Q4_K_M, "blk.4.attn_q.weight", "Q5_0", "F16"},
        {MIX_Q4_K_M, "blk.0.ffn_down.weight", "Q8_0", "F16"}, /* Q6_K by the rule */
        {MIX_Q5_K_S, "blk.4.attn_q.weight", "Q5_1", "F16"},
        {MIX_Q6_K, "blk.4.attn_q.weight", "Q8_0", "F16"},
        {MIX_Q3_K_S, "blk.4.attn_q.weight", "IQ4_NL", "F16"},
        {MIX_Q2_K, "blk.4.attn_q.weight", "IQ4_NL", "F16"},
        {MIX_IQ4_XS, "blk.4.attn_q.weight", "IQ4_NL", "F16"},
        {MIX_Q4_0, "blk.4.attn_q.weight", "Q4_0", "F16"},
        {MIX_Q8_0, "blk.4.attn_q.weight", "Q8_0", "F16"},
        {MIX_Q4_K_M, "token_embd.weight", "Q8_0", "F16"},
        {MIX_F32, "blk.4.attn_q.weight", "F32", "F32"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(type_in(cases[i].mix, &plain, cases[i].name, 896), cases[i].by_32);
        assert_string_equal(type_in(cases[i].mix, &plain, cases[i].name, 80), cases[i].odd);
    }
}

static void what_mixes_apply_to(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t n_dims;
        bool applies;
    } cases[] = {
        {"blk.0.attn_q.weight", 2, true},        {"blk.0.ffn_down_exps.weight", 3, true},
        {"token_embd.weight", 2, true},          {"output.weight", 2, true},
        {"output_norm.weight", 1, false},        {"blk.0.attn_norm.weight", 2, false},
        {"blk.0.attn_q.bias", 2, false},         {"rope_freqs.weight", 1, false},
        {"blk.0.ffn_gate_inp.weight", 2, false}, {"position_embd.weight", 2, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mix_tensor t = {lnr_str_from(cases[i].name), cases[i].n_dims, 256};
        assert_int_equal(mix_applies(&t), cases[i].applies);
    }
    assert_int_equal(mix_n_dims((uint64_t[]){5, 1, 1, 1}, 4), 1);
    assert_int_equal(mix_n_dims((uint64_t[]){5, 1, 2, 1}, 4), 3);
}

static void layers(void **state) {
    (void)state;
    uint32_t layer = 7;
    lnr_str rest;
    assert_true(mix_layer_of(lnr_str_from("blk.31.ffn_up.weight"), &layer, &rest));
    assert_int_equal(layer, 31);
    assert_true(lnr_str_is(rest, "ffn_up.weight"));
    assert_false(mix_layer_of(lnr_str_from("blk..x"), &layer, &rest));
    assert_false(mix_layer_of(lnr_str_from("blk.1"), &layer, &rest));
    assert_false(mix_layer_of(lnr_str_from("blk.1x.y"), &layer, &rest));
    assert_false(mix_layer_of(lnr_str_from("output.weight"), &layer, &rest));
    assert_false(mix_layer_of(lnr_str_from("blk.99999999999999999999.y"), &layer, &rest));
}

static void names(void **state) {
    (void)state;
    mix_id mix;
    lnr_error err;
    assert_int_equal(mix_find("Q4_K_M", &mix, &err), LNR_OK);
    assert_int_equal(mix, MIX_Q4_K_M);
    assert_int_equal(mix_file_type(mix), 15);
    assert_int_equal(mix_find("Q4_K_X", &mix, &err), LNR_E_ARGUMENT);
    assert_says(err, "'Q4_K_X'");
    assert_says(err, "Q4_K_M");
    assert_says(err, "Q2_K"); /* the last of the list: nothing is cut off */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_bits),
        cmocka_unit_test(by_role),
        cmocka_unit_test(output_and_embedding),
        cmocka_unit_test(model_matters),
        cmocka_unit_test(odd_rows),
        cmocka_unit_test(what_mixes_apply_to),
        cmocka_unit_test(layers),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
