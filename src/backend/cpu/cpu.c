/* The CPU backend's operations, each a few parallel parts; see cpu.h. */
#include "backend/cpu/cpu.h"

#include "backend/cpu/pass.h"
#include "base/checked.h"
#include "cpu/features.h"
#include "os/os.h"

#include <stdatomic.h>

/* ---- which kernels
 * ------------------------------------------------------------------------------- */

static struct {
    atomic_int state; /* 0: open, 1: being picked, 2: fixed */
    atomic_int limit; /* lnr_isa + 1; 0: none */
    lnr_kernels kernels;
    lnr_isa isa;
} picked;

/* What both this machine and some kernel of this build can use. */
static uint32_t usable_features(void) {
    size_t n_rows;
    const lnr_kernel_row *row = kernels_rows(&n_rows);
    uint32_t used = 0;
    for (size_t i = 0; i < n_rows; i++)
        used |= row[i].needs;
    return lnr_cpu_features() & used;
}

const lnr_kernels *cpu_kernels(void) {
    int open = 0;
    if (atomic_compare_exchange_strong(&picked.state, &open, 1)) {
        uint32_t features = usable_features();
        int limit = atomic_load(&picked.limit);
        if (limit)
            features &= lnr_isa_features((lnr_isa)(limit - 1));
        picked.isa = limit ? (lnr_isa)(limit - 1) : lnr_isa_highest(features);
        kernels_select(features, &picked.kernels);
        atomic_store(&picked.state, 2);
    }
    while (atomic_load(&picked.state) != 2)
        os_pause();
    return &picked.kernels;
}

const char *cpu_isa(void) {
    (void)cpu_kernels();
    return lnr_isa_name(picked.isa);
}

lnr_status cpu_isa_limit(const char *level, lnr_error *err) {
    lnr_isa isa;
    if (!lnr_isa_from_name(level, &isa))
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "isa '%s': scalar, avx2, avxvnni, avx512, avx512vnni or amx expected",
                        level);
    uint32_t need = lnr_isa_features(isa), have = usable_features();
    if (isa != LNR_ISA_scalar && lnr_isa_highest(have & need) != isa)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                        "isa '%s': this machine and build go up to %s and lack part of it", level,
                        lnr_isa_name(lnr_isa_highest(have)));
    if (atomic_load(&picked.state) != 0)
        return LNR_FAIL(err, LNR_E_BUSY, "isa '%s': kernels are in use already", level);
    atomic_store(&picked.limit, (int)isa + 1);
    return LNR_OK;
}

uint32_t cpu_default_threads(void) {
    return pool_default_workers();
}

/* ---- operations
 * ---------------------------------------------------------------------------------- */

static bool supports(lnr_type type) {
    return lnr_format_find(type) != NULL;
}

static void begin(lnr_pass *base, const lnr_step *step) {
    cpu_pass *p = cpu(base);
    p->fp_saved = os_fp_default();
    pool_bind_caller(p->pool);
    p->step = step;
    p->base.counted.n_steps++;
    p->base.counted.n_tokens += step->n_tokens;
    cpu_attn_tiles(p);
}

static void embed(lnr_pass *base, const lnr_matrix *table) {
    cpu_pass *p = cpu(base);
    size_t n = p->shape.n_embd;
    for (uint32_t t = 0; t < p->step->n_tokens; t++) {
        float *x = p->x + t * n;
        if (!cpu_matrix_row(table, (size_t)p->step->token[t], x, &p->worker[0]))
            return;
        if (p->shape.embed_scale != 1.0f)
            p->kernels->scale_f32_f32(x, n, p->shape.embed_scale);
    }
    size_t n_rows = lnr_round_up(table->n_rows, LNR_PANEL_ROWS);
    p->base.counted.weight_bytes += p->step->n_tokens * (uint64_t)(table->bytes / n_rows);
}

static void attn_in(lnr_pass *base, uint32_t layer, const attn_weights *w) {
    cpu_pass *p = cpu(base);
    product_input in = cpu_normed(p, w->norm);
    linear_job jobs[] = {{.w = &w->q, .bias = w->q_bias, .y = p->q, .ldy = p->ld_q},
                         {.w = &w->k, .bias = w->k_bias, .y = p->k, .ldy = p->ld_kv},
                         {.w = &w->v, .bias = w->v_bias, .y = p->v, .ldy = p->ld_kv}};
    cpu_linear(p, jobs, 3, &in);
    cpu_attn_store(p, layer, w);
}

