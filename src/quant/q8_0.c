/* See q8_0.h. */
#include "quant/q8_0.h"

#include "base/f16.h"
#include "quant/round.h"

#include <string.h>

static void decode_block(const q8_0_block *b, float *out) {
    float d = lnr_f16_to_f32(b->d);
    for (int i = 0; i < 32; i++)
        out[i] = d * (float)b->q[i];
}

void q8_0_decode(const void *blocks, size_t n, float *out) {
    for (const char *p = blocks; n >= 32; n -= 32, p += sizeof(q8_0_block), out += 32) {
        q8_0_block b;
        memcpy(&b, p, sizeof b);
        decode_block(&b, out);
    }
}

void q8_0_encode(const float *x, const float *importance, size_t n, void *blocks) {
    (void)importance;
    for (char *p = blocks; n >= 32; n -= 32, p += sizeof(q8_0_block), x += 32) {
        float amax = 0.0f;
        for (int i = 0; i < 32; i++) {
            float a = x[i] < 0.0f ? -x[i] : x[i];
            amax = a > amax ? a : amax;
        }
        float d = amax / 127.0f, inverse = d > 0.0f ? 1.0f / d : 0.0f;
        q8_0_block b;
        b.d = lnr_f32_to_f16(d);
        for (int i = 0; i < 32; i++)
            b.q[i] = (int8_t)quant_round(x[i] * inverse, -127, 127);
        memcpy(p, &b, sizeof b);
    }
}

void q8_0_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    size_t n_blocks = n_cols / 32;
    memset(panel, 0, n_blocks * sizeof(q8_0_panel));
    for (size_t r = 0; r < n_rows; r++)
        for (size_t i = 0; i < n_blocks; i++) {
            const char *src = (const char *)rows + (r * n_blocks + i) * sizeof(q8_0_block);
            char *dst = (char *)panel + i * sizeof(q8_0_panel);
            q8_0_block b;
            memcpy(&b, src, sizeof b);
            memcpy(dst + offsetof(q8_0_panel, d) + 2 * r, &b.d, 2);
            for (int j = 0; j < 32; j++)
                b.q[j] = (int8_t)(b.q[j] ^ -128);
            for (size_t g = 0; g < 8; g++)
                memcpy(dst + g * 64 + 4 * r, &b.q[4 * g], 4);
        }
}

void q8_0_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t i = 0; i < n_cols / 32; i++, out += 32) {
        const char *src = (const char *)panel + i * sizeof(q8_0_panel);
        q8_0_block b;
        memcpy(&b.d, src + offsetof(q8_0_panel, d) + 2 * row, 2);
        for (size_t g = 0; g < 8; g++)
            memcpy(&b.q[4 * g], src + g * 64 + 4 * row, 4);
        for (int j = 0; j < 32; j++)
            b.q[j] = (int8_t)(b.q[j] ^ -128);
        decode_block(&b, out);
    }
}
