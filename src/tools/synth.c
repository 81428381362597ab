/* Synthetic models: metadata as published files have it, and random weights straight in the wanted
 * types.
 *
 * The one idea: a matrix is written as pieces of a pool of a million weights, encoded once per type
 * and row length, each piece beginning at another random block. So a file of gigabytes takes the
 * time of writing it, its blocks are what quantised weights look like, and activations keep their
 * size from layer to layer, because weights have the deviation 1 / sqrt(row length). */
#include "backend/cpu/pool.h"
#include "base/alloc.h"
#include "base/checked.h"
#include "base/math.h"
#include "base/rng.h"
#include "gguf/writer.h"
#include "os/os.h"
#include "quant/format.h"
#include "tools/shapes.h"
#include "tools/tools.h"
#include "tools/words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define POOL_WEIGHTS (1u << 20)
#define POOL_STRIPE  1024u /* weights that a thread makes at a time; a multiple of every block */
#define POOLS_MAX    16u   /* types times row lengths of a shape: at most 4 times 3 */
#define VECTOR_MAX   (1u << 16)

/* What distinguishes draws that serve different things from one seed. */
enum { DRAW_POOL = 1, DRAW_PIECE, DRAW_VECTOR, DRAW_WORDS };

typedef struct pool {
    lnr_type type;
    uint64_t n_cols;
    char *blocks; /* POOL_WEIGHTS of them; owned */
} pool;

typedef struct synthesis {
    const lnr_synth_options *o;
    const model_shape_row *shape;
    mix_id mix;
    gguf_writer *writer;
    cpu_pool *team;
    pool pool[POOLS_MAX];
    size_t n_pools;
    float *vector; /* (VECTOR_MAX); owned */
    size_t idx;    /* of the tensor being written */
    uint64_t done_bytes, total_bytes, n_parameters;
    lnr_status st; /* of a walk over the tensors */
    lnr_error *err;
} synthesis;

static uint64_t tensor_bytes(const shape_tensor *t) {
    uint64_t row = 0;
    (void)lnr_type_row_bytes(t->type, t->dim[0], &row); /* shapes of ours: no overflow */
    return row * t->dim[1];
}

/* ---- weights
 * ------------------------------------------------------------------------------------- */

/* Nearly normal, deviation 1: the sum of four 16-bit numbers, each of variance 2^32 / 12. */
static float draw_normal(uint64_t seed, uint64_t what, uint64_t idx) {
    uint64_t r = lnr_rng_u64(seed, what, idx);
    int32_t sum = (int32_t)((r & 0xffff) + (r >> 16 & 0xffff) + (r >> 32 & 0xffff) + (r >> 48));
    return (float)(sum - 2 * 65535) * (1.7320508f / 65536.0f);
}

typedef struct fill_task {
    synthesis *s;
    pool *pool;
    uint64_t what; /* which draws */
} fill_task;

static void fill_worker(void *arg, uint32_t worker) {
    const fill_task *t = arg;
    const lnr_format *format = lnr_format_find(t->pool->type);
    float deviation = 1.0f / sqrtf((float)t->pool->n_cols), x[POOL_STRIPE];
    size_t n = POOL_STRIPE;
    size_t part_bytes =
        n / lnr_type_block_weights(t->pool->type) * lnr_type_block_bytes(t->pool->type);
    pool_share share = {0};
    uint32_t first, count, fp = os_fp_default();
    while (pool_take(t->s->team, worker, &share, &first, &count))
        for (uint32_t i = first; i < first + count; i++) {
            for (size_t k = 0; k < n; k++)
                x[k] = deviation * draw_normal(t->s->o->seed, t->what, i * n + k);
            format->encode(x, NULL, n, t->pool->blocks + i * part_bytes);
        }
    os_fp_restore(fp);
}

static lnr_status find_pool(synthesis *s, const shape_tensor *t, const pool **out) {
    for (size_t i = 0; i < s->n_pools; i++)
        if (s->pool[i].type == t->type && s->pool[i].n_cols == t->dim[0]) {
            *out = &s->pool[i];
            return LNR_OK;
        }
    const lnr_format *format = lnr_format_find(t->type);
    if (format == NULL || format->encode == NULL)
        return LNR_FAIL(s->err, LNR_E_UNSUPPORTED, "tensor '%s': this build cannot make type %s",
                        t->name, lnr_type_name(t->type));
    LNR_ASSERT(s->n_pools < POOLS_MAX);
    pool *p = &s->pool[s->n_pools];
    *p = (pool){.type = t->type, .n_cols = t->dim[0]};
    p->blocks =
        lnr_alloc(POOL_WEIGHTS / lnr_type_block_weights(t->type) * lnr_type_block_bytes(t->type));
    if (p->blocks == NULL)
        return LNR_FAIL(s->err, LNR_E_NOMEM, "no memory for random weights");
    s->n_pools++;
    fill_task task = {s, p, (uint64_t)s->n_pools << 8 | DRAW_POOL};
    pool_run(s->team, fill_worker, &task, POOL_WEIGHTS / POOL_STRIPE);
    *out = p;
    return LNR_OK;
}

