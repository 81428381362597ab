/* The tensors of decoder layers; the requests of loader.h, layer by layer.
 *
 * Names are those of the GGUF specification ("Standardized tensor names"). Parts that a file fuses
 * into one tensor become matrices of their own here: rows are independent, so the results are the
 * same bits. */
#include "model/loader.h"

#include <inttypes.h>
#include <stdio.h>

#define NAME_MAX_BYTES 64

typedef struct layer_loader {
    model_loader *l;
    layer_parts parts;
    uint32_t layer;
    char name[NAME_MAX_BYTES]; /* of the tensor asked for last */
} layer_loader;

/* "blk.<layer>.<part>" */
static const char *name_of(layer_loader *f, const char *part) {
    snprintf(f->name, sizeof f->name, "blk.%" PRIu32 ".%s", f->layer, part);
    return f->name;
}

static lnr_status vector(layer_loader *f, const char *part, uint32_t n, const float **out,
                         lnr_error *err) {
    return loader_vector(f->l, name_of(f, part), n, out, err);
}

static lnr_status matrix(layer_loader *f, const char *part, uint32_t n_rows, uint32_t n_cols,
                         lnr_matrix *out, lnr_error *err) {
    return loader_matrix(f->l, name_of(f, part), n_rows, n_cols, out, err);
}

/* ---- attention
 * ----------------------------------------------------------------------------------- */

static lnr_status bias(layer_loader *f, const char *part, uint32_t n, const float **out,
                       lnr_error *err) {
    bool required = f->parts & LAYER_QKV_BIAS;
    return required || loader_has(f->l, name_of(f, part)) ? vector(f, part, n, out, err) : LNR_OK;
}

static lnr_status fused_qkv(layer_loader *f, attn_weights *w, lnr_error *err) {
    const model_shape *s = &f->l->model->shape;
    uint32_t n_q = s->n_heads * s->head_dim, n_kv = s->n_heads_kv * s->head_dim;
    loader_rows q = {0, n_q, n_q + 2 * n_kv}, k = {n_q, n_kv, q.of}, v = {n_q + n_kv, n_kv, q.of};
    name_of(f, "attn_qkv.weight");
    LNR_TRY(loader_matrix_rows(f->l, f->name, q, s->n_embd, &w->q, err));
    LNR_TRY(loader_matrix_rows(f->l, f->name, k, s->n_embd, &w->k, err));
    LNR_TRY(loader_matrix_rows(f->l, f->name, v, s->n_embd, &w->v, err));
    if (!loader_has(f->l, name_of(f, "attn_qkv.bias")))
        return LNR_OK;
    LNR_TRY(vector(f, "attn_qkv.bias", q.of, &w->q_bias, err));
    w->k_bias = w->q_bias + k.first;
    w->v_bias = w->q_bias + v.first;
    return LNR_OK;
}

static lnr_status attention(layer_loader *f, attn_weights *w, lnr_error *err) {
    const model_shape *s = &f->l->model->shape;
    uint32_t n_q = s->n_heads * s->head_dim, n_kv = s->n_heads_kv * s->head_dim;
    LNR_TRY(vector(f, "attn_norm.weight", s->n_embd, &w->norm, err));
    if (f->parts & LAYER_FUSED) {
        LNR_TRY(fused_qkv(f, w, err));
    } else {
        LNR_TRY(matrix(f, "attn_q.weight", n_q, s->n_embd, &w->q, err));
        LNR_TRY(matrix(f, "attn_k.weight", n_kv, s->n_embd, &w->k, err));
        LNR_TRY(matrix(f, "attn_v.weight", n_kv, s->n_embd, &w->v, err));
        LNR_TRY(bias(f, "attn_q.bias", n_q, &w->q_bias, err));
        LNR_TRY(bias(f, "attn_k.bias", n_kv, &w->k_bias, err));
        LNR_TRY(bias(f, "attn_v.bias", n_kv, &w->v_bias, err));
    }
    if (f->parts & LAYER_QK_NORM) {
        LNR_TRY(vector(f, "attn_q_norm.weight", s->head_dim, &w->q_norm, err));
        LNR_TRY(vector(f, "attn_k_norm.weight", s->head_dim, &w->k_norm, err));
    }
    if (f->parts & LAYER_OUT_NORMS)
        LNR_TRY(vector(f, "post_attention_norm.weight", s->n_embd, &w->out_norm, err));
    return matrix(f, "attn_output.weight", s->n_embd, n_q, &w->out, err);
}

/* ---- feed-forward
 * -------------------------------------------------------------------------------- */

static lnr_status feed_forward(layer_loader *f, ffn_weights *w, lnr_error *err) {
    const model_shape *s = &f->l->model->shape;
    LNR_TRY(vector(f, "ffn_norm.weight", s->n_embd, &w->norm, err));
    if (f->parts & LAYER_FUSED) {
        loader_rows gate = {0, s->n_ff, 2 * s->n_ff}, up = {s->n_ff, s->n_ff, gate.of};
        name_of(f, "ffn_up.weight");
        LNR_TRY(loader_matrix_rows(f->l, f->name, gate, s->n_embd, &w->gate, err));
        LNR_TRY(loader_matrix_rows(f->l, f->name, up, s->n_embd, &w->up, err));
    } else {
        LNR_TRY(matrix(f, "ffn_gate.weight", s->n_ff, s->n_embd, &w->gate, err));
        LNR_TRY(matrix(f, "ffn_up.weight", s->n_ff, s->n_embd, &w->up, err));
    }
    if (f->parts & LAYER_OUT_NORMS)
        LNR_TRY(vector(f, "post_ffw_norm.weight", s->n_embd, &w->out_norm, err));
    return matrix(f, "ffn_down.weight", s->n_embd, s->n_ff, &w->down, err);
}

static lnr_status experts(layer_loader *f, moe_weights *w, lnr_error *err) {
    const model_shape *s = &f->l->model->shape;
    uint32_t n = s->n_experts;
    LNR_TRY(vector(f, "ffn_norm.weight", s->n_embd, &w->norm, err));
    LNR_TRY(matrix(f, "ffn_gate_inp.weight", n, s->n_embd, &w->router, err));
    name_of(f, "ffn_gate_exps.weight");
    LNR_TRY(loader_experts(f->l, f->name, s->n_ff, s->n_embd, &w->gate, err));
    name_of(f, "ffn_up_exps.weight");
    LNR_TRY(loader_experts(f->l, f->name, s->n_ff, s->n_embd, &w->up, err));
    name_of(f, "ffn_down_exps.weight");
    return loader_experts(f->l, f->name, s->n_embd, s->n_ff, &w->down, err);
}

lnr_status loader_layers(model_loader *l, layer_parts parts, lnr_error *err) {
    lnr_model *m = l->model;
    m->fused = parts & LAYER_FUSED;
    m->layer = arena_alloc(&m->arena, m->shape.n_layers, sizeof *m->layer);
    if (m->layer == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for %" PRIu32 " layers", m->shape.n_layers);
    for (uint32_t i = 0; i < m->shape.n_layers; i++) {
        layer_loader f = {.l = l, .parts = parts, .layer = i};
        model_layer *w = &m->layer[i];
        LNR_TRY(attention(&f, &w->attn, err));
        LNR_TRY(m->shape.n_experts ? experts(&f, &w->moe, err) : feed_forward(&f, &w->ffn, err));
    }
    return LNR_OK;
}
