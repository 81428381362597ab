/* Creating and freeing the CPU backend's state: sizes first, then one allocation each for scratch
 * and KV. */
#include "backend/cpu/pass.h"

#include "base/alloc.h"
#include "base/checked.h"
#include "os/os.h"

/* Read and packed at a time of a matrix that is left in its file: within a core's own cache. */
#define FILE_PIECE_BYTES ((size_t)256 << 10)

/* Hands out parts of the scratch block. Run twice: with base NULL to measure, then to place. */
typedef struct carver {
    char *base;
    size_t used;
    bool overflow;
} carver;

static void *carve(carver *c, size_t n, size_t item_bytes) {
    size_t bytes, end;
    if (!lnr_mul_size(n, item_bytes, &bytes) || bytes > SIZE_MAX / 4 ||
        !lnr_add_size(c->used, lnr_round_up(bytes, 64), &end)) {
        c->overflow = true;
        return NULL;
    }
    void *p = c->base ? c->base + c->used : NULL;
    c->used = end;
    return p;
}

static size_t max_size(size_t a, size_t b) {
    return a > b ? a : b;
}

static void carve_worker(carver *c, const cpu_pass *p, worker_state *w) {
    size_t n = p->n_queries_max, dim = p->shape.head_dim;
    worker_state s = {0};
    s.q = carve(c, n * dim, sizeof *s.q);
    s.o = carve(c, n * dim, sizeof *s.o);
    s.o_chunk = carve(c, n * dim, sizeof *s.o_chunk);
    s.p = carve(c, n * LNR_ATTN_CHUNK, sizeof *s.p);
    s.wide = carve(c, LNR_ATTN_BLOCK * dim, sizeof *s.wide);
    s.m = carve(c, n, sizeof *s.m);
    s.l = carve(c, n, sizeof *s.l);
    s.m_chunk = carve(c, n, sizeof *s.m_chunk);
    s.l_chunk = carve(c, n, sizeof *s.l_chunk);
    s.lo = carve(c, n, sizeof *s.lo);
    s.hi = carve(c, n, sizeof *s.hi);
    if (p->shape.file_panel_bytes) {
        s.piece_bytes = max_size(p->shape.file_panel_bytes, FILE_PIECE_BYTES);
        s.rows = carve(c, s.piece_bytes, 1);
        s.panels = carve(c, s.piece_bytes, 1);
    }
    if (c->base)
        *w = s;
}

static void carve_moe(carver *c, cpu_pass *p, size_t n_slots) {
    const model_shape *s = &p->shape;
    cpu_moe *m = &p->moe;
    m->score = carve(c, p->options.n_ubatch * m->ld_score, sizeof *m->score);
    m->chosen = carve(c, n_slots, sizeof *m->chosen);
    m->weight = carve(c, n_slots, sizeof *m->weight);
    m->slot = carve(c, n_slots, sizeof *m->slot);
    m->token = carve(c, n_slots, sizeof *m->token);
    m->first = carve(c, s->n_experts + 1, sizeof *m->first);
    m->next = carve(c, s->n_experts, sizeof *m->next);
    m->active = carve(c, s->n_experts, sizeof *m->active);
    m->in = carve(c, n_slots * s->n_embd, sizeof *m->in);
    m->out = carve(c, n_slots * p->ld_embd, sizeof *m->out);
}

static void carve_all(carver *c, cpu_pass *p) {
    const model_shape *s = &p->shape;
    size_t n = p->options.n_ubatch, n_att = (size_t)s->n_heads * s->head_dim;
    size_t n_slots = s->n_experts ? n * s->n_experts_used : n;
    size_t widest = max_size(max_size(s->n_embd, s->n_ff), n_att);
    p->x = carve(c, n * s->n_embd, sizeof *p->x);
    p->normed = carve(c, n * s->n_embd, sizeof *p->normed);
    p->q = carve(c, n * p->ld_q, sizeof *p->q);
    p->k = carve(c, n * p->ld_kv, sizeof *p->k);
    p->v = carve(c, n * p->ld_kv, sizeof *p->v);
    p->attended = carve(c, n * n_att, sizeof *p->attended);
    p->gate = carve(c, n_slots * p->ld_ff, sizeof *p->gate);
    p->up = carve(c, n_slots * p->ld_ff, sizeof *p->up);
    p->projected = carve(c, n * p->ld_embd, sizeof *p->projected);
    p->logits = carve(c, p->options.n_out_max * p->ld_vocab, sizeof *p->logits);
    p->act_q8a32 = carve(c, n_slots, lnr_act_stride(LNR_ACT_Q8A32, widest));
    p->act_q8a256 = carve(c, n_slots, lnr_act_stride(LNR_ACT_Q8A256, widest));
    if (s->n_experts)
        carve_moe(c, p, n_slots);
    p->tile = carve(c, n, sizeof *p->tile);
    size_t n_parts = (size_t)s->n_heads * p->n_chunks_max * p->n_split_max;
    p->part_m = carve(c, n_parts, sizeof *p->part_m);
    p->part_l = carve(c, n_parts, sizeof *p->part_l);
    p->part_o = carve(c, n_parts * s->head_dim, sizeof *p->part_o);
    p->part_missing = carve(c, (size_t)p->n_split_max * s->n_heads_kv, sizeof *p->part_missing);
    p->worker = carve(c, p->options.n_threads, sizeof *p->worker);
    for (uint32_t i = 0; i < p->options.n_threads; i++)
        carve_worker(c, p, c->base ? &p->worker[i] : NULL);
}