/* x += in W, or x += norm(in W) */
static void project(cpu_pass *p, const lnr_matrix *w, const float *norm, const float *in,
                    size_t ld_in) {
    linear_job job = {.w = w,
                      .y = p->projected,
                      .ldy = p->ld_embd,
                      .add_to = norm ? NULL : p->x,
                      .ld_add = p->shape.n_embd};
    product_input input = {
        .x = in, .ldx = ld_in, .n_cols = w->n_cols, .n_tokens = p->step->n_tokens};
    cpu_linear(p, &job, 1, &input);
    if (norm)
        cpu_add_normed(p, norm, p->step->n_tokens);
}

static void attn_out(lnr_pass *base, const attn_weights *w) {
    cpu_pass *p = cpu(base);
    project(p, &w->out, w->out_norm, p->attended, (size_t)p->shape.n_heads * p->shape.head_dim);
}

static void ffn_in(lnr_pass *base, const ffn_weights *w) {
    cpu_pass *p = cpu(base);
    product_input in = cpu_normed(p, w->norm);
    cpu_linear_gated(p, &w->gate, &w->up, &in);
}

static void ffn_out(lnr_pass *base, const ffn_weights *w) {
    cpu_pass *p = cpu(base);
    project(p, &w->down, w->out_norm, p->gate, p->ld_ff);
}

static void head(lnr_pass *base, const float *norm, const lnr_matrix *out) {
    cpu_pass *p = cpu(base);
    size_t n = p->shape.n_embd;
    for (uint32_t i = 0; i < p->step->n_out; i++)
        p->kernels->rms_norm_f32_f32(p->x + p->step->out[i] * n, norm, n, p->shape.norm_eps,
                                     p->normed + i * n);
    product_input in = {.x = p->normed, .ldx = n, .n_cols = n, .n_tokens = p->step->n_out};
    linear_job job = {.w = out, .y = p->logits, .ldy = p->ld_vocab};
    if (p->step->n_out)
        cpu_linear(p, &job, 1, &in);
    for (uint32_t i = 0; p->shape.logits_softcap > 0.0f && i < p->step->n_out; i++)
        p->kernels->softcap_f32_f32(p->logits + i * p->ld_vocab, p->shape.n_vocab,
                                    p->shape.logits_softcap);
}

static void end(lnr_pass *base) {
    cpu_pass *p = cpu(base);
    os_fp_restore(p->fp_saved);
    for (uint32_t i = 0; i < pool_n_workers(p->pool); i++) {
        worker_state *w = &p->worker[i];
        if (w->status && base->status == LNR_OK) {
            base->status = w->status;
            base->error = w->error;
        }
        w->status = LNR_OK;
    }
}

static const float *logits(const lnr_pass *base, uint32_t idx) {
    const cpu_pass *p = (const cpu_pass *)base;
    return p->logits + idx * p->ld_vocab;
}

static bool block_max(const float *x, size_t n, float *max) {
    return cpu_kernels()->block_max_f32_f32(x, n, max);
}

static void block_moments(const float *x, size_t n, float *sum, float *squares) {
    cpu_kernels()->block_moments_f32_f32(x, n, sum, squares);
}

static void block_exp(const float *x, size_t n, float shift, float scale, float *sum) {
    cpu_kernels()->block_exp_f32_f32(x, n, shift, scale, sum);
}

static uint32_t worker_panels(const lnr_pass *base, uint64_t *panels, uint32_t n_max) {
    const cpu_pass *p = (const cpu_pass *)base;
    uint32_t n = pool_n_workers(p->pool);
    for (uint32_t i = 0; i < n && i < n_max; i++)
        panels[i] = p->worker[i].n_panels;
    return n;
}

const lnr_backend lnr_backend_cpu = {
    .name = "cpu",
    .supports = supports,
    .matrix_bytes = cpu_matrix_bytes,
    .matrix_load = cpu_matrix_load,
    .matrix_leave = cpu_matrix_leave,
    .matrix_free = cpu_matrix_free,
    .kv_block_bytes = cpu_kv_block_bytes,
    .pass_create = cpu_pass_create,
    .pass_destroy = cpu_pass_destroy,
    .begin = begin,
    .embed = embed,
    .attn_in = attn_in,
    .attention = cpu_attention,
    .attn_out = attn_out,
    .ffn_in = ffn_in,
    .ffn_out = ffn_out,
    .experts = cpu_experts,
    .head = head,
    .end = end,
    .kv_copy = cpu_kv_copy,
    .kv_rows_bytes = cpu_kv_rows_bytes,
    .kv_read = cpu_kv_read,
    .kv_write = cpu_kv_write,
    .logits = logits,
    .block_max = block_max,
    .block_moments = block_moments,
    .block_exp = block_exp,
    .worker_panels = worker_panels,
};
