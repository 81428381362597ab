/* Attention of the CPU backend against doubles: every query over exactly the positions that it may
 * see, for head shapes, windows, the cap on scores, several sequences, and steps cut anyhow. The
 * same tokens in one step or in many give the same bits. */
#include "backend/cpu/pass.h"
#include "base/f16.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TOKENS = 300, SEQS = 2, BLOCKS = 2 * (TOKENS / KV_BLOCK_TOKENS + 1), LAYERS = 2 };

typedef struct test_case {
    uint32_t n_heads, n_heads_kv, head_dim, n_threads;
    uint32_t window; /* of layer 1; layer 0 has none */
    float softcap;
    lnr_type type_k, type_v;
} test_case;

/* Everything that one sequence of TOKENS tokens sees and should get; rows of heads * head_dim. */
typedef struct truth {
    float *q, *k, *v;
    double *k_kept, *v_kept; /* as the cache rounds them */
    float *out[LAYERS];      /* what the pass computed */
} truth;

static float noise(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(int32_t)*state * 0x1p-31f;
}

static float *floats(size_t n, uint32_t seed, float scale) {
    float *x = calloc(n, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n && scale != 0.0f; i++)
        x[i] = scale * noise(&seed);
    return x;
}

static lnr_pass *make_pass(const test_case *c, const uint32_t *window, uint32_t n_ubatch) {
    model_shape shape = {.n_layers = LAYERS,
                         .n_embd = 32,
                         .n_heads = c->n_heads,
                         .n_heads_kv = c->n_heads_kv,
                         .head_dim = c->head_dim,
                         .n_ff = 32,
                         .n_vocab = 32,
                         .attn_scale = 0.5f,
                         .attn_softcap = c->softcap,
                         .window = window};
    pass_options o = {.n_ubatch = n_ubatch,
                      .n_out_max = 1,
                      .n_kv_blocks = BLOCKS,
                      .n_ctx = TOKENS,
                      .kv_type_k = c->type_k,
                      .kv_type_v = c->type_v,
                      .n_threads = c->n_threads};
    lnr_pass *p = NULL;
    lnr_error err;
    assert_int_equal(cpu_pass_create(&shape, &o, &p, &err), LNR_OK);
    memset(cpu(p)->kv, 0xff, p->kv_bytes); /* a cell or scale that is not stored is NaN */
    return p;
}

/* Runs n tokens from position `from` of the sequences first_seq.. as one step. */
static void run_step(lnr_pass *base, const test_case *c, truth *t, uint32_t first_seq,
                     uint32_t from, uint32_t n) {
    cpu_pass *p = cpu(base);
    size_t n_q = (size_t)c->n_heads * c->head_dim, n_kv = (size_t)c->n_heads_kv * c->head_dim;
    uint32_t pos[SEQS * TOKENS], seq[SEQS * TOKENS], ids[SEQS][BLOCKS];
    int32_t token[SEQS * TOKENS] = {0};
    const uint32_t *block[SEQS] = {ids[0], ids[1]};
    for (uint32_t i = 0; i < BLOCKS; i++) { /* blocks of the two sequences lie between each other */
        ids[0][i] = BLOCKS - 1 - 2 * i;
        ids[1][i] = 2 * i;
    }
    uint32_t n_tokens = n == 1 && from % 2 ? 1 : SEQS * n; /* a few tokens take another way */
    for (uint32_t i = 0; i < n_tokens; i++) {
        seq[i] = first_seq + i / n;
        pos[i] = from + i % n;
    }
    lnr_step step = {.n_tokens = n_tokens, .token = token, .pos = pos, .seq = seq, .block = block};
    pass_begin(base, &step);
    for (uint32_t layer = 0; layer < LAYERS; layer++) {
        for (uint32_t i = 0; i < n_tokens; i++) {
            memcpy(p->q + i * p->ld_q, t[seq[i]].q + pos[i] * n_q, n_q * sizeof(float));
            memcpy(p->k + i * p->ld_kv, t[seq[i]].k + pos[i] * n_kv, n_kv * sizeof(float));
            memcpy(p->v + i * p->ld_kv, t[seq[i]].v + pos[i] * n_kv, n_kv * sizeof(float));
        }
        cpu_attn_store(p, layer, &(attn_weights){0});
        cpu_attention(base, layer);
        for (uint32_t i = 0; i < n_tokens; i++)
            memcpy(t[seq[i]].out[layer] + pos[i] * n_q, p->attended + i * n_q, n_q * sizeof(float));
    }
    assert_int_equal(pass_end(base, NULL), LNR_OK);
    if (n_tokens == 1 && first_seq + 1 < SEQS)
        run_step(base, c, t, first_seq + 1, from, n);
}

