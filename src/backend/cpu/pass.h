/* The CPU backend's state of computing, shared by the files of this folder.
 *
 * All scratch comes from one allocation whose size is known beforehand; nothing is allocated inside
 * a step. Buffers of products have rows rounded up to whole panels (ld_*), since kernels write
 * whole panels. */
#ifndef LNR_BACKEND_CPU_PASS_H
#define LNR_BACKEND_CPU_PASS_H

#include "backend/cpu/cpu.h"
#include "backend/cpu/pool.h"

/* Queries that one call of the attention kernel serves at most, unless one token alone has more
 * heads. */
#define ATTN_QUERIES 32u

/* Consecutive tokens of one sequence that are attended together. */
typedef struct attn_tile {
    uint32_t first, count;
} attn_tile;

typedef struct worker_state {
    /* Attention: gathered queries and the running and chunk results of ATTN_QUERIES or more
     * queries. */
    float *q, *o, *o_chunk;           /* (n_queries_max, head_dim) */
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
    uint16_t *kv;  /* owned: base.kv_bytes; see cpu_kv_block */

    float *x;                     /* (n_ubatch, n_embd): the residual stream */
    float *normed;                /* (n_ubatch, n_embd) */
    float *q, *k, *v;             /* (n_ubatch, ld_q), (n_ubatch, ld_kv) twice */
    float *attended;              /* (n_ubatch, n_heads * head_dim) */
    float *gate, *up;             /* (n_ubatch, ld_ff); with experts (n_slots, ld_ff) */
    float *projected;             /* (n_ubatch, ld_embd) */
    float *logits;                /* (n_out_max, ld_vocab) */
    void *act_q8a32, *act_q8a256; /* quantised inputs of the widest product, as many rows */
    cpu_moe moe;
    float *part_m, *part_l,
        *part_o;     /* one token's attention by chunk: (n_heads_kv, n_chunks, group, ...) */
    attn_tile *tile; /* (n_ubatch) */
    uint32_t n_tiles;
    size_t ld_q, ld_kv, ld_ff, ld_embd, ld_vocab;
    uint32_t n_queries_max, n_chunks_max;
} cpu_pass;

static inline cpu_pass *cpu(lnr_pass *p) {
    return (cpu_pass *)p; /* base is the first member */
}

/* K (value 0) or V (1) of one block and layer for one head: halves, (head_dim, 64) for K so that a
 * vector holds one dimension of 16 positions, (64, head_dim) for V so that it holds 16 dimensions
 * of one. */
static inline uint16_t *cpu_kv_block(const cpu_pass *p, uint32_t layer, uint32_t block,
                                     uint32_t value, uint32_t head) {
    size_t per_head = (size_t)p->shape.head_dim * KV_BLOCK_TOKENS;
    size_t at = ((size_t)layer * p->options.n_kv_blocks + block) * 2 + value;
    return p->kv + (at * p->shape.n_heads_kv + head) * per_head;
}

/* ---- linear.c: products
 * -------------------------------------------------------------------------- */

/* The input of a product in the forms that its matrices want. */
typedef struct product_input {
    const float *x; /* (n_tokens, n_cols) */
    size_t ldx, n_cols;
    uint32_t n_tokens;
    const void *data[LNR_ACT_Q8A256 + 1]; /* by activation kind; NULL: not prepared */
    size_t stride[LNR_ACT_Q8A256 + 1];
} product_input;

/* Counts a product of w, or of one of its n_experts, and shows its input to whoever measures it. */
void cpu_note_product(cpu_pass *p, const lnr_matrix *w, uint32_t expert, uint32_t n_experts,
                      const product_input *in);

/* Makes the form that w wants, unless it is there. */
void cpu_prepare(cpu_pass *p, product_input *in, const lnr_matrix *w);

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

/* Computes n_jobs (1 to 3) products of the same input x (n_tokens, n_cols) with row distance ldx.
 */
void cpu_linear(cpu_pass *p, const linear_job *jobs, uint32_t n_jobs, const float *x, size_t ldx,
                uint32_t n_tokens);

/* gate = activation(x Wgate) * (x Wup), both products and the activation in one go. */
void cpu_linear_gated(cpu_pass *p, const lnr_matrix *gate, const lnr_matrix *up, const float *x,
                      size_t ldx);

/* normed (n_tokens, n_embd) = RMSNorm of the rows of x */
void cpu_norm(cpu_pass *p, const float *weight, uint32_t n_tokens);

/* x += RMSNorm of the rows of projected */
void cpu_add_normed(cpu_pass *p, const float *weight, uint32_t n_tokens);

/* ---- experts.c
 * ----------------------------------------------------------------------------------- */

void cpu_experts(lnr_pass *base, const moe_weights *w);

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

size_t cpu_kv_block_bytes(const model_shape *s);
lnr_status cpu_pass_create(const model_shape *shape, const pass_options *o, lnr_pass **out,
                           lnr_error *err);
void cpu_pass_destroy(lnr_pass *base);

#endif
