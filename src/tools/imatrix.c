/* Collecting an importance matrix: the model reads a text in chunks, each from an empty context,
 * while the backend shows what goes into every product (pass_options.on_product). No logits are
 * computed. Sums are doubles in order of the text, so they do not depend on the threads. */
#include "base/alloc.h"
#include "base/checked.h"
#include "model/model.h"
#include "tools/importance.h"
#include "tools/tools.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define CTX_DEFAULT      512u /* tokens in a chunk, as in llama.cpp */
#define UBATCH           128u
#define MATRICES_A_LAYER 11u

typedef struct collector {
    const lnr_model *m;
    const lnr_imatrix_options *o;
    uint32_t n_ctx, n_chunks;
    token_list tokens;         /* of the whole text; owned, as all below */
    const lnr_matrix **matrix; /* (n) */
    importance_sums *sums;     /* (n); without a sum: seen under another matrix's name */
    uint32_t n;
    bool missed; /* a product by a matrix that list_matrices does not know */
    uint32_t *pos, *seq, *block;
    int32_t *token;
    float *rope_cos, *rope_sin; /* (UBATCH, n_rot / 2) */
    lnr_pass *pass;
} collector;

/* ---- what is measured
 * ---------------------------------------------------------------------------- */

static void on_product(const lnr_matrix *w, uint32_t expert, const float *x, size_t ldx,
                       uint32_t n_tokens, void *user) {
    collector *c = user;
    uint32_t i = 0;
    while (i < c->n && c->matrix[i] != w)
        i++;
    c->missed |= i == c->n;
    if (i == c->n || c->sums[i].sum == NULL)
        return;
    double *sum = c->sums[i].sum + (size_t)expert * w->n_cols;
    for (uint32_t t = 0; t < n_tokens; t++)
        for (uint32_t k = 0; k < w->n_cols; k++) {
            double v = (double)x[t * ldx + k];
            sum[k] += v * v;
        }
    c->sums[i].count[expert] += n_tokens;
}

/* A matrix to measure as the tensor `name`; NULL: it shares its tensor with one that is. */
static lnr_status list_matrix(collector *c, uint32_t layer, const char *name, const lnr_matrix *w,
                              uint32_t n_matrices, lnr_error *err) {
    if (w->bytes == 0)
        return LNR_OK;
    importance_sums *s = &c->sums[c->n];
    c->matrix[c->n++] = w;
    if (name == NULL)
        return LNR_OK;
    snprintf(s->name, sizeof s->name, "blk.%" PRIu32 ".%s.weight", layer, name);
    s->n_cols = w->n_cols;
    s->n_matrices = n_matrices;
    s->sum = lnr_alloc_array((size_t)n_matrices * s->n_cols, sizeof *s->sum);
    s->count = lnr_alloc_array(n_matrices, sizeof *s->count);
    if (s->sum == NULL || s->count == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the importance of '%s'", s->name);
    return LNR_OK;
}

static lnr_status list_layer(collector *c, uint32_t i, lnr_error *err) {
    const model_layer *w = &c->m->layer[i];
    bool fused = c->m->fused;
    uint32_t n_experts = c->m->shape.n_experts;
    const struct {
        const char *name;
        const lnr_matrix *matrix;
        uint32_t n_matrices;
    } all[MATRICES_A_LAYER] = {
        {fused ? "attn_qkv" : "attn_q", &w->attn.q, 1},
        {fused ? NULL : "attn_k", &w->attn.k, 1},
        {fused ? NULL : "attn_v", &w->attn.v, 1},
        {"attn_output", &w->attn.out, 1},
        {fused ? "ffn_up" : "ffn_gate", &w->ffn.gate, 1},
        {fused ? NULL : "ffn_up", &w->ffn.up, 1},
        {"ffn_down", &w->ffn.down, 1},
        {"ffn_gate_inp", &w->moe.router, 1},
        {"ffn_gate_exps", &w->moe.gate, n_experts},
        {"ffn_up_exps", &w->moe.up, n_experts},
        {"ffn_down_exps", &w->moe.down, n_experts},
    };
    for (size_t j = 0; j < MATRICES_A_LAYER; j++)
        LNR_TRY(list_matrix(c, i, all[j].name, all[j].matrix, all[j].n_matrices, err));
    return LNR_OK;
}

static lnr_status list_matrices(collector *c, lnr_error *err) {
    size_t n_max = (size_t)c->m->shape.n_layers * MATRICES_A_LAYER;
    c->matrix = lnr_alloc_array(n_max, sizeof *c->matrix);
    c->sums = lnr_alloc_array(n_max, sizeof *c->sums);
    if (c->matrix == NULL || c->sums == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for importance");
    for (uint32_t i = 0; i < c->m->shape.n_layers; i++)
        LNR_TRY(list_layer(c, i, err));
    return LNR_OK;
}

static lnr_status check_sums(const collector *c, lnr_error *err) {
    if (c->missed)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                        "this model has matrices whose importance this build cannot measure");
    for (uint32_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < (size_t)c->sums[i].n_matrices * c->sums[i].n_cols; k++)
            if (!isfinite(c->sums[i].sum[k]))
                return LNR_FAIL(err, LNR_E_NUMERIC,
                                "column %zu of what goes into '%s' is not finite",
                                k % c->sums[i].n_cols, c->sums[i].name);
    return LNR_OK;
}

/* ---- reading the text
 * ---------------------------------------------------------------------------- */

static lnr_status take_text(collector *c, lnr_str text, lnr_error *err) {
    uint32_t n_ctx_max = c->m->n_ctx_train;
    c->n_ctx = c->o->n_ctx ? c->o->n_ctx : CTX_DEFAULT < n_ctx_max ? CTX_DEFAULT : n_ctx_max;
    if (c->n_ctx > n_ctx_max)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "chunks of %" PRIu32
                        " tokens: this model was trained with at most %" PRIu32,
                        c->n_ctx, n_ctx_max);
    LNR_TRY(tokenizer_encode(c->m->tokenizer, text, TOKENIZE_ADD_SPECIAL, &c->tokens, err));
    size_t n = c->tokens.n / c->n_ctx;
    if (n == 0)
        return LNR_FAIL(err, LNR_E_LIMIT,
                        "the text has %zu tokens, a chunk takes %" PRIu32
                        ": more text or smaller chunks are needed",
                        c->tokens.n, c->n_ctx);
    c->n_chunks = c->o->n_chunks && c->o->n_chunks < n ? c->o->n_chunks : (uint32_t)n;
    return LNR_OK;
}

