/* Products with weight matrices: norm and quantise the input, then each worker computes whole
 * panels of rows for all tokens and finishes them (bias, residual, activation) while they are in
 * its cache. */
#include "backend/cpu/pass.h"
#include "base/checked.h"

#define JOBS_MAX 3

static lnr_act act_of(const lnr_matrix *w) {
    return lnr_format_find(w->type)->act;
}

/* ---- preparing the input
 * ------------------------------------------------------------------------- */

product_input cpu_normed(const cpu_pass *p, const float *weight) {
    size_t n = p->shape.n_embd;
    return (product_input){
        .x = p->normed, .ldx = n, .n_cols = n, .n_tokens = p->step->n_tokens, .norm = weight};
}

typedef struct prepare_task {
    cpu_pass *p;
    const product_input *in;
    char *out[LNR_ACT_Q8A256 + 1]; /* of the forms to make, else NULL */
} prepare_task;

static void prepare_token(const prepare_task *t, size_t i) {
    const cpu_pass *p = t->p;
    const product_input *in = t->in;
    size_t n = in->n_cols;
    if (in->norm)
        p->kernels->rms_norm_f32_f32(p->x + i * n, in->norm, n, p->shape.norm_eps,
                                     p->normed + i * n);
    for (lnr_act act = LNR_ACT_Q8A32; act <= LNR_ACT_Q8A256; act++)
        if (t->out[act])
            kernels_quantize(p->kernels, act)(in->x + i * in->ldx, n,
                                              t->out[act] + i * in->stride[act]);
}

static void prepare_worker(void *arg, uint32_t worker) {
    const prepare_task *t = arg;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(t->p->pool, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count; i++)
            prepare_token(t, i);
}

void cpu_prepare(cpu_pass *p, product_input *in, const lnr_matrix *const *w, uint32_t n_w) {
    prepare_task t = {.p = p, .in = in};
    bool any = in->norm != NULL;
    for (uint32_t i = 0; i < n_w; i++) {
        lnr_act act = act_of(w[i]);
        if (in->data[act])
            continue;
        if (act == LNR_ACT_F32) {
            in->stride[act] = in->ldx * sizeof(float);
            in->data[act] = in->x;
            continue;
        }
        t.out[act] = act == LNR_ACT_Q8A32 ? p->act_q8a32 : p->act_q8a256;
        in->stride[act] = lnr_act_stride(act, in->n_cols);
        in->data[act] = t.out[act];
        any = true;
    }
    if (any)
        pool_run(p->pool, prepare_worker, &t, in->n_tokens);
    in->norm = NULL;
}

/* ---- products
 * ------------------------------------------------------------------------------------ */

void cpu_product(const cpu_pass *p, uint32_t worker, const product_input *in, product_part part) {
    lnr_act act = act_of(part.w);
    while (part.n) {
        uint32_t n = part.n;
        const void *panels = cpu_matrix_panels(part.w, part.first, &n, &p->worker[worker]);
        if (panels == NULL)
            return;
        lnr_gemm_args a = {.w = panels,
                           .n_panels = n,
                           .n_k = part.w->n_cols,
                           .x = in->data[act],
                           .x_stride = in->stride[act],
                           .n_cols = in->n_tokens,
                           .y = part.y,
                           .ldy = part.ldy};
        kernels_gemm(p->kernels, part.w->type)(&a);
        part.first += n;
        part.n -= n;
        part.y += n * LNR_PANEL_ROWS;
    }
}

/* Bias, then residual, on the rows of n panels from panel. */
static void finish(const cpu_pass *p, const linear_job *j, uint32_t n_tokens, uint32_t panel,
                   uint32_t n) {
    size_t row = (size_t)panel * LNR_PANEL_ROWS, n_rows = (size_t)n * LNR_PANEL_ROWS;
    if (row + n_rows > j->w->n_rows)
        n_rows = j->w->n_rows - row;
    for (uint32_t t = 0; t < n_tokens; t++) {
        float *y = j->y + t * j->ldy + row;
        if (j->bias)
            p->kernels->add_f32_f32(y, j->bias + row, n_rows);
        if (j->add_to)
            p->kernels->add_f32_f32(j->add_to + t * j->ld_add + row, y, n_rows);
    }
}

typedef struct linear_task {
    cpu_pass *p;
    const product_input *in;
    const linear_job *job; /* (n_jobs): their panels one after the other are the items */
    uint32_t n_jobs;
    uint32_t n_panels[JOBS_MAX];
} linear_task;