static lnr_status progress(synthesis *s, size_t bytes) {
    s->done_bytes += bytes;
    if (s->o->on_progress && !s->o->on_progress(s->done_bytes, s->total_bytes, s->o->user))
        return LNR_FAIL(s->err, LNR_E_CANCELLED, "stopped");
    return LNR_OK;
}

static lnr_status write_matrix(synthesis *s, const shape_tensor *t) {
    const pool *p = NULL;
    LNR_TRY(find_pool(s, t, &p));
    size_t block = lnr_type_block_bytes(t->type);
    uint64_t n_blocks = POOL_WEIGHTS / lnr_type_block_weights(t->type);
    uint64_t left = tensor_bytes(t) / block;
    for (uint64_t piece = 0; left > 0; piece++) {
        /* At least a quarter of the pool, so that pieces stay large. */
        uint64_t r = lnr_rng_u64(s->o->seed, s->idx << 8 | DRAW_PIECE, piece);
        uint64_t begin = lnr_rng_scale(r, n_blocks / 4 * 3);
        uint64_t n = n_blocks - begin < left ? n_blocks - begin : left;
        LNR_TRY(gguf_writer_data(s->writer, s->idx, p->blocks + begin * block, (size_t)(n * block),
                                 s->err));
        LNR_TRY(progress(s, (size_t)(n * block)));
        left -= n;
    }
    return LNR_OK;
}

/* Divisors of Llama 3's three bands: long waves are slowed by the factor, short ones left alone.
 * ("rope_type": "llama3" in config.json: low_freq_factor 1, high_freq_factor 4, 8192 positions) */
static float rope_divisor(const model_shape_row *s, size_t i) {
    const double two_pi = 6.283185307179586, old_ctx = 8192.0, low = 1.0, high = 4.0;
    double wave = two_pi * lnr_pow(s->rope_base, 2.0 * (double)i / s->head_dim);
    if (wave < old_ctx / high)
        return 1.0f;
    if (wave > old_ctx / low)
        return s->rope_factor;
    double smooth = (old_ctx / wave - low) / (high - low);
    return (float)(1.0 / ((1.0 - smooth) / s->rope_factor + smooth));
}

static lnr_status write_vector(synthesis *s, const shape_tensor *t) {
    size_t n = (size_t)t->dim[0];
    LNR_ASSERT(n <= VECTOR_MAX);
    for (size_t i = 0; i < n; i++) {
        float x = draw_normal(s->o->seed, s->idx << 8 | DRAW_VECTOR, i);
        s->vector[i] = t->role == SHAPE_ROPE   ? rope_divisor(s->shape, i)
                       : t->role == SHAPE_NORM ? 1.0f + 0.1f * x
                                               : 0.1f * x;
    }
    LNR_TRY(gguf_writer_data(s->writer, s->idx, s->vector, n * sizeof *s->vector, s->err));
    return progress(s, n * sizeof *s->vector);
}

static bool write_tensor(const shape_tensor *t, void *user) {
    synthesis *s = user;
    s->st = t->role == SHAPE_WEIGHT ? write_matrix(s, t) : write_vector(s, t);
    s->idx++;
    return s->st == LNR_OK;
}

/* ---- metadata
 * ------------------------------------------------------------------------------------ */

static void put_u32(synthesis *s, const char *key, uint32_t x) {
    char full[80];
    snprintf(full, sizeof full, "%s.%s", shape_arch_name(s->shape), key);
    gguf_writer_u32(s->writer, full, x);
}

static void put_f32(synthesis *s, const char *key, float x) {
    char full[80];
    snprintf(full, sizeof full, "%s.%s", shape_arch_name(s->shape), key);
    gguf_writer_f32(s->writer, full, x);
}

