/* MXFP4, the Open Compute Project's microscaling format: 32 four-bit floats (sign, 2 bits of
 * exponent, 1 of fraction) with one power of two; value = 2^(e - 128) * table[q], where the table
 * has the floats doubled, to be integers. e = 255 is NaN.
 *
 * Panel, per 32 columns 272 bytes: byte q[g][r][e] holds weight 4 g + e of row r in the low nibble
 * and weight 16 + 4 g + e in the high one, as the file pairs them; then the exponents. */
#ifndef LNR_QUANT_MXFP4_H
#define LNR_QUANT_MXFP4_H

#include "base/math.h"
#include "quant/format.h"

/* byte j of qs: weight j in the low nibble, weight 16 + j in the high one */
typedef struct mxfp4_block {
    uint8_t e;
    uint8_t qs[16];
} mxfp4_block;

typedef struct mxfp4_panel {
    uint8_t q[4][LNR_PANEL_ROWS][4];
    uint8_t e[LNR_PANEL_ROWS];
} mxfp4_panel;

_Static_assert(sizeof(mxfp4_block) == 17, "layout of MXFP4 in the file");
_Static_assert(sizeof(mxfp4_panel) == LNR_PANEL_ROWS * sizeof(mxfp4_block),
               "layout of MXFP4 panels");

extern const int8_t mxfp4_table[16];

/* 2^(e - 128); the two smallest are denormal. */
static inline float mxfp4_scale(uint8_t e) {
    if (e == 255)
        return lnr_f32_from_bits(0x7fc00000u);
    return lnr_f32_from_bits(e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23);
}

void mxfp4_decode(const void *blocks, size_t n, float *out);
void mxfp4_encode(const float *x, const float *importance, size_t n, void *blocks);
void mxfp4_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void mxfp4_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
