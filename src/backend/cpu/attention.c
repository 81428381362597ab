/* Attention over the cache: rope and store, then chunks of 128 positions for all queries of a kv
 * head.
 *
 * A tile is a few consecutive tokens of one sequence; with the query heads that share a kv head it
 * gives the kernels enough queries to use each loaded key and value several times. Chunks are
 * counted from position 0 and merged left to right, whatever the tile, so the bits do not depend on
 * how a prompt was cut.
 *
 * A few tokens at large positions have too few heads to keep the workers busy: their chunks are
 * then computed side by side, and whoever computes the last one of a tile and head merges them, in
 * the same order. */
#include "backend/cpu/pass.h"
#include "base/checked.h"

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

static void store_token(const cpu_pass *p, worker_state *worker, uint32_t layer,
                        const attn_weights *w, uint32_t t) {
    const model_shape *s = &p->shape;
    const lnr_step *step = p->step;
    uint32_t pos = step->pos[t], block = step->block[step->seq[t]][pos / KV_BLOCK_TOKENS];
    size_t angles =
        ((size_t)(s->rope_set ? s->rope_set[layer] : 0) * step->n_tokens + t) * (s->n_rot / 2);
    const float *c = step->rope_cos + angles, *sn = step->rope_sin + angles;
    float *q = p->q + t * p->ld_q, *k = p->k + t * p->ld_kv;
    norm_heads(p, q, s->n_heads, w->q_norm);
    norm_heads(p, k, s->n_heads_kv, w->k_norm);
    rotate(p, q, s->n_heads, c, sn);
    rotate(p, k, s->n_heads_kv, c, sn);
    p->kernels->scale_f32_f32(q, (size_t)s->n_heads * s->head_dim, s->attn_scale);
    cpu_kv_store(p, worker, layer, block, pos % KV_BLOCK_TOKENS, k, p->v + t * p->ld_kv);
}

typedef struct layer_task {
    cpu_pass *p;
    uint32_t layer;
    const attn_weights *weights; /* while storing */
    uint32_t window;             /* of the layer; 0: none */
} layer_task;

/* The first position that a token at pos sees. */
static uint32_t seen_from(uint32_t window, uint32_t pos) {
    return window && pos >= window ? pos - window + 1 : 0;
}

