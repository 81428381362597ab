/* Attention over the cache: rope and store, then chunks of 128 positions for all queries of a kv
 * head.
 *
 * A tile is a few consecutive tokens of one sequence; with the query heads that share a kv head it
 * gives the kernel enough queries to use each loaded key and value several times. Chunks are
 * counted from position 0 and merged left to right, whatever the tile, so the bits do not depend on
 * how a prompt was cut.
 *
 * A single token at a large position has too few heads to keep the workers busy: its chunks are
 * then computed side by side and merged afterwards, in the same order. */
#include "backend/cpu/pass.h"
#include "base/checked.h"
#include "base/f16.h"

#include <string.h>

/* ---- rope and store
 * ------------------------------------------------------------------------------ */

static void rotate(const cpu_pass *p, float *x, uint32_t n_heads, const float *c, const float *s) {
    bool halves = p->shape.rope == ROPE_HALVES;
    lnr_rope_norm_fn *rope = halves ? p->kernels->rope_neox_f32_f32 : p->kernels->rope_norm_f32_f32;
    for (uint32_t h = 0; h < n_heads; h++)
        rope(x + (size_t)h * p->shape.head_dim, p->shape.n_rot, c, s);
}

/* RMSNorm of each head, in place. */
static void norm_heads(const cpu_pass *p, float *x, uint32_t n_heads, const float *weight) {
    size_t dim = p->shape.head_dim;
    for (uint32_t h = 0; weight && h < n_heads; h++)
        p->kernels->rms_norm_f32_f32(x + h * dim, weight, dim, p->shape.norm_eps, x + h * dim);
}

static void store_token(const cpu_pass *p, uint32_t layer, const attn_weights *w, uint32_t t) {
    const model_shape *s = &p->shape;
    const lnr_step *step = p->step;
    uint32_t pos = step->pos[t], at = pos % KV_BLOCK_TOKENS;
    uint32_t block = step->block[step->seq[t]][pos / KV_BLOCK_TOKENS];
    size_t dim = s->head_dim;
    size_t angles =
        ((size_t)(s->rope_set ? s->rope_set[layer] : 0) * step->n_tokens + t) * (s->n_rot / 2);
    const float *c = step->rope_cos + angles, *sn = step->rope_sin + angles;
    float *q = p->q + t * p->ld_q, *k = p->k + t * p->ld_kv;
    const float *v = p->v + t * p->ld_kv;
    norm_heads(p, q, s->n_heads, w->q_norm);
    norm_heads(p, k, s->n_heads_kv, w->k_norm);
    rotate(p, q, s->n_heads, c, sn);
    rotate(p, k, s->n_heads_kv, c, sn);
    p->kernels->scale_f32_f32(q, s->n_heads * dim, s->attn_scale);
    for (uint32_t h = 0; h < s->n_heads_kv; h++) {
        uint16_t *kb = cpu_kv_block(p, layer, block, 0, h) + at;
        uint16_t *vb = cpu_kv_block(p, layer, block, 1, h) + at * dim;
        for (size_t d = 0; d < dim; d++) {
            kb[d * KV_BLOCK_TOKENS] = lnr_f32_to_f16(k[h * dim + d]);
            vb[d] = lnr_f32_to_f16(v[h * dim + d]);
        }
    }
}

typedef struct layer_task {
    cpu_pass *p;
    uint32_t layer;
    const attn_weights *weights;    /* while storing */
    uint32_t window;                /* of the layer; 0: none */
    uint32_t first_chunk, n_chunks; /* of the one token, where chunks are the items */
} layer_task;

/* The first position that a token at pos sees. */
static uint32_t seen_from(const layer_task *t, uint32_t pos) {
    return t->window && pos >= t->window ? pos - t->window + 1 : 0;
}

static void store_worker(void *arg, uint32_t worker) {
    const layer_task *t = arg;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(t->p->pool, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count; i++)
            store_token(t->p, t->layer, t->weights, i);
}

void cpu_attn_store(cpu_pass *p, uint32_t layer, const attn_weights *w) {
    layer_task t = {.p = p, .layer = layer, .weights = w};
    pool_run(p->pool, store_worker, &t, p->step->n_tokens);
}

/* ---- one chunk
 * ----------------------------------------------------------------------------------- */

/* Where a chunk's result goes. */
typedef struct chunk_out {
    float *m, *l, *o;
} chunk_out;