/* n values, whole rows, as a cache of that type gives them back. */
static double *kept(const float *x, size_t n, lnr_type type) {
    double *out = calloc(n, sizeof *out);
    assert_non_null(out);
    for (size_t i = 0; i < n; i++)
        out[i] = type == LNR_TYPE_F16 ? (double)lnr_f16_to_f32(lnr_f32_to_f16(x[i])) : (double)x[i];
    for (size_t b = 0; type == LNR_TYPE_Q8_0 && b < n; b += 32) {
        float top = 0.0f;
        for (size_t i = b; i < b + 32; i++)
            top = fabsf(x[i]) > top ? fabsf(x[i]) : top;
        for (size_t i = b; i < b + 32; i++)
            out[i] = (double)lnr_f16_to_f32(lnr_f32_to_f16(top / 127.0f)) *
                     nearbyint((double)(x[i] * (127.0f / top)));
    }
    return out;
}

static void expect_truth(const test_case *c, const truth *t, uint32_t layer, uint32_t pos) {
    size_t dim = c->head_dim, n_q = c->n_heads * dim, n_kv = c->n_heads_kv * dim;
    uint32_t window = layer ? c->window : 0, from = window && pos >= window ? pos - window + 1 : 0;
    for (uint32_t h = 0; h < c->n_heads; h++) {
        size_t kv = h / (c->n_heads / c->n_heads_kv) * dim;
        double sum = 0, want[256] = {0};
        for (uint32_t i = from; i <= pos; i++) {
            double s = 0;
            for (size_t d = 0; d < dim; d++)
                s += 0.5 * (double)t->q[pos * n_q + h * dim + d] * t->k_kept[i * n_kv + kv + d];
            if (c->softcap != 0.0f)
                s = (double)c->softcap * tanh(s / (double)c->softcap);
            sum += exp(s);
            for (size_t d = 0; d < dim; d++)
                want[d] += exp(s) * t->v_kept[i * n_kv + kv + d];
        }
        for (size_t d = 0; d < dim; d++) {
            double got = (double)t->out[layer][pos * n_q + h * dim + d];
            if (!(fabs(got - want[d] / sum) < 2e-5))
                fail_msg("layer %u, position %u, head %u: %g, not %g", layer, pos, h, got,
                         want[d] / sum);
        }
    }
}

static void run_case(const test_case *c) {
    const uint32_t window[LAYERS] = {0, c->window};
    size_t n_q = TOKENS * (size_t)c->n_heads * c->head_dim;
    size_t n_kv = TOKENS * (size_t)c->n_heads_kv * c->head_dim;
    truth whole[SEQS], cut[SEQS];
    for (uint32_t s = 0; s < SEQS; s++) {
        whole[s] = (truth){.q = floats(n_q, 1 + s, 2.0f),
                           .k = floats(n_kv, 7 + s, 2.0f),
                           .v = floats(n_kv, 9 + s, 1.0f),
                           .out = {floats(n_q, 0, 0.0f), floats(n_q, 0, 0.0f)}};
        whole[s].k_kept = kept(whole[s].k, n_kv, c->type_k);
        whole[s].v_kept = kept(whole[s].v, n_kv, c->type_v);
        cut[s] = whole[s];
        for (int l = 0; l < LAYERS; l++)
            cut[s].out[l] = floats(n_q, 0, 0.0f);
    }
    lnr_pass *p = make_pass(c, window, SEQS * TOKENS);
    run_step(p, c, whole, 0, 0, TOKENS);
    cpu_pass_destroy(p);
    p = make_pass(c, window, SEQS * TOKENS);
    static const uint32_t cuts[] = {0, 1, 2, 65, 127, 128, 129, 290, 291, TOKENS};
    for (size_t i = 0; i + 1 < sizeof cuts / sizeof cuts[0]; i++)
        run_step(p, c, cut, 0, cuts[i], cuts[i + 1] - cuts[i]);
    cpu_pass_destroy(p);
    for (uint32_t s = 0; s < SEQS; s++) {
        for (uint32_t l = 0; l < LAYERS; l++) {
            assert_memory_equal(whole[s].out[l], cut[s].out[l], n_q * sizeof(float));
            for (uint32_t pos = 0; pos < TOKENS; pos += pos % 64 < 62 ? 31 : 1)
                expect_truth(c, &whole[s], l, pos);
            free(whole[s].out[l]);
            free(cut[s].out[l]);
        }
        free(whole[s].q);
        free(whole[s].k);
        free(whole[s].v);
        free(whole[s].k_kept);
        free(whole[s].v_kept);
    }
}