static void store_worker(void *arg, uint32_t worker) {
    const layer_task *t = arg;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(t->p->pool, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count; i++)
            store_token(t->p, &t->p->worker[worker], t->layer, t->weights, i);
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

/* Which positions of a chunk the queries of a tile see. */
static void set_ranges(const layer_task *t, worker_state *w, const attn_tile *tile,
                       uint32_t chunk) {
    uint32_t group = t->p->shape.n_heads / t->p->shape.n_heads_kv, base = chunk * LNR_ATTN_CHUNK;
    for (uint32_t i = 0; i < tile->count; i++) {
        uint32_t pos = t->p->step->pos[tile->first + i];
        uint32_t lo = in_chunk(seen_from(t->window, pos), base), hi = in_chunk(pos + 1, base);
        for (uint32_t g = 0; g < group; g++) {
            w->lo[i * group + g] = (uint16_t)lo;
            w->hi[i * group + g] = (uint16_t)hi;
        }
    }
}

/* One block's keys or values: the kernel runs on them while it fetches those of `next`, a pair of a
 * side and a block. */
static void run_block(const layer_task *t, lnr_attn_block_args *a, uint32_t head, uint32_t side,
                      uint32_t block, uint32_t next_side, uint32_t next_block) {
    const cpu_pass *p = t->p;
    a->block = cpu_kv_cells(p, t->layer, block, side, head);
    a->next = cpu_kv_cells(p, t->layer, next_block, next_side, head);
    if (side)
        p->values(a);
    else
        p->scores(a);
}

/* One chunk of kv head `head` for the queries q of a tile. */
static void run_chunk(const layer_task *t, worker_state *w, const attn_tile *tile, const float *q,
                      uint32_t head, uint32_t chunk, const chunk_out *out) {
    const cpu_pass *p = t->p;
    size_t dim = p->shape.head_dim;
    size_t n_q = (size_t)tile->count * (p->shape.n_heads / p->shape.n_heads_kv);
    const uint32_t *block = p->step->block[p->step->seq[tile->first]] + 2 * (size_t)chunk;
    uint32_t last = p->step->pos[tile->first + tile->count - 1] / LNR_ATTN_BLOCK - 2 * chunk;
    uint32_t n_blocks = last < 1 ? 1 : 2;
    lnr_attn_block_args a = {.n_q = n_q,
                             .head_dim = dim,
                             .lo = w->lo,
                             .hi = w->hi,
                             .q = q,
                             .p = w->p,
                             .o = out->o,
                             .wide = w->wide};
    lnr_attn_softmax_args s = {n_q, w->lo, w->hi, p->shape.attn_softcap, w->p, out->m, out->l};
    set_ranges(t, w, tile, chunk);
    for (uint32_t i = 0; i < n_blocks; i++) {
        a.first = (size_t)i * LNR_ATTN_BLOCK;
        run_block(t, &a, head, 0, block[i], 1, block[i]);
    }
    p->kernels->attn_softmax_f32_f32(&s);
    memset(out->o, 0, n_q * dim * sizeof *out->o);
    for (uint32_t i = 0; i < n_blocks; i++) {
        a.first = (size_t)i * LNR_ATTN_BLOCK;
        run_block(t, &a, head, 1, block[i], 0, block[i + 2 <= last ? i + 2 : i]);
    }
}

/* The queries of a tile for one kv head side by side. */
static const float *gather_queries(const cpu_pass *p, worker_state *w, const attn_tile *tile,
                                   uint32_t head) {
    size_t n = (size_t)(p->shape.n_heads / p->shape.n_heads_kv) * p->shape.head_dim;
    const float *q = p->q + tile->first * p->ld_q + head * n;
    if (tile->count == 1)
        return q;
    for (uint32_t i = 0; i < tile->count; i++)
        memcpy(w->q + i * n, q + i * p->ld_q, n * sizeof *w->q);
    return w->q;
}

/* o / l for the queries of a tile and kv head. */
static void write_result(const cpu_pass *p, const worker_state *w, const attn_tile *tile,
                         uint32_t head) {
    uint32_t group = p->shape.n_heads / p->shape.n_heads_kv;
    size_t dim = p->shape.head_dim;
    for (uint32_t i = 0; i < tile->count; i++)
        for (uint32_t g = 0; g < group; g++) {
            size_t query = (size_t)i * group + g;
            size_t row = (tile->first + i) * (size_t)p->shape.n_heads + (size_t)head * group + g;
            for (size_t d = 0; d < dim; d++)
                p->attended[row * dim + d] = w->o[query * dim + d] / w->l[query];
        }
}

static uint32_t first_chunk(const layer_task *t, const attn_tile *tile) {
    return seen_from(t->window, t->p->step->pos[tile->first]) / LNR_ATTN_CHUNK;
}

/* ---- tiles: all chunks of a tile and kv head on one worker
 * --------------------------------------- */

static void run_tile(const layer_task *t, worker_state *w, const attn_tile *tile, uint32_t head) {
    const cpu_pass *p = t->p;
    size_t n_q = (size_t)tile->count * (p->shape.n_heads / p->shape.n_heads_kv);
    const float *q = gather_queries(p, w, tile, head);
    chunk_out part = {w->m_chunk, w->l_chunk, w->o_chunk};
    lnr_attn_merge_args merge = {n_q, p->shape.head_dim, w->m, w->l, w->o, part.m, part.l, part.o};
    memset(w->l, 0, n_q * sizeof *w->l);
    for (uint32_t c = first_chunk(t, tile); c < tile->n_chunks; c++) {
        run_chunk(t, w, tile, q, head, c, &part);
        p->kernels->attn_merge_f32_f32(&merge);
    }
    write_result(p, w, tile, head);
}

static void tile_worker(void *arg, uint32_t worker) {
    const layer_task *t = arg;
    cpu_pass *p = t->p;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(p->pool, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count; i++)
            run_tile(t, &p->worker[worker], &p->tile[i % p->n_tiles], i / p->n_tiles);
}

/* ---- chunks: those of a tile and kv head on all workers, merged by whoever computes the last one
 * ------------------------------------------------------------------------------------------------
 */

static chunk_out part_of(const cpu_pass *p, const attn_tile *tile, uint32_t head, uint32_t chunk) {
    size_t group = p->shape.n_heads / p->shape.n_heads_kv;
    size_t at = ((size_t)tile->part + (size_t)chunk * tile->count) * p->shape.n_heads +
                head * group * tile->count;
    return (chunk_out){p->part_m + at, p->part_l + at, p->part_o + at * p->shape.head_dim};
}

static void merge_parts(const layer_task *t, worker_state *w, const attn_tile *tile,
                        uint32_t head) {
    const cpu_pass *p = t->p;
    size_t n_q = (size_t)tile->count * (p->shape.n_heads / p->shape.n_heads_kv);
    memset(w->l, 0, n_q * sizeof *w->l);
    for (uint32_t c = first_chunk(t, tile); c < tile->n_chunks; c++) {
        chunk_out part = part_of(p, tile, head, c);
        lnr_attn_merge_args a = {n_q, p->shape.head_dim, w->m, w->l, w->o, part.m, part.l, part.o};
        p->kernels->attn_merge_f32_f32(&a);
    }
    write_result(p, w, tile, head);
}

static void run_part(const layer_task *t, worker_state *w, uint32_t item) {
    cpu_pass *p = t->p;
    const attn_tile *tile = p->tile;
    uint32_t n_kv = p->shape.n_heads_kv;
    for (; item >= n_kv * tile->n_chunks; tile++)
        item -= n_kv * tile->n_chunks;
    uint32_t head = item / tile->n_chunks, chunk = item % tile->n_chunks;
    atomic_uint *missing = &p->part_missing[(uint32_t)(tile - p->tile) * n_kv + head];
    if (chunk >= first_chunk(t, tile)) {
        chunk_out out = part_of(p, tile, head, chunk);
        run_chunk(t, w, tile, gather_queries(p, w, tile, head), head, chunk, &out);
    }
    if (atomic_fetch_sub(missing, 1) == 1)
        merge_parts(t, w, tile, head);
}

static void part_worker(void *arg, uint32_t worker) {
    const layer_task *t = arg;
    pool_share share = {0};
    uint32_t first, count;
    while (pool_take(t->p->pool, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count; i++)
            run_part(t, &t->p->worker[worker], i);
}

/* ---- a step
 * -------------------------------------------------------------------------------------- */

/* Tokens of a tile: fewer than ATTN_QUERIES allow where the workers would lack items. */
static uint32_t tile_tokens(const cpu_pass *p) {
    uint32_t group = p->shape.n_heads / p->shape.n_heads_kv;
    uint32_t most = ATTN_QUERIES / group ? ATTN_QUERIES / group : 1;
    uint32_t items = 4 * pool_n_workers(p->pool) / p->shape.n_heads_kv;
    while (most > 1 && p->step->n_tokens > p->n_split_max && p->step->n_tokens / most < items)
        most /= 2;
    return most;
}

void cpu_attn_tiles(cpu_pass *p) {
    const lnr_step *s = p->step;
    uint32_t n_kv = p->shape.n_heads_kv, n_workers = pool_n_workers(p->pool), part = 0;
    uint32_t most = tile_tokens(p);
    p->n_tiles = p->n_split_items = 0;
    for (uint32_t t = 0; t < s->n_tokens;) {
        uint32_t n = 1;
        while (n < most && t + n < s->n_tokens && s->seq[t + n] == s->seq[t])
            n++;
        uint32_t n_chunks = s->pos[t + n - 1] / LNR_ATTN_CHUNK + 1;
        p->tile[p->n_tiles++] = (attn_tile){t, n, n_chunks, part};
        p->n_split_items += n_kv * n_chunks;
        part += n * n_chunks;
        t += n;
    }
    if (n_workers == 1 || s->n_tokens > p->n_split_max || p->n_tiles * n_kv >= 4 * n_workers ||
        p->n_split_items == p->n_tiles * n_kv)
        p->n_split_items = 0;
}

/* A tile reads the K and V that its first token sees first up to its last position, once for all of
 * its queries. */
static void count_attention(cpu_pass *p, uint32_t window) {
    const model_shape *s = &p->shape;
    uint64_t cell = (p->kv_side[0].row_bytes + p->kv_side[1].row_bytes) * s->n_heads_kv;
    for (uint32_t i = 0; i < p->n_tiles; i++) {
        const uint32_t *pos = p->step->pos + p->tile[i].first;
        uint32_t end = pos[p->tile[i].count - 1] + 1;
        p->base.counted.kv_bytes += cell * (end - seen_from(window, pos[0]));
        for (uint32_t t = 0; t < p->tile[i].count; t++)
            p->base.counted.f32_macs +=
                2 * (uint64_t)s->head_dim * s->n_heads * (pos[t] + 1 - seen_from(window, pos[t]));
    }
}

void cpu_attention(lnr_pass *base, uint32_t layer) {
    cpu_pass *p = cpu(base);
    uint32_t n_kv = p->shape.n_heads_kv;
    layer_task t = {.p = p, .layer = layer, .window = p->shape.window ? p->shape.window[layer] : 0};
    count_attention(p, t.window);
    if (p->n_split_items == 0) {
        pool_run(p->pool, tile_worker, &t, p->n_tiles * n_kv);
        return;
    }
    for (uint32_t i = 0; i < p->n_tiles * n_kv; i++)
        atomic_store_explicit(&p->part_missing[i], p->tile[i / n_kv].n_chunks,
                              memory_order_relaxed);
    pool_run(p->pool, part_worker, &t, p->n_split_items);
}
