/* See scales6.h. */
#include "quant/scales6.h"

void scales6_from_block(const uint8_t s[12], uint8_t v[16]) {
    for (int j = 0; j < 4; j++) {
        v[j] = s[j] & 63;
        v[8 + j] = s[4 + j] & 63;
        v[4 + j] = (uint8_t)((s[8 + j] & 15) | s[j] >> 6 << 4);
        v[12 + j] = (uint8_t)(s[8 + j] >> 4 | s[4 + j] >> 6 << 4);
    }
}

void scales6_to_block(const uint8_t v[16], uint8_t s[12]) {
    for (int j = 0; j < 4; j++) {
        s[j] = (uint8_t)(v[j] | v[4 + j] >> 4 << 6);
        s[4 + j] = (uint8_t)(v[8 + j] | v[12 + j] >> 4 << 6);
        s[8 + j] = (uint8_t)((v[4 + j] & 15) | (v[12 + j] & 15) << 4);
    }
}

void scales6_to_panel(const uint8_t v[16], size_t r, uint8_t scales[3][64]) {
    for (size_t i = 0; i < 4; i++) {
        size_t line = 16 * i + r, pair = i / 2 * 32 + 2 * r + i % 2;
        scales[0][line] = (uint8_t)(scales[0][line] | v[i]);
        scales[1][line] = (uint8_t)(scales[1][line] | v[4 + i]);
        scales[2][pair] = (uint8_t)(scales[2][pair] | v[8 + i]);
        for (int l = 0; l < 3; l++) {
            int bits = v[12 + i] >> (4 - 2 * l) & 3;
            scales[l][pair] = (uint8_t)(scales[l][pair] | bits << 6);
        }
    }
}

void scales6_from_panel(const uint8_t scales[3][64], size_t r, uint8_t v[16]) {
    for (size_t i = 0; i < 4; i++) {
        size_t line = 16 * i + r, pair = i / 2 * 32 + 2 * r + i % 2;
        v[i] = scales[0][line] & 63;
        v[4 + i] = scales[1][line] & 63;
        v[8 + i] = scales[2][pair] & 63;
        v[12 + i] =
            (uint8_t)(scales[2][pair] >> 6 | scales[1][pair] >> 6 << 2 | scales[0][pair] >> 6 << 4);
    }
}
