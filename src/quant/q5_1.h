/* Q5_1: 32 weights of 5 bits with half-precision scale and minimum; value = d * q + m.
 *
 * Panel, per 32 columns 384 bytes: byte q[g][r][e] holds the low four bits of weight 4 g + e of row
 * r in the low nibble and those of weight 16 + 4 g + e in the high one, as the file pairs them; bit
 * s of qh[r][e] is the fifth bit of weight 4 s + e; then scales and minima. */
#ifndef LNR_QUANT_Q5_1_H
#define LNR_QUANT_Q5_1_H

#include "quant/format.h"

/* byte j of qs: weight j in the low nibble, weight 16 + j in the high one; bit j % 8 of qh[j / 8]
 * is the fifth bit of weight j */
typedef struct q5_1_block {
    uint16_t d, m;
    uint8_t qh[4];
    uint8_t qs[16];
} q5_1_block;

typedef struct q5_1_panel {
    uint8_t q[4][LNR_PANEL_ROWS][4];
    uint8_t qh[LNR_PANEL_ROWS][4];
    uint16_t d[LNR_PANEL_ROWS], m[LNR_PANEL_ROWS];
} q5_1_panel;

_Static_assert(sizeof(q5_1_block) == 24, "layout of Q5_1 in the file");
_Static_assert(sizeof(q5_1_panel) == LNR_PANEL_ROWS * sizeof(q5_1_block), "layout of Q5_1 panels");

void q5_1_decode(const void *blocks, size_t n, float *out);
void q5_1_encode(const float *x, const float *importance, size_t n, void *blocks);
void q5_1_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void q5_1_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
