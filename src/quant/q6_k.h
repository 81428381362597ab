/* Q6_K: super-blocks of 256 weights in 16 sub-blocks of 16; value = d * scale * (q - 32), with
 * 6-bit q and a signed byte scale per sub-block.
 *
 * Panel, per 256 columns 3360 bytes:
 *     0  q[4][4][3][16][4]  byte [s][g][plane][r][e]: in bits 0-5 weight 4 g + e of sub-block
 *                           4 s + plane, row r; in bits 6-7 two bits of weight 4 g + e of sub-block
 *                           4 s + 3: bits 0-1 in plane 0, bits 2-3 in plane 1, bits 4-5 in plane 2
 *  3072  scales[16][16]     of sub-block j, row r
 *  3328  d[16]              halves
 * The quants come first, so that every second block's loads stay inside cache lines. */
#ifndef LNR_QUANT_Q6_K_H
#define LNR_QUANT_Q6_K_H

#include "quant/format.h"

/* Per half of 128 weights 64 bytes ql and 32 bytes qh; weight 32 i + l (i = 0..3) has its low 4
 * bits in nibble i / 2 of ql[32 (i % 2) + l] and its top 2 in bits 2 i of qh[l]. */
typedef struct q6_k_block {
    uint8_t ql[128], qh[64];
    int8_t scales[16];
    uint16_t d;
} q6_k_block;

typedef struct q6_k_panel {
    uint8_t q[4][4][3][LNR_PANEL_ROWS][4];
    int8_t scales[16][LNR_PANEL_ROWS];
    uint16_t d[LNR_PANEL_ROWS];
} q6_k_panel;

_Static_assert(sizeof(q6_k_block) == 210, "layout of Q6_K in the file");
_Static_assert(sizeof(q6_k_panel) == LNR_PANEL_ROWS * sizeof(q6_k_block), "layout of Q6_K panels");

void q6_k_decode(const void *blocks, size_t n, float *out);
void q6_k_encode(const float *x, const float *importance, size_t n, void *blocks);
void q6_k_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void q6_k_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