static lnr_status write_metadata(synthesis *s) {
    const model_shape_row *m = s->shape;
    gguf_writer *w = s->writer;
    char text[80];
    gguf_writer_str(w, "general.architecture", lnr_str_from(shape_arch_name(m)));
    gguf_writer_str(w, "general.type", lnr_str_from("model"));
    snprintf(text, sizeof text, "synthetic %s", m->name);
    gguf_writer_str(w, "general.name", lnr_str_from(text));
    gguf_writer_u32(w, "general.file_type", mix_file_type(s->mix));
    gguf_writer_u32(w, "general.quantization_version", 2);
    put_u32(s, "block_count", m->n_layers);
    put_u32(s, "context_length", m->n_ctx);
    put_u32(s, "embedding_length", m->n_embd);
    put_u32(s, "feed_forward_length", m->n_ff);
    put_u32(s, "attention.head_count", m->n_heads);
    put_u32(s, "attention.head_count_kv", m->n_heads_kv);
    put_u32(s, "attention.key_length", m->head_dim);
    put_u32(s, "attention.value_length", m->head_dim);
    put_f32(s, "attention.layer_norm_rms_epsilon", m->norm_eps);
    put_u32(s, "rope.dimension_count", m->head_dim);
    put_f32(s, "rope.freq_base", m->rope_base);
    put_u32(s, "vocab_size", m->n_vocab);
    if (m->sliding_window)
        put_u32(s, "attention.sliding_window", m->sliding_window);
    if (m->arch == ARCH_GEMMA3 && m->rope_factor > 0.0f) {
        snprintf(text, sizeof text, "%s.rope.scaling.type", shape_arch_name(m));
        gguf_writer_str(w, text, lnr_str_from("linear"));
        put_f32(s, "rope.scaling.factor", m->rope_factor);
    }
    if (m->arch == ARCH_PHI3)
        put_u32(s, "rope.scaling.original_context_length", m->n_ctx);
    return words_write(m->vocab, m->n_vocab, lnr_rng_u64(s->o->seed, DRAW_WORDS, 0), w, s->err);
}

static bool declare(const shape_tensor *t, void *user) {
    synthesis *s = user;
    gguf_writer_tensor(s->writer, lnr_str_from(t->name), t->type, t->n_dims, t->dim);
    return true;
}

static bool count(const shape_tensor *t, void *user) {
    synthesis *s = user;
    s->total_bytes += tensor_bytes(t);
    s->n_parameters += t->dim[0] * t->dim[1];
    return true;
}

/* ---- the whole
 * ----------------------------------------------------------------------------------- */

static lnr_status run(synthesis *s, const char *out, lnr_error *err) {
    s->vector = lnr_alloc_array(VECTOR_MAX, sizeof *s->vector);
    if (s->vector == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for random weights");
    LNR_TRY(pool_create(s->o->n_threads, &s->team, err));
    LNR_TRY(gguf_writer_create(out, &s->writer, err));
    LNR_TRY(write_metadata(s));
    shape_each_tensor(s->shape, s->mix, declare, s);
    LNR_TRY(gguf_writer_start(s->writer, err));
    shape_each_tensor(s->shape, s->mix, count, s);
    shape_each_tensor(s->shape, s->mix, write_tensor, s);
    LNR_TRY(s->st);
    gguf_writer *w = s->writer;
    s->writer = NULL; /* finish frees it */
    return gguf_writer_finish(w, err);
}

lnr_status tools_synth(const char *shape, const char *mix, const char *out,
                       const lnr_synth_options *o, lnr_error *err) {
    synthesis s = {.o = o, .err = err};
    LNR_TRY(shape_find(shape, &s.shape, err));
    LNR_TRY(mix_find(mix, &s.mix, err));
    lnr_status st = run(&s, out, err);
    gguf_writer_abandon(s.writer);
    pool_destroy(s.team);
    for (size_t i = 0; i < s.n_pools; i++)
        lnr_free(s.pool[i].blocks);
    lnr_free(s.vector);
    return st;
}

bool tools_synth_shape(size_t idx, const char *mix, lnr_synth_info *out) {
    synthesis s = {.shape = shape_at(idx)};
    if (s.shape == NULL || mix_find(mix, &s.mix, NULL) != LNR_OK)
        return false;
    shape_each_tensor(s.shape, s.mix, count, &s);
    *out = (lnr_synth_info){.shape = s.shape->name,
                            .architecture = shape_arch_name(s.shape),
                            .n_parameters = s.n_parameters,
                            .bytes = s.total_bytes};
    return true;
}
