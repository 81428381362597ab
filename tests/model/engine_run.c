/* See engine_run.h. */
#include "engine_run.h"

#include "base/alloc.h"
#include "base/checked.h"

#include <string.h>

typedef struct run {
    const lnr_model *model;
    engine_setup setup;
    const int *tokens;
    uint32_t n, n_blocks;
    uint32_t n_done[ENGINE_RUN_SEQS_MAX];
    uint32_t *block; /* (n_seqs, n_blocks) */
    int32_t *token;  /* this and below: (n_ubatch) */
    uint32_t *pos, *seq, *out;
    float *rope_cos, *rope_sin; /* (n_rope_sets, n_ubatch, n_rot / 2) */
} run;

static bool allocate(run *r) {
    size_t n = r->setup.n_ubatch, n_rope = model_rope_floats(r->model, r->setup.n_ubatch);
    r->block = lnr_alloc_array((size_t)r->n_blocks * r->setup.n_seqs, sizeof *r->block);
    r->token = lnr_alloc_array(n, sizeof *r->token);
    r->pos = lnr_alloc_array(n, sizeof *r->pos);
    r->seq = lnr_alloc_array(n, sizeof *r->seq);
    r->out = lnr_alloc_array(n, sizeof *r->out);
    r->rope_cos = lnr_alloc_array(n_rope, sizeof *r->rope_cos);
    r->rope_sin = lnr_alloc_array(n_rope, sizeof *r->rope_sin);
    return r->block && r->token && r->pos && r->seq && r->out && r->rope_cos && r->rope_sin;
}

static void release(run *r) {
    void *all[] = {r->block, r->token, r->pos, r->seq, r->out, r->rope_cos, r->rope_sin};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        lnr_free(all[i]);
}

/* The next tokens of every sequence, evenly; the number of them. */
static uint32_t fill_step(run *r, bool first) {
    uint32_t n_seqs = first ? 1 : r->setup.n_seqs, share = r->setup.n_ubatch / n_seqs, at = 0;
    for (uint32_t s = 0; s < n_seqs; s++)
        for (uint32_t i = 0; i < share && r->n_done[s] < r->n; i++, at++) {
            r->pos[at] = r->n_done[s]++;
            r->token[at] = r->tokens[r->pos[at]];
            r->seq[at] = s;
            r->out[at] = at;
        }
    return at;
}

static lnr_status run_steps(run *r, lnr_pass *pass, float *logits, lnr_error *err) {
    const lnr_model *m = r->model;
    size_t n_vocab = m->shape.n_vocab;
    const uint32_t *block[ENGINE_RUN_SEQS_MAX];
    for (uint32_t s = 0; s < r->setup.n_seqs; s++)
        block[s] = r->block + s * r->n_blocks;
    uint32_t n;
    for (bool first = true; (n = fill_step(r, first)) > 0; first = false) {
        model_rope_angles(m, r->setup.n_ctx, r->pos, n, r->rope_cos, r->rope_sin);
        lnr_step step = {.n_tokens = n,
                         .token = r->token,
                         .pos = r->pos,
                         .seq = r->seq,
                         .block = block,
                         .rope_cos = r->rope_cos,
                         .rope_sin = r->rope_sin,
                         .n_out = n,
                         .out = r->out};
        LNR_TRY(model_forward(m, pass, &step, err));
        for (uint32_t i = 0; i < n; i++)
            memcpy(logits + ((size_t)r->seq[i] * r->n + r->pos[i]) * n_vocab,
                   m->backend->logits(pass, i), n_vocab * sizeof *logits);
    }
    return LNR_OK;
}

lnr_status engine_run(const lnr_model *m, engine_setup setup, const int *tokens, uint32_t n,
                      float *logits, lnr_error *err) {
    run r = {.model = m, .setup = setup, .tokens = tokens, .n = n};
    r.n_blocks = (uint32_t)lnr_div_up(n, KV_BLOCK_TOKENS);
    pass_options o = {.n_ubatch = setup.n_ubatch,
                      .n_out_max = setup.n_ubatch,
                      .n_kv_blocks = r.n_blocks * setup.n_seqs,
                      .n_ctx = setup.n_ctx,
                      .kv_type_k = setup.kv_type,
                      .kv_type_v = setup.kv_type,
                      .n_threads = setup.n_threads};
    lnr_pass *pass = NULL;
    lnr_status st = LNR_OK;
    if (!allocate(&r))
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for a run");
    for (uint32_t i = 0; st == LNR_OK && i < o.n_kv_blocks; i++)
        r.block[i] = o.n_kv_blocks - 1 - i;
    if (st == LNR_OK)
        st = m->backend->pass_create(&m->shape, &o, &pass, err);
    if (st == LNR_OK) {
        st = run_steps(&r, pass, logits, err);
        m->backend->pass_destroy(pass);
    }
    release(&r);
    return st;
}
