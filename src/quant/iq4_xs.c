/* See iq4_xs.h. */
#include "quant/iq4_xs.h"

#include "base/f16.h"
#include "quant/fit.h"
#include "quant/iq4_nl.h"
#include "quant/round.h"

#include <math.h>
#include <string.h>

#define N_SUB 8
#define SUB   32

static void decode_block(const iq4_xs_block *b, float *out) {
    float d = lnr_f16_to_f32(b->d);
    for (int j = 0; j < N_SUB; j++) {
        int low = b->scales_l[j / 2] >> j % 2 * 4 & 15, high = b->scales_h >> 2 * j & 3;
        float ds = d * (float)((low | high << 4) - 32);
        for (int l = 0; l < SUB; l++)
            *out++ = ds * (float)iq4_nl_table[b->qs[16 * j + l % 16] >> l / 16 * 4 & 15];
    }
}

void iq4_xs_decode(const void *blocks, size_t n, float *out) {
    for (const char *p = blocks; n >= 256; n -= 256, p += sizeof(iq4_xs_block), out += 256) {
        iq4_xs_block b;
        memcpy(&b, p, sizeof b);
        decode_block(&b, out);
    }
}

static void encode_block(const float *x, const float *importance, iq4_xs_block *b) {
    float scale[N_SUB], extreme = 0.0f;
    for (int j = 0; j < N_SUB; j++) {
        const float *w = importance ? importance + SUB * j : NULL;
        scale[j] = fit_scale_table(x + SUB * j, w, SUB, iq4_nl_table);
        extreme = fabsf(scale[j]) > fabsf(extreme) ? scale[j] : extreme;
    }
    memset(b, 0, sizeof *b);
    b->d = lnr_f32_to_f16(extreme / -32.0f);
    float d = lnr_f16_to_f32(b->d);
    for (int j = 0; j < N_SUB; j++) {
        int s = d != 0.0f ? quant_round(scale[j] / d, -32, 31) : 0;
        float inverse = s != 0 ? 1.0f / (d * (float)s) : 0.0f;
        b->scales_l[j / 2] = (uint8_t)(b->scales_l[j / 2] | ((s + 32) & 15) << j % 2 * 4);
        b->scales_h = (uint16_t)(b->scales_h | (s + 32) >> 4 << 2 * j);
        for (int l = 0; l < SUB; l++) {
            uint8_t *byte = &b->qs[16 * j + l % 16];
            int code = fit_code(x[SUB * j + l] * inverse, iq4_nl_table);
            *byte = (uint8_t)(*byte | code << l / 16 * 4);
        }
    }
}

void iq4_xs_encode(const float *x, const float *importance, size_t n, void *blocks) {
    for (char *p = blocks; n >= 256; n -= 256, p += sizeof(iq4_xs_block), x += 256) {
        iq4_xs_block b;
        encode_block(x, importance, &b);
        memcpy(p, &b, sizeof b);
        importance = importance ? importance + 256 : NULL;
    }
}

/* The 32 bytes of two sub-blocks from the file's pairing of nibbles (weights l and 16 + l of a
 * sub-block) to the panel's (weight l of both), or back: a swap that is its own inverse. */
static void swap_pairs(const uint8_t in[SUB], uint8_t out[SUB]) {
    for (int l = 0; l < 16; l++) {
        out[l] = (uint8_t)((in[l] & 15) | in[16 + l] << 4);
        out[16 + l] = (uint8_t)(in[l] >> 4 | (in[16 + l] & 0xf0));
    }
}

void iq4_xs_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    size_t n_blocks = n_cols / 256;
    memset(panel, 0, n_blocks * sizeof(iq4_xs_panel));
    for (size_t i = 0; i < n_blocks; i++) {
        iq4_xs_panel *dst = (iq4_xs_panel *)panel + i;
        for (size_t r = 0; r < n_rows; r++) {
            iq4_xs_block b;
            memcpy(&b, (const char *)rows + (r * n_blocks + i) * sizeof b, sizeof b);
            dst->d[r] = b.d;
            dst->scales_h[r] = b.scales_h;
            for (size_t c = 0; c < 4; c++) {
                uint8_t q[SUB];
                dst->scales_l[c][r] = b.scales_l[c];
                swap_pairs(b.qs + SUB * c, q);
                for (size_t g = 0; g < 8; g++)
                    memcpy(dst->q[c][g][r], q + 4 * g, 4);
            }
        }
    }
}

void iq4_xs_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t i = 0; i < n_cols / 256; i++, out += 256) {
        const iq4_xs_panel *src = (const iq4_xs_panel *)panel + i;
        iq4_xs_block b = {.d = src->d[row], .scales_h = src->scales_h[row]};
        for (size_t c = 0; c < 4; c++) {
            uint8_t q[SUB];
            b.scales_l[c] = src->scales_l[c][row];
            for (size_t g = 0; g < 8; g++)
                memcpy(q + 4 * g, src->q[c][g][row], 4);
            swap_pairs(q, b.qs + SUB * c);
        }
        decode_block(&b, out);
    }
}
