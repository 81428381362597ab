/* IQ4_NL: 32 weights of 4 bits that index a table of unequal steps, with one half-precision scale;
 * value = d * table[q].
 *
 * Panel, per 32 columns 288 bytes: byte q[g][r][e] holds weight 4 g + e of row r in the low nibble
 * and weight 16 + 4 g + e in the high one, as the file pairs them; then the scales. */
#ifndef LNR_QUANT_IQ4_NL_H
#define LNR_QUANT_IQ4_NL_H

#include "quant/format.h"

/* byte j of qs: weight j in the low nibble, weight 16 + j in the high one */
typedef struct iq4_nl_block {
    uint16_t d;
    uint8_t qs[16];
} iq4_nl_block;

typedef struct iq4_nl_panel {
    uint8_t q[4][LNR_PANEL_ROWS][4];
    uint16_t d[LNR_PANEL_ROWS];
} iq4_nl_panel;

_Static_assert(sizeof(iq4_nl_block) == 18, "layout of IQ4_NL in the file");
_Static_assert(sizeof(iq4_nl_panel) == LNR_PANEL_ROWS * sizeof(iq4_nl_block),
               "layout of IQ4_NL panels");

extern const int8_t iq4_nl_table[16]; /* ascending; also IQ4_XS's */

void iq4_nl_decode(const void *blocks, size_t n, float *out);
void iq4_nl_encode(const float *x, const float *importance, size_t n, void *blocks);
void iq4_nl_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void iq4_nl_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