/* A position relative to a chunk that begins at base, cut to 0..LNR_ATTN_CHUNK. */
static uint32_t in_chunk(uint32_t pos, uint32_t base) {
    if (pos <= base)
        return 0;
    return pos - base < LNR_ATTN_CHUNK ? pos - base : LNR_ATTN_CHUNK;
}

/* Chunk `chunk` of kv head `head` for the n_queries of w->q, which are tokens first.. with group
 * heads. */
static void run_chunk(const cpu_pass *p, worker_state *w, const layer_task *t,
                      const attn_tile *tile, uint32_t head, uint32_t chunk, const chunk_out *out) {
    uint32_t group = p->shape.n_heads / p->shape.n_heads_kv;
    const uint32_t *pos = p->step->pos + tile->first;
    const uint32_t *block = p->step->block[p->step->seq[tile->first]];
    uint32_t base = chunk * LNR_ATTN_CHUNK, last = pos[tile->count - 1];
    const uint16_t *k[2] = {NULL, NULL}, *v[2] = {NULL, NULL};
    for (uint32_t i = 0; i < 2 && base + i * KV_BLOCK_TOKENS <= last; i++) {
        uint32_t id = block[base / KV_BLOCK_TOKENS + i];
        k[i] = cpu_kv_block(p, t->layer, id, 0, head);
        v[i] = cpu_kv_block(p, t->layer, id, 1, head);
    }
    for (uint32_t i = 0; i < tile->count; i++) {
        uint32_t lo = in_chunk(seen_from(t, pos[i]), base), hi = in_chunk(pos[i] + 1, base);
        for (uint32_t g = 0; g < group; g++) {
            w->lo[i * group + g] = (uint16_t)lo;
            w->hi[i * group + g] = (uint16_t)hi;
        }
    }
    lnr_attn_chunk_args a = {.q = w->q,
                             .n_q = (size_t)tile->count * group,
                             .head_dim = p->shape.head_dim,
                             .k = k,
                             .v = v,
                             .lo = w->lo,
                             .hi = w->hi,
                             .softcap = p->shape.attn_softcap,
                             .m = out->m,
                             .l = out->l,
                             .o = out->o};
    p->kernels->attn_chunk_f16_f32(&a);
}

/* Copies the queries of a tile for one kv head side by side. */
static void gather_queries(const cpu_pass *p, worker_state *w, const attn_tile *tile,
                           uint32_t head) {
    size_t n = (size_t)(p->shape.n_heads / p->shape.n_heads_kv) * p->shape.head_dim;
    for (uint32_t i = 0; i < tile->count; i++)
        memcpy(w->q + i * n, p->q + (tile->first + i) * p->ld_q + head * n, n * sizeof *w->q);
}

/* o / l for the queries of one token and kv head. */
static void write_result(const cpu_pass *p, uint32_t token, uint32_t head, const float *l,
                         const float *o) {
    uint32_t group = p->shape.n_heads / p->shape.n_heads_kv;
    size_t dim = p->shape.head_dim;
    float *out = p->attended + (token * (size_t)p->shape.n_heads + (size_t)head * group) * dim;
    for (uint32_t g = 0; g < group; g++)
        for (size_t d = 0; d < dim; d++)
            out[g * dim + d] = o[g * dim + d] / l[g];
}

/* ---- tiles: all chunks of a tile and kv head on one worker
 * --------------------------------------- */

static void run_tile(const layer_task *t, worker_state *w, const attn_tile *tile, uint32_t head) {
    const cpu_pass *p = t->p;
    uint32_t group = p->shape.n_heads / p->shape.n_heads_kv;
    uint32_t first = seen_from(t, p->step->pos[tile->first]) / LNR_ATTN_CHUNK;
    uint32_t last = p->step->pos[tile->first + tile->count - 1] / LNR_ATTN_CHUNK;
    size_t dim = p->shape.head_dim, n_q = (size_t)tile->count * group;
    gather_queries(p, w, tile, head);
    memset(w->l, 0, n_q * sizeof *w->l);
    chunk_out part = {w->m_chunk, w->l_chunk, w->o_chunk};
    lnr_attn_merge_args merge = {n_q, dim, w->m, w->l, w->o, part.m, part.l, part.o};
    for (uint32_t c = first; c <= last; c++) {
        run_chunk(p, w, t, tile, head, c, &part);
        p->kernels->attn_merge_f32_f32(&merge);
    }
    for (uint32_t i = 0; i < tile->count; i++)
        write_result(p, tile->first + i, head, w->l + i * group, w->o + i * group * dim);
}