static lnr_status prepare(collector *c, lnr_error *err) {
    size_t n_rope = model_rope_floats(c->m, UBATCH);
    uint32_t n_blocks = (uint32_t)lnr_div_up(c->n_ctx, KV_BLOCK_TOKENS);
    c->pos = lnr_alloc_array(UBATCH, sizeof *c->pos);
    c->seq = lnr_alloc_array(UBATCH, sizeof *c->seq);
    c->token = lnr_alloc_array(UBATCH, sizeof *c->token);
    c->block = lnr_alloc_array(n_blocks, sizeof *c->block);
    c->rope_cos = lnr_alloc_array(n_rope, sizeof *c->rope_cos);
    c->rope_sin = lnr_alloc_array(n_rope, sizeof *c->rope_sin);
    if (!c->pos || !c->seq || !c->token || !c->block || !c->rope_cos || !c->rope_sin)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory to read a text");
    for (uint32_t i = 0; i < n_blocks; i++)
        c->block[i] = i;
    pass_options o = {.n_ubatch = UBATCH,
                      .n_out_max = 1,
                      .n_kv_blocks = n_blocks,
                      .n_ctx = c->n_ctx,
                      .kv_type_k = LNR_TYPE_F16,
                      .kv_type_v = LNR_TYPE_F16,
                      .n_threads = c->o->n_threads,
                      .on_product = on_product,
                      .user = c};
    return c->m->backend->pass_create(&c->m->shape, &o, &c->pass, err);
}

static lnr_status read_chunk(collector *c, uint32_t chunk, lnr_error *err) {
    const int32_t *id = c->tokens.id + (size_t)chunk * c->n_ctx;
    const uint32_t *const blocks[] = {c->block};
    for (uint32_t at = 0, n; at < c->n_ctx; at += n) {
        n = c->n_ctx - at < UBATCH ? c->n_ctx - at : UBATCH;
        for (uint32_t i = 0; i < n; i++) {
            c->token[i] = id[at + i];
            c->pos[i] = at + i;
        }
        if (at == 0 && tokenizer_adds_bos(c->m->tokenizer)) /* a text begins so for this model */
            c->token[0] = tokenizer_bos(c->m->tokenizer);
        model_rope_angles(c->m, c->n_ctx, c->pos, n, c->rope_cos, c->rope_sin);
        lnr_step step = {.n_tokens = n,
                         .token = c->token,
                         .pos = c->pos,
                         .seq = c->seq,
                         .block = blocks,
                         .rope_cos = c->rope_cos,
                         .rope_sin = c->rope_sin};
        LNR_TRY(model_forward(c->m, c->pass, &step, err));
        if (c->o->on_progress && !c->o->on_progress((uint64_t)chunk * c->n_ctx + at + n,
                                                    (uint64_t)c->n_chunks * c->n_ctx, c->o->user))
            return LNR_FAIL(err, LNR_E_CANCELLED, "stopped");
    }
    return LNR_OK;
}

static lnr_status run(collector *c, lnr_str text, const char *out, lnr_error *err) {
    LNR_TRY(take_text(c, text, err));
    LNR_TRY(list_matrices(c, err));
    LNR_TRY(prepare(c, err));
    for (uint32_t i = 0; i < c->n_chunks; i++)
        LNR_TRY(read_chunk(c, i, err));
    LNR_TRY(check_sums(c, err));
    importance_facts facts = {.dataset = c->o->dataset ? c->o->dataset : "",
                              .n_chunks = c->n_chunks,
                              .chunk_size = c->n_ctx};
    uint32_t n_named = 0;
    for (uint32_t i = 0; i < c->n; i++)
        if (c->sums[i].sum)
            c->sums[n_named++] = c->sums[i];
    c->n = n_named;
    return importance_write(out, &facts, c->sums, c->n, err);
}

lnr_status tools_imatrix(lnr_model *m, const char *text, size_t n, const lnr_imatrix_options *o,
                         const char *out, lnr_imatrix_info *info, lnr_error *err) {
    collector c = {.m = m, .o = o};
    token_list_init(&c.tokens);
    lnr_status st = run(&c, (lnr_str){text, n}, out, err);
    if (st == LNR_OK && info)
        *info = (lnr_imatrix_info){
            .n_chunks = c.n_chunks, .n_matrices = c.n, .n_tokens = (uint64_t)c.n_chunks * c.n_ctx};
    if (c.pass)
        m->backend->pass_destroy(c.pass);
    for (uint32_t i = 0; i < c.n; i++) {
        lnr_free(c.sums[i].sum);
        lnr_free(c.sums[i].count);
    }
    void *owned[] = {c.matrix, c.sums, c.pos, c.seq, c.token, c.block, c.rope_cos, c.rope_sin};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        lnr_free(owned[i]);
    token_list_deinit(&c.tokens);
    return st;
}
