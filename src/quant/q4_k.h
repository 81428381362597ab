/* Q4_K: super-blocks of 256 weights in 8 sub-blocks of 32; value = d * scale * q - dmin * min, with
 * 4-bit q, and 6-bit scale and min per sub-block.
 *
 * Panel, per 256 columns 2304 bytes:
 *    0  d[16], dmin[16]  halves, one per row
 *   64  scales[3][64]    scale of sub-block j as value j, min as value 8 + j, see scales6.h
 *  256  q[4][8][16][4]   byte [c][g][r][e]: weight 4 g + e of sub-block 2 c in the low nibble, of
 *                        sub-block 2 c + 1 in the high one, row r */
#ifndef LNR_QUANT_Q4_K_H
#define LNR_QUANT_Q4_K_H

#include "quant/format.h"
#include "quant/scales6.h"

/* scales: see scales6.h. qs: byte 32 c + l holds weight l of sub-blocks 2 c (low) and 2 c + 1. */
typedef struct q4_k_block {
    uint16_t d, dmin;
    uint8_t scales[12];
    uint8_t qs[128];
} q4_k_block;

typedef struct q4_k_panel {
    uint16_t d[LNR_PANEL_ROWS], dmin[LNR_PANEL_ROWS];
    uint8_t scales[3][64];
    uint8_t q[4][8][LNR_PANEL_ROWS][4];
} q4_k_panel;

_Static_assert(sizeof(q4_k_block) == 144, "layout of Q4_K in the file");
_Static_assert(sizeof(q4_k_panel) == LNR_PANEL_ROWS * sizeof(q4_k_block), "layout of Q4_K panels");

void q4_k_decode(const void *blocks, size_t n, float *out);
void q4_k_encode(const float *x, const float *importance, size_t n, void *blocks);
void q4_k_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void q4_k_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