static void set_sizes(cpu_pass *p) {
    const model_shape *s = &p->shape;
    uint32_t group = s->n_heads / s->n_heads_kv;
    p->ld_q = lnr_round_up((size_t)s->n_heads * s->head_dim, LNR_PANEL_ROWS);
    p->ld_kv = lnr_round_up((size_t)s->n_heads_kv * s->head_dim, LNR_PANEL_ROWS);
    p->ld_ff = lnr_round_up(s->n_ff, LNR_PANEL_ROWS);
    p->ld_embd = lnr_round_up(s->n_embd, LNR_PANEL_ROWS);
    p->moe.ld_score = lnr_round_up(s->n_experts, LNR_PANEL_ROWS);
    p->ld_vocab = lnr_round_up(s->n_vocab, LNR_PANEL_ROWS);
    p->n_queries_max = group > ATTN_QUERIES ? group : ATTN_QUERIES;
    p->n_chunks_max = (uint32_t)lnr_div_up(p->options.n_ctx, LNR_ATTN_CHUNK);
    /* With more tokens than that, tiles and kv heads are items enough. */
    p->n_split_max = 2 * p->options.n_threads / s->n_heads_kv;
    p->n_split_max = p->n_split_max > ATTN_SPLIT_TOKENS ? ATTN_SPLIT_TOKENS : p->n_split_max;
    p->n_split_max = p->n_split_max ? p->n_split_max : 1;
}

static lnr_status allocate(cpu_pass *p, lnr_error *err) {
    carver c = {0};
    carve_all(&c, p);
    size_t kv_bytes;
    if (c.overflow || !cpu_kv_bytes(p, &kv_bytes))
        return LNR_FAIL(err, LNR_E_NOMEM,
                        "a context of %u tokens in steps of %u needs more memory than "
                        "can be addressed",
                        p->options.n_ctx, p->options.n_ubatch);
    uint64_t available = os_memory_available();
    if (available && c.used + kv_bytes > available)
        return LNR_FAIL(
            err, LNR_E_NOMEM,
            "a context of %u tokens takes %zu MiB and scratch %zu MiB, %llu MiB are free; "
            "a smaller ctx or ubatch needs less",
            p->options.n_ctx, kv_bytes >> 20, c.used >> 20, (unsigned long long)(available >> 20));
    p->base.scratch_bytes = c.used;
    p->base.kv_bytes = kv_bytes;
    p->scratch = os_memory_alloc(c.used);
    p->kv = os_memory_alloc(kv_bytes);
    if (p->scratch == NULL || p->kv == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %zu MiB of KV and %zu MiB of scratch",
                        kv_bytes >> 20, c.used >> 20);
    c = (carver){.base = p->scratch};
    carve_all(&c, p);
    return LNR_OK;
}

lnr_status cpu_pass_create(const model_shape *shape, const pass_options *o, lnr_pass **out,
                           lnr_error *err) {
    *out = NULL;
    cpu_pass *p = lnr_new(cpu_pass);
    if (p == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a pass");
    p->base.backend = &lnr_backend_cpu;
    p->shape = *shape;
    p->options = *o;
    p->kernels = cpu_kernels();
    set_sizes(p);
    lnr_status st = cpu_kv_set_sides(p, err);
    if (st == LNR_OK)
        st = pool_create(o->n_threads, &p->pool, err);
    if (st == LNR_OK)
        st = allocate(p, err);
    if (st) {
        cpu_pass_destroy(&p->base);
        return st;
    }
    *out = &p->base;
    return LNR_OK;
}

void cpu_pass_destroy(lnr_pass *base) {
    cpu_pass *p = cpu(base);
    pool_destroy(p->pool);
    os_memory_free(p->scratch, p->base.scratch_bytes);
    os_memory_free(p->kv, p->base.kv_bytes);
    lnr_free(p);
}
