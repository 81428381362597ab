/* Q5_K: super-blocks of 256 weights in 8 sub-blocks of 32; value = d * scale * q - dmin * min, with
 * 5-bit q, and 6-bit scale and min per sub-block: Q4_K and one more bit.
 *
 * Panel, per 256 columns 2816 bytes:
 *    0  d[16], dmin[16]  halves, one per row
 *   64  scales[3][64]    scale of sub-block j as value j, min as value 8 + j, see scales6.h
 *  256  q[4][8][16][4]   byte [c][g][r][e]: low four bits of weight 4 g + e of sub-block 2 c in the
 *                        low nibble, of sub-block 2 c + 1 in the high one, row r
 * 2304  qh[8][16][4]     bit j of byte [g][r][e]: the fifth bit of weight 4 g + e of sub-block j */
#ifndef LNR_QUANT_Q5_K_H
#define LNR_QUANT_Q5_K_H

#include "quant/format.h"
#include "quant/scales6.h"

/* scales: see scales6.h. qs: byte 32 c + l holds weight l of sub-blocks 2 c (low) and 2 c + 1; bit
 * j of qh[l] is the fifth bit of weight l of sub-block j. */
typedef struct q5_k_block {
    uint16_t d, dmin;
    uint8_t scales[12];
    uint8_t qh[32];
    uint8_t qs[128];
} q5_k_block;

typedef struct q5_k_panel {
    uint16_t d[LNR_PANEL_ROWS], dmin[LNR_PANEL_ROWS];
    uint8_t scales[3][64];
    uint8_t q[4][8][LNR_PANEL_ROWS][4];
    uint8_t qh[8][LNR_PANEL_ROWS][4];
} q5_k_panel;

_Static_assert(sizeof(q5_k_block) == 176, "layout of Q5_K in the file");
_Static_assert(sizeof(q5_k_panel) == LNR_PANEL_ROWS * sizeof(q5_k_block), "layout of Q5_K panels");

void q5_k_decode(const void *blocks, size_t n, float *out);
void q5_k_encode(const float *x, const float *importance, size_t n, void *blocks);
void q5_k_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void q5_k_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