static void attention_equals_doubles(void **state) {
    (void)state;
    static const test_case cases[] = {{4, 4, 16, 1, 0, 0.0f, LNR_TYPE_F16, LNR_TYPE_F16},
                                      {6, 2, 40, 2, 100, 0.0f, LNR_TYPE_F16, LNR_TYPE_F32},
                                      {8, 1, 64, 3, 128, 3.0f, LNR_TYPE_Q8_0, LNR_TYPE_F16},
                                      {40, 1, 16, 2, 1, 0.0f, LNR_TYPE_F32, LNR_TYPE_F16},
                                      {2, 2, 128, 2, 7, 30.0f, LNR_TYPE_F16, LNR_TYPE_Q8_0},
                                      {3, 3, 24, 2, 129, 0.0f, LNR_TYPE_F32, LNR_TYPE_F32},
                                      {2, 1, 256, 2, 200, 0.0f, LNR_TYPE_Q8_0, LNR_TYPE_Q8_0},
                                      {14, 2, 64, 5, 0, 0.0f, LNR_TYPE_F16, LNR_TYPE_F16},
                                      {10, 1, 96, 1, 130, 0.0f, LNR_TYPE_Q8_0, LNR_TYPE_F32},
                                      {1, 1, 80, 8, 0, 0.0f, LNR_TYPE_F32, LNR_TYPE_F16}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        run_case(&cases[i]);
}

static size_t row_bytes(lnr_type type, size_t n) {
    return n / lnr_type_block_weights(type) * lnr_type_block_bytes(type);
}

/* What a block holds goes out, into another pass and out again, and to another block, unchanged;
 * the form has the size that it says and the rows of GGUF. */
static void blocks_move_unchanged(void **state) {
    (void)state;
    static const lnr_type types[] = {LNR_TYPE_F32, LNR_TYPE_F16, LNR_TYPE_Q8_0};
    for (size_t i = 0; i < 9; i++) {
        test_case c = {2, 2, 96, 1, 0, 0.0f, types[i % 3], types[i / 3]};
        lnr_pass *a = make_pass(&c, NULL, 1), *b = make_pass(&c, NULL, 1);
        enum { N = 37 };
        size_t n_values = (size_t)2 * 96, k_row = row_bytes(c.type_k, n_values);
        size_t bytes = LAYERS * N * (k_row + row_bytes(c.type_v, n_values));
        assert_int_equal(a->backend->kv_rows_bytes(a, N), bytes);
        assert_int_equal(a->kv_bytes, a->backend->kv_rows_bytes(a, KV_BLOCK_TOKENS) * BLOCKS);
        float *x = floats(n_values, 3, 1.0f);
        for (uint32_t layer = 0; layer < LAYERS; layer++)
            for (uint32_t pos = 0; pos < N; pos++) {
                x[0] = (float)(layer * 64 + pos);
                cpu_kv_store(cpu(a), cpu(a)->worker, layer, 5, pos, x, x);
            }
        char *first = calloc(3, bytes), *second = first + bytes, *third = second + bytes;
        assert_non_null(first);
        a->backend->kv_read(a, 5, N, first);
        b->backend->kv_write(b, 2, N, first);
        b->backend->kv_copy(b, 2, 7);
        b->backend->kv_read(b, 2, N, second);
        b->backend->kv_read(b, 7, N, third);
        assert_memory_equal(first, second, bytes);
        assert_memory_equal(first, third, bytes);
        float back[96]; /* the first head's key of layer 1, position 36 */
        const lnr_format *format = lnr_format_find(c.type_k);
        format->decode(first + bytes / 2 + 36 * k_row, 96, back);
        double *want = kept(x, 96, c.type_k);
        for (size_t d = 0; d < 96; d++)
            assert_true((double)back[d] == want[d]);
        free(want);
        free(first);
        free(x);
        cpu_pass_destroy(a);
        cpu_pass_destroy(b);
    }
}

static void wrong_types_are_refused(void **state) {
    (void)state;
    model_shape shape = {.n_layers = 1,
                         .n_embd = 32,
                         .n_heads = 1,
                         .n_heads_kv = 1,
                         .head_dim = 48,
                         .n_ff = 32,
                         .n_vocab = 32};
    pass_options o = {.n_ubatch = 1,
                      .n_out_max = 1,
                      .n_kv_blocks = 1,
                      .n_ctx = 64,
                      .n_threads = 1,
                      .kv_type_k = LNR_TYPE_F16,
                      .kv_type_v = LNR_TYPE_Q4_0};
    lnr_pass *p = NULL;
    lnr_error err;
    assert_int_equal(cpu_pass_create(&shape, &o, &p, &err), LNR_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "values cannot be kept as Q4_0"));
    o = (pass_options){.n_ubatch = 1,
                       .n_out_max = 1,
                       .n_kv_blocks = 1,
                       .n_ctx = 64,
                       .n_threads = 1,
                       .kv_type_k = LNR_TYPE_Q8_0,
                       .kv_type_v = LNR_TYPE_F16};
    assert_int_equal(cpu_pass_create(&shape, &o, &p, &err), LNR_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "48 dimensions"));
    assert_null(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(attention_equals_doubles),
                                       cmocka_unit_test(blocks_move_unchanged),
                                       cmocka_unit_test(wrong_types_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
