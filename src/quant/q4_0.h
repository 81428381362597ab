/* Q4_0: 32 weights of 4 bits with one half-precision scale; value = d * (q - 8).
 *
 * Panel, per 32 columns 288 bytes: byte q[g][r][e] holds weight 4 g + e of row r in the low nibble
 * and weight 16 + 4 g + e in the high one, as the file pairs them; then the scales. */
#ifndef LNR_QUANT_Q4_0_H
#define LNR_QUANT_Q4_0_H

#include "quant/format.h"

/* byte j of qs: weight j in the low nibble, weight 16 + j in the high one */
typedef struct q4_0_block {
    uint16_t d;
    uint8_t qs[16];
} q4_0_block;

typedef struct q4_0_panel {
    uint8_t q[4][LNR_PANEL_ROWS][4];
    uint16_t d[LNR_PANEL_ROWS];
} q4_0_panel;

_Static_assert(sizeof(q4_0_block) == 18, "layout of Q4_0 in the file");
_Static_assert(sizeof(q4_0_panel) == LNR_PANEL_ROWS * sizeof(q4_0_block), "layout of Q4_0 panels");

void q4_0_decode(const void *blocks, size_t n, float *out);
void q4_0_encode(const float *x, const float *importance, size_t n, void *blocks);
void q4_0_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void q4_0_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
