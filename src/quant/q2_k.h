/* Q2_K: super-blocks of 256 weights in 16 sub-blocks of 16; value = d * scale * q - dmin * min,
 * with 2-bit q, and 4-bit scale and min per sub-block.
 *
 * Panel, per 256 columns 1344 bytes:
 *    0  q[4][4][16][4]    bits 2 i of byte [s][g][r][e]: weight 4 g + e of sub-block 4 s + i, row r
 * 1024  scales[8][16][2]  byte [i][r][e]: scale of sub-block 2 i + e in the low nibble, min in the
 *                         high one
 * 1280  d[16], dmin[16]   halves */
#ifndef LNR_QUANT_Q2_K_H
#define LNR_QUANT_Q2_K_H

#include "quant/format.h"
#include "quant/planes2.h"

/* qs: see planes2.h. scales[j]: scale of sub-block j in the low nibble, min in the high one. */
typedef struct q2_k_block {
    uint8_t scales[16];
    uint8_t qs[64];
    uint16_t d, dmin;
} q2_k_block;

typedef struct q2_k_panel {
    uint8_t q[4][4][LNR_PANEL_ROWS][4];
    uint8_t scales[8][LNR_PANEL_ROWS][2];
    uint16_t d[LNR_PANEL_ROWS], dmin[LNR_PANEL_ROWS];
} q2_k_panel;

_Static_assert(sizeof(q2_k_block) == 84, "layout of Q2_K in the file");
_Static_assert(sizeof(q2_k_panel) == LNR_PANEL_ROWS * sizeof(q2_k_block), "layout of Q2_K panels");

void q2_k_decode(const void *blocks, size_t n, float *out);
void q2_k_encode(const float *x, const float *importance, size_t n, void *blocks);
void q2_k_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void q2_k_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
