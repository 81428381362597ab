/* A mixture of experts: route each token, then compute every chosen expert once for all its tokens.
 *
 * The one idea: a slot is one (token, chosen expert) pair, and slots lie in order of expert. So an
 * expert's tokens are consecutive rows, its weights are read once whatever the batch, and all
 * experts of a layer are one list of panels that the workers share. Each token's results are added
 * in ascending order of expert, so its bits do not depend on who came with it. */
#include "backend/cpu/pass.h"
#include "base/checked.h"
#include "base/math.h"

#include <string.h>

/* The step's products for one layer. */
typedef struct moe_task {
    cpu_pass *p;
    const moe_weights *w;
    product_input in;  /* gate's and up's input, then down's: rows are slots */
    uint32_t n_panels; /* of one expert's matrix */
} moe_task;

/* ---- routing
 * ------------------------------------------------------------------------------------- */

/* The n_used experts of the highest scores, ties to the lower id, in ascending order. */
static void choose(const float *score, uint32_t n_experts, uint32_t n_used, uint32_t *chosen) {
    for (uint32_t i = 0; i < n_used; i++) {
        uint32_t best = n_experts, at = i;
        for (uint32_t e = 0, j = 0; e < n_experts; e++) {
            while (j < i && chosen[j] < e)
                j++;
            bool taken = j < i && chosen[j] == e;
            if (!taken && (best == n_experts || score[e] > score[best]))
                best = e;
        }
        for (; at > 0 && chosen[at - 1] > best; at--)
            chosen[at] = chosen[at - 1];
        chosen[at] = best;
    }
}

/* Softmax over the chosen ones: that over all, divided by the sum of theirs. */
static void weigh(const float *score, const uint32_t *chosen, uint32_t n_used, float *weight) {
    float best = score[chosen[0]], sum = 0.0f;
    for (uint32_t i = 1; i < n_used; i++)
        best = score[chosen[i]] > best ? score[chosen[i]] : best;
    for (uint32_t i = 0; i < n_used; i++) {
        weight[i] = lnr_expf(score[chosen[i]] - best);
        sum += weight[i];
    }
    for (uint32_t i = 0; i < n_used; i++)
        weight[i] /= sum;
}

static void route_worker(void *arg, uint32_t worker) {
    cpu_pass *p = ((const moe_task *)arg)->p;
    uint32_t n_used = p->shape.n_experts_used, first, count;
    pool_share share = {0};
    while (pool_take(p->pool, worker, &share, &first, &count))
        for (size_t t = first; t < first + count; t++) {
            const float *score = p->moe.score + t * p->moe.ld_score;
            uint32_t *chosen = p->moe.chosen + t * n_used;
            choose(score, p->shape.n_experts, n_used, chosen);
            weigh(score, chosen, n_used, p->moe.weight + t * n_used);
        }
}

/* Gives every (token, expert) its slot: a counting sort by expert that keeps tokens in order. */
static void place_slots(cpu_pass *p) {
    cpu_moe *m = &p->moe;
    uint32_t n_experts = p->shape.n_experts, n_used = p->shape.n_experts_used;
    uint32_t n_slots = p->step->n_tokens * n_used;
    memset(m->first, 0, (n_experts + 1) * sizeof *m->first);
    for (uint32_t i = 0; i < n_slots; i++)
        m->first[m->chosen[i] + 1]++;
    m->n_active = 0;
    for (uint32_t e = 0; e < n_experts; e++) {
        if (m->first[e + 1])
            m->active[m->n_active++] = e;
        m->first[e + 1] += m->first[e];
        m->next[e] = m->first[e];
    }
    for (uint32_t i = 0; i < n_slots; i++) {
        m->slot[i] = m->next[m->chosen[i]]++;
        m->token[m->slot[i]] = i / n_used;
    }
}

/* ---- products
 * ------------------------------------------------------------------------------------ */

/* The rows of in that are an expert's slots. */
static product_input rows_of(const cpu_pass *p, const product_input *in, uint32_t expert) {
    product_input rows = *in;
    uint32_t first = p->moe.first[expert];
    rows.x += first * rows.ldx;
    rows.n_tokens = p->moe.first[expert + 1] - first;
    for (size_t act = 0; act <= LNR_ACT_Q8A256; act++)
        if (rows.data[act])
            rows.data[act] = (const char *)rows.data[act] + first * rows.stride[act];
    return rows;
}

/* Panels first.. of one expert for its tokens. */
static void gate_and_up(moe_task *t, uint32_t worker, uint32_t expert, uint32_t first, uint32_t n) {
    cpu_pass *p = t->p;
    product_input in = rows_of(p, &t->in, expert);
    size_t at = p->moe.first[expert] * p->ld_ff + first * LNR_PANEL_ROWS;
    uint32_t panel = expert * t->n_panels + first; /* an expert's rows are whole panels */
    product_part gate = {&t->w->gate, panel, n, p->gate + at, p->ld_ff};
    product_part up = {&t->w->up, panel, n, p->up + at, p->ld_ff};
    cpu_product(p, worker, &in, gate);
    cpu_product(p, worker, &in, up);
    cpu_gate(p, gate.y, up.y, in.n_tokens, n * LNR_PANEL_ROWS);
}

