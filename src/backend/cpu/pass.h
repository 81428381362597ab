/* The CPU backend's state of computing, shared by the files of this folder.
 *
 * All scratch comes from one allocation whose size is known beforehand; nothing is allocated inside
 * a step. Buffers of products have rows rounded up to whole panels (ld_*), since kernels write
 * whole panels. */
#ifndef LNR_BACKEND_CPU_PASS_H
#define LNR_BACKEND_CPU_PASS_H

#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"

#include <stdatomic.h>

/* Queries that one call of an attention kernel serves at most, unless one token alone has more
 * heads: enough to make widening a block cheap, few enough for their rows to stay in L2. */
#define ATTN_QUERIES 96u

/* Most tokens of a step whose chunks are shared out to the workers. */
#define ATTN_SPLIT_TOKENS 8u

/* Consecutive tokens of one sequence that are attended together. */
typedef struct attn_tile {
    uint32_t first, count;
    uint32_t n_chunks; /* up to the last token's position */
    uint32_t part;     /* where chunks are shared out: (token, chunk) pairs of the tiles before */
} attn_tile;

typedef struct worker_state {
    /* Attention: gathered queries and the running and chunk results of ATTN_QUERIES or more
     * queries. */
    float *q, *o, *o_chunk;           /* (n_queries_max, head_dim) */
    float *p;                         /* (n_queries_max, LNR_ATTN_CHUNK) */
    float *wide;                      /* (LNR_ATTN_BLOCK, head_dim): the kernels' scratch */
    float *m, *l, *m_chunk, *l_chunk; /* (n_queries_max) */
    uint16_t *lo, *hi;                /* (n_queries_max) */
    uint64_t n_panels;                /* computed since creation */
    char *rows, *panels; /* (piece_bytes) each, for matrices left in their file: as read, packed */
    size_t piece_bytes;
    lnr_status status; /* of reading them, in this step */
    lnr_error error;
    char apart[64]; /* workers' counters on cache lines of their own */
} worker_state;

/* Scratch of a mixture of experts; see experts.c. A slot is one (token, chosen expert) pair. */
typedef struct cpu_moe {
    float *score;               /* (n_ubatch, ld_score): the router's */
    uint32_t *chosen;           /* (n_ubatch, n_experts_used), ascending */
    float *weight;              /* (n_ubatch, n_experts_used) */
    uint32_t *slot;             /* (n_ubatch, n_experts_used): where the pair lies */
    uint32_t *token;            /* (n_slots) */
    uint32_t *first, *next;     /* (n_experts + 1): an expert's first slot; while sorting */
    uint32_t *active, n_active; /* (n_experts): those with a slot */
    float *in, *out;            /* (n_slots, n_embd), (n_slots, ld_embd) */
    size_t ld_score;
} cpu_moe;

/* How keys (side 0) or values (side 1) are kept. */
typedef struct cpu_kv_side {
    lnr_type type;
    size_t row_bytes;  /* of one head and position, in GGUF's form */
    size_t head_bytes; /* of one head's cells in a block */
} cpu_kv_side;

typedef struct cpu_pass {
    lnr_pass base;
    model_shape shape;
    pass_options options;
    const lnr_kernels *kernels;
    cpu_pool *pool;       /* owned */
    worker_state *worker; /* (n_workers), in scratch */
    const lnr_step *step; /* of the step under way */
    uint32_t fp_saved;    /* the caller's floating-point control word */

    void *scratch; /* owned: base.scratch_bytes from the system */
    char *kv;      /* owned: base.kv_bytes; see cpu_kv_cells */
    cpu_kv_side kv_side[2];
    lnr_attn_scores_fn *scores; /* for the keys' type */
    lnr_attn_values_fn *values;

    float *x;                     /* (n_ubatch, n_embd): the residual stream */
    float *normed;                /* (n_ubatch, n_embd) */
    float *q, *k, *v;             /* (n_ubatch, ld_q), (n_ubatch, ld_kv) twice */
    float *attended;              /* (n_ubatch, n_heads * head_dim) */
    float *gate, *up;             /* (n_ubatch, ld_ff); with experts (n_slots, ld_ff) */
    float *projected;             /* (n_ubatch, ld_embd) */
    float *logits;                /* (n_out_max, ld_vocab) */
    void *act_q8a32, *act_q8a256; /* quantised inputs of the widest product, as many rows */
    cpu_moe moe;
    attn_tile *tile;                 /* (n_ubatch) */
    uint32_t n_tiles, n_split_items; /* n_split_items: of all chunks; 0: tiles are the items */
    /* Results by chunk where chunks are shared out, (n_split_max * n_chunks_max, n_heads, ...), and
     * how many chunks of a tile and kv head are still missing, (n_split_max, n_heads_kv). */
    float *part_m, *part_l, *part_o;
    atomic_uint *part_missing;
    uint32_t n_split_max; /* tokens */
    size_t ld_q, ld_kv, ld_ff, ld_embd, ld_vocab;
    uint32_t n_queries_max, n_chunks_max;
} cpu_pass;

static inline cpu_pass *cpu(lnr_pass *p) {
    return (cpu_pass *)p; /* base is the first member */
}

/* ---- linear.c: products
 * -------------------------------------------------------------------------- */

