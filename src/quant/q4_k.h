/* Q4_K: super-blocks of 256 weights in 8 sub-blocks of 32; value = d * scale * q - dmin * min, with
 * 4-bit q, and 6-bit scale and min per sub-block.
 *
 * Panel, per 256 columns 2304 bytes:
 *    0  d[16], dmin[16]  halves, one per row
 *   64  scales[3][64]    64 values of 6 bits in the low bits of the bytes of each line; the top two
 *                        bits of the three lines together are a fourth 64 values, bits 0-1 of it in
 *                        line 2, bits 2-3 in line 1, bits 4-5 in line 0
 *                        line 0   [4][16]     scale of sub-block i, row r
 *                        line 1   [4][16]     scale of sub-block 4 + i, row r
 *                        line 2   [2][16][2]  min of sub-block 2 i + e, row r
 *                        fourth   [2][16][2]  min of sub-block 4 + 2 i + e, row r
 *  256  q[4][8][16][4]   byte [c][g][r][e]: weight 4 g + e of sub-block 2 c in the low nibble, of
 *                        sub-block 2 c + 1 in the high one, row r
 * The scales lie as the kernels use them: 16 rows of a scale widen to one vector of int32, 16 pairs
 * of minima to one vector of int16. */
#ifndef LNR_QUANT_Q4_K_H
#define LNR_QUANT_Q4_K_H

#include "quant/format.h"

/* scales: sub-block j < 4 has its scale in the low 6 bits of byte j and its min in those of byte
 * 4 + j; for j >= 4 the low 4 bits of scale and min are the nibbles of byte 4 + j, and their top
 * two bits are those of bytes j - 4 and j. qs: byte 32 c + l holds weight l of sub-blocks 2 c and 2
 * c + 1. */
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
void q4_k_encode(const float *x, size_t n, void *blocks);
void q4_k_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void q4_k_unpack(const void *panel, size_t n_cols, size_t row, float *out);

/* The 16 scales (0..7) and minima (8..15) of row r, 6 bits each. */
void q4_k_panel_scales(const q4_k_panel *p, size_t r, uint8_t out[16]);

#endif
