/* The KV memory: where a head's cells of a block lie, storing rows, copying blocks, and the way out
 * of and into the form that no backend owns.
 *
 * A layer's part of a block holds the keys of all heads, then the values of all heads, each in the
 * form that the attention kernels read (kernels.h). Whatever comes in or goes out is one head's row
 * of one position in GGUF's form, so that storing a token, reading and writing share the two
 * functions that move a row. Keys and values have a type each. */
#include "backend/cpu/pass.h"

#include "base/checked.h"
#include "quant/q8_0.h"

#include <string.h>

/* ---- sizes
 * --------------------------------------------------------------------------------------- */

static size_t row_bytes(const model_shape *s, lnr_type type) {
    return lnr_div_up(s->head_dim, lnr_type_block_weights(type)) * lnr_type_block_bytes(type);
}

static lnr_status set_side(cpu_kv_side *side, const model_shape *s, lnr_type type, const char *name,
                           lnr_error *err) {
    if (type != LNR_TYPE_F32 && type != LNR_TYPE_F16 && type != LNR_TYPE_Q8_0)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED, "%s cannot be kept as %s: F32, F16 or Q8_0", name,
                        lnr_type_name(type));
    if (s->head_dim % lnr_type_block_weights(type))
        return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                        "%s cannot be kept as %s: the model's heads have %u dimensions, not a "
                        "multiple of %zu",
                        name, lnr_type_name(type), s->head_dim,
                        (size_t)lnr_type_block_weights(type));
    side->type = type;
    side->row_bytes = row_bytes(s, type);
    side->head_bytes = side->row_bytes * KV_BLOCK_TOKENS;
    return LNR_OK;
}

lnr_status cpu_kv_set_sides(cpu_pass *p, lnr_error *err) {
    const lnr_kernels *k = p->kernels;
    lnr_type key = p->options.kv_type_k, value = p->options.kv_type_v;
    LNR_TRY(set_side(&p->kv_side[0], &p->shape, key, "keys", err));
    LNR_TRY(set_side(&p->kv_side[1], &p->shape, value, "values", err));
    p->scores = key == LNR_TYPE_F32   ? k->attn_scores_f32_f32
                : key == LNR_TYPE_F16 ? k->attn_scores_f16_f32
                                      : k->attn_scores_q8_0_f32;
    p->values = value == LNR_TYPE_F32   ? k->attn_values_f32_f32
                : value == LNR_TYPE_F16 ? k->attn_values_f16_f32
                                        : k->attn_values_q8_0_f32;
    return LNR_OK;
}

/* Of one layer's part of a block. */
static size_t part_bytes(const cpu_pass *p) {
    return (p->kv_side[0].head_bytes + p->kv_side[1].head_bytes) * p->shape.n_heads_kv;
}

size_t cpu_kv_block_bytes(const model_shape *s, lnr_type k, lnr_type v) {
    return (row_bytes(s, k) + row_bytes(s, v)) * KV_BLOCK_TOKENS * s->n_heads_kv * s->n_layers;
}

bool cpu_kv_bytes(const cpu_pass *p, size_t *bytes) {
    return lnr_mul_size(part_bytes(p), p->shape.n_layers, bytes) &&
           lnr_mul_size(*bytes, p->options.n_kv_blocks, bytes);
}

static char *part_at(const cpu_pass *p, uint32_t layer, uint32_t block) {
    return p->kv + ((size_t)layer * p->options.n_kv_blocks + block) * part_bytes(p);
}

void *cpu_kv_cells(const cpu_pass *p, uint32_t layer, uint32_t block, uint32_t side,
                   uint32_t head) {
    size_t before = side ? p->kv_side[0].head_bytes * p->shape.n_heads_kv : 0;
    return part_at(p, layer, block) + before + head * p->kv_side[side].head_bytes;
}

/* ---- rows
 * ---------------------------------------------------------------------------------------- */

/* A row and the cells of its block, of which it is position `pos`. */
typedef struct row_place {
    char *cells, *row;
    size_t head_dim, cell_bytes, pos;
    bool keys, to_row;
} row_place;

static void move(const row_place *r, char *cell, char *row, size_t n_bytes) {
    if (r->to_row)
        memcpy(row, cell, n_bytes);
    else
        memcpy(cell, row, n_bytes);
}

/* n dimensions of a key from d on, one cell of each: constant sizes make a copy one move. */
static void move_key(const row_place *r, size_t d, size_t n, char *row) {
    size_t bytes = r->cell_bytes;
    for (size_t i = 0; i < n; i++) {
        char *cell = r->cells + ((d + i) * KV_BLOCK_TOKENS + r->pos) * bytes;
        if (bytes == 2)
            move(r, cell, row + i * 2, 2);
        else if (bytes == 1)
            move(r, cell, row + i, 1);
        else
            move(r, cell, row + i * 4, 4);
    }
}