static void tile_worker(void *arg, uint32_t worker) {
    const layer_task *t = arg;
    cpu_pass *p = t->p;
    pool_share share = {0};
    uint32_t first, count, n_kv = p->shape.n_heads_kv;
    while (pool_take(p->pool, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count; i++)
            run_tile(t, &p->worker[worker], &p->tile[i / n_kv], i % n_kv);
}

/* ---- chunks: one token, its chunks on all workers
 * ------------------------------------------------ */

static chunk_out part_of(const cpu_pass *p, uint32_t head, uint32_t chunk) {
    size_t group = p->shape.n_heads / p->shape.n_heads_kv;
    size_t at = ((size_t)head * p->n_chunks_max + chunk) * group;
    return (chunk_out){p->part_m + at, p->part_l + at, p->part_o + at * p->shape.head_dim};
}

static void chunk_worker(void *arg, uint32_t worker) {
    const layer_task *t = arg;
    cpu_pass *p = t->p;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(p->pool, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count; i++) {
            uint32_t head = i / t->n_chunks, chunk = i % t->n_chunks;
            chunk_out out = part_of(p, head, chunk);
            gather_queries(p, &p->worker[worker], &p->tile[0], head);
            run_chunk(p, &p->worker[worker], t, &p->tile[0], head, t->first_chunk + chunk, &out);
        }
}

static void merge_worker(void *arg, uint32_t worker) {
    const layer_task *t = arg;
    cpu_pass *p = t->p;
    worker_state *w = &p->worker[worker];
    size_t group = p->shape.n_heads / p->shape.n_heads_kv, dim = p->shape.head_dim;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(p->pool, worker, &share, &first, &count))
        for (uint32_t head = first; head < first + count; head++) {
            memset(w->l, 0, group * sizeof *w->l);
            for (uint32_t c = 0; c < t->n_chunks; c++) {
                chunk_out part = part_of(p, head, c);
                lnr_attn_merge_args a = {group, dim, w->m, w->l, w->o, part.m, part.l, part.o};
                p->kernels->attn_merge_f32_f32(&a);
            }
            write_result(p, 0, head, w->l, w->o);
        }
}

void cpu_attn_tiles(cpu_pass *p) {
    const lnr_step *s = p->step;
    uint32_t group = p->shape.n_heads / p->shape.n_heads_kv;
    uint32_t most = ATTN_QUERIES / group ? ATTN_QUERIES / group : 1;
    p->n_tiles = 0;
    for (uint32_t t = 0; t < s->n_tokens;) {
        uint32_t n = 1;
        while (n < most && t + n < s->n_tokens && s->seq[t + n] == s->seq[t])
            n++;
        p->tile[p->n_tiles++] = (attn_tile){t, n};
        t += n;
    }
}

/* A tile reads K and V up to its last position once for all of its queries. */
static void count_attention(cpu_pass *p) {
    const model_shape *s = &p->shape;
    uint64_t cell = 2 * (uint64_t)s->head_dim * s->n_heads_kv * sizeof *p->kv;
    for (uint32_t i = 0; i < p->n_tiles; i++) {
        const uint32_t *pos = p->step->pos + p->tile[i].first;
        p->base.counted.kv_bytes += cell * (pos[p->tile[i].count - 1] + 1);
        for (uint32_t t = 0; t < p->tile[i].count; t++)
            p->base.counted.f32_macs += 2 * (uint64_t)s->head_dim * s->n_heads * (pos[t] + 1);
    }
}

void cpu_attention(lnr_pass *base, uint32_t layer) {
    cpu_pass *p = cpu(base);
    count_attention(p);
    uint32_t n_kv = p->shape.n_heads_kv, n_workers = pool_n_workers(p->pool);
    layer_task t = {.p = p, .layer = layer, .window = p->shape.window ? p->shape.window[layer] : 0};
    t.first_chunk = seen_from(&t, p->step->pos[0]) / LNR_ATTN_CHUNK;
    t.n_chunks = p->step->pos[0] / LNR_ATTN_CHUNK + 1 - t.first_chunk;
    if (p->step->n_tokens == 1 && t.n_chunks > 1 && n_kv < 4 * n_workers) {
        pool_run(p->pool, chunk_worker, &t, n_kv * t.n_chunks);
        pool_run(p->pool, merge_worker, &t, n_kv);
    } else {
        pool_run(p->pool, tile_worker, &t, p->n_tiles * n_kv);
    }
}
