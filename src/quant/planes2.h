/* The 2-bit values of Q2_K and the low two bits of Q3_K: 256 in 64 bytes.
 *
 * In the file, per half of 128 values 32 bytes: bits 2 i of byte l are value 32 i + l. In a panel
 * q[4][4][16][4], bits 2 i of byte [s][g][r][e] are value 64 s + 16 i + 4 g + e of row r, so that
 * one vector holds the same place of four sub-blocks of 16. */
#ifndef LNR_QUANT_PLANES2_H
#define LNR_QUANT_PLANES2_H

#include "quant/dwords.h"

#include <stddef.h>

static inline void planes2_from_block(const uint8_t qs[64], uint8_t q[256]) {
    for (int k = 0; k < 256; k++)
        q[k] = qs[k / 128 * 32 + k % 32] >> k / 32 % 4 * 2 & 3;
}

static inline void planes2_to_block(const uint8_t q[256], uint8_t qs[64]) {
    memset(qs, 0, 64);
    for (int k = 0; k < 256; k++) {
        uint8_t *byte = &qs[k / 128 * 32 + k % 32];
        *byte = (uint8_t)(*byte | (q[k] & 3) << k / 32 % 4 * 2);
    }
}

/* Values 32 i + l and 32 i + 16 + l of a half lie in bytes l and 16 + l at bits 2 i; the panel
 * wants them side by side: bits 4 (i % 2) and the next two of set i / 2. */
static inline void planes2_pack(const uint8_t qs[64], size_t r, uint8_t panel[4][4][16][4]) {
    for (int s = 0; s < 4; s++)
        for (int g = 0; g < 4; g++) {
            const uint8_t *half = qs + s / 2 * 32 + 4 * g;
            uint32_t low = dword_get(half), high = dword_get(half + 16);
            int at = s % 2 * 4;
            dword_put(panel[s][g][r], dword_bits(low, at, 3) | dword_bits(high, at, 3) << 2 |
                                          dword_bits(low, at + 2, 3) << 4 |
                                          dword_bits(high, at + 2, 3) << 6);
        }
}

static inline void planes2_unpack(const uint8_t panel[4][4][16][4], size_t r, uint8_t qs[64]) {
    for (int h = 0; h < 2; h++)
        for (int g = 0; g < 4; g++) {
            uint32_t a = dword_get(panel[2 * h][g][r]), b = dword_get(panel[2 * h + 1][g][r]);
            for (int i = 0; i < 2; i++) /* i = 0: byte l, 1: byte 16 + l */
                dword_put(qs + 32 * h + 16 * i + 4 * g,
                          dword_bits(a, 2 * i, 3) | dword_bits(a, 2 * i + 4, 3) << 2 |
                              dword_bits(b, 2 * i, 3) << 4 | dword_bits(b, 2 * i + 4, 3) << 6);
        }
}

#endif