static void down(moe_task *t, uint32_t worker, uint32_t expert, uint32_t first, uint32_t n) {
    cpu_pass *p = t->p;
    product_input in = rows_of(p, &t->in, expert);
    float *y = p->moe.out + p->moe.first[expert] * p->ld_embd + first * LNR_PANEL_ROWS;
    product_part part = {&t->w->down, expert * t->n_panels + first, n, y, p->ld_embd};
    cpu_product(p, worker, &in, part);
}

/* Items are the active experts' panels, one expert after the other. */
static void each_panel(moe_task *t, uint32_t worker, uint32_t n_matrices,
                       void (*run)(moe_task *t, uint32_t worker, uint32_t expert, uint32_t first,
                                   uint32_t n)) {
    cpu_pass *p = t->p;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(p->pool, worker, &share, &first, &count)) {
        p->worker[worker].n_panels += (uint64_t)n_matrices * count;
        while (count) {
            uint32_t at = first % t->n_panels, left = t->n_panels - at;
            uint32_t n = left < count ? left : count;
            run(t, worker, p->moe.active[first / t->n_panels], at, n);
            first += n;
            count -= n;
        }
    }
}

static void gate_worker(void *arg, uint32_t worker) {
    each_panel(arg, worker, 2, gate_and_up);
}

static void down_worker(void *arg, uint32_t worker) {
    each_panel(arg, worker, 1, down);
}

/* ---- the layer
 * ----------------------------------------------------------------------------------- */

static void gather_worker(void *arg, uint32_t worker) {
    cpu_pass *p = ((const moe_task *)arg)->p;
    size_t n = p->shape.n_embd;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(p->pool, worker, &share, &first, &count))
        for (size_t s = first; s < first + count; s++)
            memcpy(p->moe.in + s * n, p->normed + p->moe.token[s] * n, n * sizeof *p->moe.in);
}

static void combine_worker(void *arg, uint32_t worker) {
    cpu_pass *p = ((const moe_task *)arg)->p;
    size_t n = p->shape.n_embd;
    uint32_t n_used = p->shape.n_experts_used, first, count;
    pool_share share = {0};
    while (pool_take(p->pool, worker, &share, &first, &count))
        for (size_t t = first; t < first + count; t++)
            for (size_t i = t * n_used; i < (t + 1) * n_used; i++) {
                float *y = p->moe.out + p->moe.slot[i] * p->ld_embd;
                p->kernels->scale_f32_f32(y, n, p->moe.weight[i]);
                p->kernels->add_f32_f32(p->x + t * n, y, n);
            }
}

static void note_products(moe_task *t, const lnr_matrix *w) {
    cpu_pass *p = t->p;
    for (uint32_t i = 0; i < p->moe.n_active; i++) {
        product_input in = rows_of(p, &t->in, p->moe.active[i]);
        cpu_note_product(p, w, p->moe.active[i], p->shape.n_experts, &in);
    }
}

void cpu_experts(lnr_pass *base, const moe_weights *w) {
    cpu_pass *p = cpu(base);
    const model_shape *s = &p->shape;
    uint32_t n_tokens = p->step->n_tokens, n_slots = n_tokens * s->n_experts_used;
    moe_task t = {.p = p, .w = w, .n_panels = s->n_ff / LNR_PANEL_ROWS};
    product_input in = cpu_normed(p, w->norm);
    linear_job route = {.w = &w->router, .y = p->moe.score, .ldy = p->moe.ld_score};
    cpu_linear(p, &route, 1, &in);
    pool_run(p->pool, route_worker, &t, n_tokens);
    place_slots(p);

    pool_run(p->pool, gather_worker, &t, n_slots);
    t.in =
        (product_input){.x = p->moe.in, .ldx = s->n_embd, .n_cols = s->n_embd, .n_tokens = n_slots};
    note_products(&t, &w->gate);
    note_products(&t, &w->up);
    cpu_prepare(p, &t.in, (const lnr_matrix *[]){&w->gate, &w->up}, 2);
    pool_run(p->pool, gate_worker, &t, p->moe.n_active * t.n_panels);

    t.in = (product_input){.x = p->gate, .ldx = p->ld_ff, .n_cols = s->n_ff, .n_tokens = n_slots};
    t.n_panels = s->n_embd / LNR_PANEL_ROWS;
    note_products(&t, &w->down);
    cpu_prepare(p, &t.in, (const lnr_matrix *[]){&w->down}, 1);
    pool_run(p->pool, down_worker, &t, p->moe.n_active * t.n_panels);
    pool_run(p->pool, combine_worker, &t, n_tokens);
}