static void linear_worker(void *arg, uint32_t worker) {
    const linear_task *t = arg;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(t->p->pool, worker, &share, &first, &count)) {
        t->p->worker[worker].n_panels += count;
        for (uint32_t i = 0; i < t->n_jobs && count; i++) {
            if (first >= t->n_panels[i]) {
                first -= t->n_panels[i];
                continue;
            }
            uint32_t n = t->n_panels[i] - first < count ? t->n_panels[i] - first : count;
            const linear_job *j = &t->job[i];
            product_part part = {j->w, first, n, j->y + first * LNR_PANEL_ROWS, j->ldy};
            cpu_product(t->p, worker, t->in, part);
            finish(t->p, j, t->in->n_tokens, first, n);
            first = 0;
            count -= n;
        }
    }
}

void cpu_note_product(cpu_pass *p, const lnr_matrix *w, uint32_t expert, uint32_t n_experts,
                      const product_input *in) {
    uint64_t macs = (uint64_t)w->n_rows / n_experts * w->n_cols * in->n_tokens;
    p->base.counted.weight_bytes += w->bytes / n_experts;
    if (act_of(w) == LNR_ACT_F32)
        p->base.counted.f32_macs += macs;
    else
        p->base.counted.int8_macs += macs;
    if (p->options.on_product)
        p->options.on_product(w, expert, in->x, in->ldx, in->n_tokens, p->options.user);
}

void cpu_linear(cpu_pass *p, const linear_job *jobs, uint32_t n_jobs, product_input *in) {
    LNR_ASSERT(n_jobs <= JOBS_MAX);
    linear_task t = {.p = p, .in = in, .job = jobs, .n_jobs = n_jobs};
    const lnr_matrix *w[JOBS_MAX] = {NULL};
    uint32_t n_panels = 0;
    for (uint32_t i = 0; i < n_jobs; i++) {
        w[i] = jobs[i].w;
        t.n_panels[i] = (uint32_t)lnr_div_up(w[i]->n_rows, LNR_PANEL_ROWS);
        n_panels += t.n_panels[i];
    }
    cpu_prepare(p, in, w, n_jobs);
    for (uint32_t i = 0; i < n_jobs; i++)
        cpu_note_product(p, w[i], 0, 1, in);
    pool_run(p->pool, linear_worker, &t, n_panels);
}

void cpu_gate(const cpu_pass *p, float *gate, const float *up, uint32_t n_tokens, size_t n) {
    lnr_silu_mul_fn *activate =
        p->shape.gate == GATE_GELU ? p->kernels->gelu_mul_f32_f32 : p->kernels->silu_mul_f32_f32;
    for (uint32_t i = 0; i < n_tokens; i++)
        activate(gate + i * p->ld_ff, up + i * p->ld_ff, n, gate + i * p->ld_ff);
}

typedef struct gated_task {
    cpu_pass *p;
    const product_input *in;
    const lnr_matrix *gate, *up;
} gated_task;

static void gated_worker(void *arg, uint32_t worker) {
    const gated_task *t = arg;
    cpu_pass *p = t->p;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(p->pool, worker, &share, &first, &count)) {
        p->worker[worker].n_panels += 2 * (uint64_t)count;
        size_t row = (size_t)first * LNR_PANEL_ROWS;
        product_part gate = {t->gate, first, count, p->gate + row, p->ld_ff};
        product_part up = {t->up, first, count, p->up + row, p->ld_ff};
        cpu_product(p, worker, t->in, gate);
        cpu_product(p, worker, t->in, up);
        cpu_gate(p, p->gate + row, p->up + row, t->in->n_tokens, (size_t)count * LNR_PANEL_ROWS);
    }
}

void cpu_linear_gated(cpu_pass *p, const lnr_matrix *gate, const lnr_matrix *up,
                      product_input *in) {
    const lnr_matrix *w[] = {gate, up};
    cpu_prepare(p, in, w, 2);
    cpu_note_product(p, gate, 0, 1, in);
    cpu_note_product(p, up, 0, 1, in);
    gated_task t = {p, in, gate, up};
    pool_run(p->pool, gated_worker, &t, (uint32_t)lnr_div_up(gate->n_rows, LNR_PANEL_ROWS));
}

/* ---- norm
 * ---------------------------------------------------------------------------------------- */

typedef struct norm_task {
    cpu_pass *p;
    const float *weight;
} norm_task;

static void add_normed_worker(void *arg, uint32_t worker) {
    const norm_task *t = arg;
    cpu_pass *p = t->p;
    size_t n = p->shape.n_embd;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(p->pool, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count; i++) {
            float *y = p->projected + i * p->ld_embd;
            p->kernels->rms_norm_f32_f32(y, t->weight, n, p->shape.norm_eps, y);
            p->kernels->add_f32_f32(p->x + i * n, y, n);
        }
}

void cpu_add_normed(cpu_pass *p, const float *weight, uint32_t n_tokens) {
    norm_task t = {p, weight};
    pool_run(p->pool, add_normed_worker, &t, n_tokens);
}
