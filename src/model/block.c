/* See block.h. */
#include "model/block.h"

static void decoder_layer(lnr_pass *p, uint32_t layer, const model_layer *w) {
    op_attn_in(p, layer, &w->attn); /* norm, q k v, rope; stores this step's K and V */
    op_attention(p, layer);
    op_attn_out(p, &w->attn); /* output product + residual */
    if (w->moe.norm) {
        op_experts(p, &w->moe); /* norm, routing, chosen experts + residual */
        return;
    }
    op_ffn_in(p, &w->ffn);  /* norm, gate, up, activation */
    op_ffn_out(p, &w->ffn); /* down product + residual */
}

void block_decoder_forward(const lnr_model *m, lnr_pass *p) {
    op_embed(p, &m->embed);
    for (uint32_t i = 0; i < m->shape.n_layers; i++)
        decoder_layer(p, i, &m->layer[i]);
    op_head(p, m->out_norm, m->out.bytes ? &m->out : &m->embed);
}