/* The input of a product in the forms that its matrices want. */
typedef struct product_input {
    const float *x; /* (n_tokens, n_cols) */
    size_t ldx, n_cols;
    uint32_t n_tokens;
    const float *norm;                    /* not NULL: x is still to be computed, see cpu_normed */
    const void *data[LNR_ACT_Q8A256 + 1]; /* by activation kind; NULL: not prepared */
    size_t stride[LNR_ACT_Q8A256 + 1];
} product_input;

/* Counts a product of w, or of one of its n_experts, and shows its input to whoever measures it. */
void cpu_note_product(cpu_pass *p, const lnr_matrix *w, uint32_t expert, uint32_t n_experts,
                      const product_input *in);

/* The RMSNorm of the residual stream: normed, which preparing it computes. */
product_input cpu_normed(const cpu_pass *p, const float *weight);

/* Makes the forms that n_w matrices want, unless they are there: all of a token's in one go, while
 * it is in L1. */
void cpu_prepare(cpu_pass *p, product_input *in, const lnr_matrix *const *w, uint32_t n_w);

/* Panels first..first + n - 1 of a matrix; y (n_tokens, ldy) is the result of the first. */
typedef struct product_part {
    const lnr_matrix *w;
    uint32_t first, n;
    float *y;
    size_t ldy;
} product_part;

/* Computes a part of a product with the prepared input, on a worker. */
void cpu_product(const cpu_pass *p, uint32_t worker, const product_input *in, product_part part);

/* gate = activation(gate) * up on n columns of n_tokens rows, ld_ff apart. On a worker. */
void cpu_gate(const cpu_pass *p, float *gate, const float *up, uint32_t n_tokens, size_t n);

/* A product's result goes to y (n_tokens, ldy), with the bias added if there is one; or, if add_to
 * is not NULL, is added to add_to (n_tokens, ld_add) after the bias. */
typedef struct linear_job {
    const lnr_matrix *w;
    const float *bias;
    float *y;
    size_t ldy;
    float *add_to;
    size_t ld_add;
} linear_job;

/* Computes n_jobs (1 to 3) products of the same input, which it prepares. */
void cpu_linear(cpu_pass *p, const linear_job *jobs, uint32_t n_jobs, product_input *in);

/* gate = activation(in Wgate) * (in Wup), both products and the activation in one go. */
void cpu_linear_gated(cpu_pass *p, const lnr_matrix *gate, const lnr_matrix *up, product_input *in);

/* x += RMSNorm of the rows of projected */
void cpu_add_normed(cpu_pass *p, const float *weight, uint32_t n_tokens);

/* ---- experts.c
 * ----------------------------------------------------------------------------------- */

void cpu_experts(lnr_pass *base, const moe_weights *w);

/* ---- kv.c
 * ---------------------------------------------------------------------------------------- */

/* From the options; an error names the type that cannot be. */
lnr_status cpu_kv_set_sides(cpu_pass *p, lnr_error *err);
size_t cpu_kv_block_bytes(const model_shape *s, lnr_type k, lnr_type v);
bool cpu_kv_bytes(const cpu_pass *p, size_t *bytes); /* of all blocks; false: fits no size */

/* One head's keys (side 0) or values (side 1) of a layer's part of a block, as kernels.h has them.
 */
void *cpu_kv_cells(const cpu_pass *p, uint32_t layer, uint32_t block, uint32_t side, uint32_t head);

/* Stores a token's k and v, (n_heads_kv, head_dim), at position pos of a block. On a worker. */
void cpu_kv_store(const cpu_pass *p, worker_state *w, uint32_t layer, uint32_t block, uint32_t pos,
                  const float *k, const float *v);

void cpu_kv_copy(lnr_pass *base, uint32_t from, uint32_t to);
size_t cpu_kv_rows_bytes(const lnr_pass *base, uint32_t n);
void cpu_kv_read(const lnr_pass *base, uint32_t block, uint32_t n, void *rows);
void cpu_kv_write(lnr_pass *base, uint32_t block, uint32_t n, const void *rows);

/* ---- attention.c
 * --------------------------------------------------------------------------------- */

/* Norm and rope on q and k; k and v to the cache. */
void cpu_attn_store(cpu_pass *p, uint32_t layer, const attn_weights *w);
void cpu_attention(lnr_pass *base, uint32_t layer);
void cpu_attn_tiles(cpu_pass *p); /* cuts the step's tokens into tiles */

/* ---- weights.c
 * ----------------------------------------------------------------------------------- */

size_t cpu_matrix_bytes(lnr_type type, uint32_t n_rows, uint32_t n_cols);
lnr_status cpu_matrix_load(const matrix_source *src, uint32_t n_threads, lnr_matrix *out,
                           lnr_error *err);
lnr_status cpu_matrix_leave(const matrix_source *src, lnr_matrix *out, lnr_error *err);
void cpu_matrix_free(lnr_matrix *m);

/* Panels first.. of m, as many as *n or, if they have to be read, what fits a worker's scratch: *n
 * says how many. NULL, with w->status set, if they cannot be read. */
const void *cpu_matrix_panels(const lnr_matrix *m, uint32_t first, uint32_t *n, worker_state *w);

/* One row as floats; false, with w->status set, if it cannot be read. */
bool cpu_matrix_row(const lnr_matrix *m, size_t row, float *out, worker_state *w);

/* ---- pass.c
 * -------------------------------------------------------------------------------------- */

lnr_status cpu_pass_create(const model_shape *shape, const pass_options *o, lnr_pass **out,
                           lnr_error *err);
void cpu_pass_destroy(lnr_pass *base);

#endif
