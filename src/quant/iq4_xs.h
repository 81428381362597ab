/* IQ4_XS: super-blocks of 256 weights in 8 sub-blocks of 32; value = d * (scale - 32) * table[q],
 * with 4-bit q that index IQ4_NL's table and a 6-bit scale per sub-block.
 *
 * Panel, per 256 columns 2176 bytes:
 *    0  q[4][8][16][4]   byte [c][g][r][e]: weight 4 g + e of sub-block 2 c in the low nibble, of
 *                        sub-block 2 c + 1 in the high one, row r
 * 2048  scales_l[4][16]  byte [c][r]: low four bits of the scale of sub-block 2 c in the low
 * nibble, of sub-block 2 c + 1 in the high one 2112  scales_h[16]     16 bits per row: bits 2 j are
 * the top two of the scale of sub-block j 2144  d[16]            halves */
#ifndef LNR_QUANT_IQ4_XS_H
#define LNR_QUANT_IQ4_XS_H

#include "quant/format.h"

/* Byte 16 j + l of qs holds weight l of sub-block j in the low nibble, weight 16 + l in the high
 * one. The scales' bits are those of the panel. */
typedef struct iq4_xs_block {
    uint16_t d;
    uint16_t scales_h;
    uint8_t scales_l[4];
    uint8_t qs[128];
} iq4_xs_block;

typedef struct iq4_xs_panel {
    uint8_t q[4][8][LNR_PANEL_ROWS][4];
    uint8_t scales_l[4][LNR_PANEL_ROWS];
    uint16_t scales_h[LNR_PANEL_ROWS];
    uint16_t d[LNR_PANEL_ROWS];
} iq4_xs_panel;

_Static_assert(sizeof(iq4_xs_block) == 136, "layout of IQ4_XS in the file");
_Static_assert(sizeof(iq4_xs_panel) == LNR_PANEL_ROWS * sizeof(iq4_xs_block),
               "layout of IQ4_XS panels");

void iq4_xs_decode(const void *blocks, size_t n, float *out);
void iq4_xs_encode(const float *x, const float *importance, size_t n, void *blocks);
void iq4_xs_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void iq4_xs_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
