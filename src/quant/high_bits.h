/* The fifth bits of Q5_0 and Q5_1. In the file bit j % 8 of byte j / 8 belongs to weight j, in the
 * panel bit j / 4 of byte j % 4: one shift then serves the four weights of a vector's dword. */
#ifndef LNR_QUANT_HIGH_BITS_H
#define LNR_QUANT_HIGH_BITS_H

#include <stdint.h>

static inline void high_bits_to_panel(const uint8_t file[4], uint8_t panel[4]) {
    uint32_t bits =
        file[0] | (uint32_t)file[1] << 8 | (uint32_t)file[2] << 16 | (uint32_t)file[3] << 24;
    for (int e = 0; e < 4; e++) { /* every fourth bit, moved together in three steps */
        uint32_t v = bits >> e & 0x11111111u;
        v = (v | v >> 3) & 0x03030303u;
        v = (v | v >> 6) & 0x000f000fu;
        panel[e] = (uint8_t)(v | v >> 12);
    }
}

static inline void high_bits_from_panel(const uint8_t panel[4], uint8_t file[4]) {
    uint32_t bits = 0;
    for (int e = 0; e < 4; e++) { /* the steps backwards */
        uint32_t v = panel[e];
        v = (v | v << 12) & 0x000f000fu;
        v = (v | v << 6) & 0x03030303u;
        v = (v | v << 3) & 0x11111111u;
        bits |= v << e;
    }
    for (int i = 0; i < 4; i++)
        file[i] = (uint8_t)(bits >> 8 * i);
}

#endif
