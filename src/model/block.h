/* Parts of a forward pass that several families share. */
#ifndef LNR_MODEL_BLOCK_H
#define LNR_MODEL_BLOCK_H

#include "model/model.h"

/* A whole decoder of pre-norm layers: attention, then a gated feed-forward net or experts, each
 * added to the residual stream x (n_tokens, n_embd). What a layer does not have (biases, norms of
 * heads, norms before the residual) its weights leave out. */
void block_decoder_forward(const lnr_model *m, lnr_pass *p);

#endif