/* The dimensions of panel d / 32, which are side by side in a value. */
static void move_panel(const row_place *r, size_t d, char *row) {
    size_t n = r->head_dim - d < 32 ? r->head_dim - d : 32;
    if (r->keys)
        move_key(r, d, n, row);
    else
        move(r, r->cells + (d * KV_BLOCK_TOKENS + r->pos * n) * r->cell_bytes, row,
             n * r->cell_bytes);
}

/* A row of `side` in GGUF's form to or from position pos of a head's cells. */
static void move_row(const cpu_pass *p, uint32_t side, void *cells, size_t pos, void *row,
                     bool to_row) {
    lnr_type type = p->kv_side[side].type;
    size_t dim = p->shape.head_dim;
    size_t cell_bytes = type == LNR_TYPE_Q8_0 ? 1 : lnr_type_block_bytes(type);
    row_place r = {cells, row, dim, cell_bytes, pos, side == 0, to_row};
    for (size_t d = 0; d < dim; d += 32) {
        if (type == LNR_TYPE_Q8_0) {
            char *scales = r.cells + dim * KV_BLOCK_TOKENS;
            q8_0_block *b = (q8_0_block *)row + d / 32;
            move(&r, scales + (d / 32 * KV_BLOCK_TOKENS + pos) * sizeof b->d, (char *)&b->d,
                 sizeof b->d);
            move_panel(&r, d, (char *)b->q);
        } else {
            move_panel(&r, d, r.row + d * cell_bytes);
        }
    }
}

/* Floats to a row in GGUF's form, which rounds them. tmp has room for head_dim floats' blocks. */
static void encode_row(const cpu_pass *p, lnr_type type, const float *x, lnr_q8a32 *tmp,
                       void *row) {
    size_t dim = p->shape.head_dim;
    if (type == LNR_TYPE_F32) {
        memcpy(row, x, dim * sizeof *x);
    } else if (type == LNR_TYPE_F16) {
        p->kernels->narrow_f32_f16(x, dim, row);
    } else {
        q8_0_block *b = row;
        p->kernels->quantize_f32_q8a32(x, dim, tmp);
        for (size_t i = 0; i < dim / 32; i++) {
            memcpy(b[i].q, tmp[i].q, sizeof b[i].q);
            p->kernels->narrow_f32_f16(&tmp[i].d, 1, &b[i].d);
        }
    }
}

void cpu_kv_store(const cpu_pass *p, worker_state *w, uint32_t layer, uint32_t block, uint32_t pos,
                  const float *k, const float *v) {
    size_t dim = p->shape.head_dim;
    lnr_q8a32 *tmp = (void *)w->wide; /* rows and blocks are far shorter than its 64 rows */
    void *row = (char *)w->wide + lnr_round_up(dim / 32 * sizeof *tmp, 64);
    for (uint32_t side = 0; side < 2; side++)
        for (uint32_t h = 0; h < p->shape.n_heads_kv; h++) {
            encode_row(p, p->kv_side[side].type, (side ? v : k) + h * dim, tmp, row);
            move_row(p, side, cpu_kv_cells(p, layer, block, side, h), pos, row, false);
        }
}

/* ---- whole blocks
 * -------------------------------------------------------------------------------- */

void cpu_kv_copy(lnr_pass *base, uint32_t from, uint32_t to) {
    const cpu_pass *p = cpu(base);
    for (uint32_t layer = 0; layer < p->shape.n_layers; layer++)
        memcpy(part_at(p, layer, to), part_at(p, layer, from), part_bytes(p));
}

size_t cpu_kv_rows_bytes(const lnr_pass *base, uint32_t n) {
    const cpu_pass *p = (const cpu_pass *)base;
    return part_bytes(p) / KV_BLOCK_TOKENS * p->shape.n_layers * n;
}

/* All rows of n positions in the order of the neutral form. */
static void move_rows(const cpu_pass *p, uint32_t block, uint32_t n, char *rows, bool to_rows) {
    for (uint32_t layer = 0; layer < p->shape.n_layers; layer++)
        for (uint32_t side = 0; side < 2; side++)
            for (uint32_t pos = 0; pos < n; pos++)
                for (uint32_t h = 0; h < p->shape.n_heads_kv; h++) {
                    void *cells = cpu_kv_cells(p, layer, block, side, h);
                    move_row(p, side, cells, pos, rows, to_rows);
                    rows += p->kv_side[side].row_bytes;
                }
}

void cpu_kv_read(const lnr_pass *base, uint32_t block, uint32_t n, void *out) {
    move_rows((const cpu_pass *)base, block, n, out, true);
}

void cpu_kv_write(lnr_pass *base, uint32_t block, uint32_t n, const void *rows) {
    /* one function for both ways; this way it only reads the rows */
    move_rows(cpu(base), block, n, (char *)(uintptr_t)rows, false);
}
