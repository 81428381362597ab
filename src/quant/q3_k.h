/* Q3_K: super-blocks of 256 weights in 16 sub-blocks of 16; value = d * (scale - 32) * (q - 4),
 * with 3-bit q and a 6-bit scale per sub-block.
 *
 * Panel, per 256 columns 1760 bytes:
 *    0  q[4][4][16][4]   bits 2 i of byte [s][g][r][e]: low two bits of weight 4 g + e of sub-block
 *                        4 s + i, row r
 * 1024  qh[2][4][16][4]  bit i of byte [h][g][r][e]: third bit of weight 4 g + e of sub-block
 *                        8 h + i
 * 1536  scales[3][64]    scale of sub-block j as value j, see scales6.h
 * 1728  d[16]            halves */
#ifndef LNR_QUANT_Q3_K_H
#define LNR_QUANT_Q3_K_H

#include "quant/format.h"
#include "quant/planes2.h"
#include "quant/scales6.h"

/* hmask: bit i of byte l is the third bit of weight 32 i + l. qs: see planes2.h. scales: the low
 * four bits of scale j are nibble j / 8 of byte j % 8, its top two are bits 2 (j / 4) of byte 8 + j
 * % 4.
 */
typedef struct q3_k_block {
    uint8_t hmask[32];
    uint8_t qs[64];
    uint8_t scales[12];
    uint16_t d;
} q3_k_block;

typedef struct q3_k_panel {
    uint8_t q[4][4][LNR_PANEL_ROWS][4];
    uint8_t qh[2][4][LNR_PANEL_ROWS][4];
    uint8_t scales[3][64];
    uint16_t d[LNR_PANEL_ROWS];
} q3_k_panel;

_Static_assert(sizeof(q3_k_block) == 110, "layout of Q3_K in the file");
_Static_assert(sizeof(q3_k_panel) == LNR_PANEL_ROWS * sizeof(q3_k_block), "layout of Q3_K panels");

void q3_k_decode(const void *blocks, size_t n, float *out);
void q3_k_encode(const float *x, const float *importance, size_t n, void *blocks);
void q3_k_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void q3_k_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
