/* Q8_0: 32 weights as signed bytes with one half-precision scale; value = d * q.
 *
 * Panel, per 32 columns 544 bytes: the quants first, so that every second block's loads stay inside
 * cache lines. Byte [g][r][e] is weight 4 g + e of row r, plus 128: unsigned, as the first operand
 * of the 8-bit dot product instructions must be. */
#ifndef LNR_QUANT_Q8_0_H
#define LNR_QUANT_Q8_0_H

#include "quant/format.h"

typedef struct q8_0_block {
    uint16_t d;
    int8_t q[32];
} q8_0_block;

typedef struct q8_0_panel {
    uint8_t q[8][LNR_PANEL_ROWS][4];
    uint16_t d[LNR_PANEL_ROWS];
} q8_0_panel;

_Static_assert(sizeof(q8_0_block) == 34, "layout of Q8_0 in the file");
_Static_assert(sizeof(q8_0_panel) == LNR_PANEL_ROWS * sizeof(q8_0_block), "layout of Q8_0 panels");

void q8_0_decode(const void *blocks, size_t n, float *out);
void q8_0_encode(const float *x, const float *importance, size_t n, void *blocks);
void q8_0_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void q8_0_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
