/* See q4_k.h. */
#include "quant/q4_k.h"

#include "base/f16.h"
#include "quant/fit.h"

#include <string.h>

#define N_SUB 8
#define SUB   32

static void decode_block(const q4_k_block *b, float *out) {
    float d = lnr_f16_to_f32(b->d), dmin = lnr_f16_to_f32(b->dmin);
    uint8_t scale[16];
    scales6_from_block(b->scales, scale);
    for (int j = 0; j < N_SUB; j++) {
        float ds = d * (float)scale[j], dm = dmin * (float)scale[8 + j];
        const uint8_t *q = b->qs + j / 2 * SUB;
        for (int l = 0; l < SUB; l++)
            *out++ = ds * (float)(q[l] >> j % 2 * 4 & 15) - dm;
    }
}

void q4_k_decode(const void *blocks, size_t n, float *out) {
    for (const char *p = blocks; n >= 256; n -= 256, p += sizeof(q4_k_block), out += 256) {
        q4_k_block b;
        memcpy(&b, p, sizeof b);
        decode_block(&b, out);
    }
}

static void encode_block(const float *x, const float *importance, q4_k_block *b) {
    fit_super f;
    uint8_t scale[16];
    fit_super_min(x, importance, SUB, 15, 63, &f);
    b->d = f.d;
    b->dmin = f.dmin;
    memcpy(scale, f.scale, 8);
    memcpy(scale + 8, f.min, 8);
    scales6_to_block(scale, b->scales);
    for (int i = 0; i < 128; i++) {
        const uint8_t *q = &f.q[i / SUB * 2 * SUB + i % SUB];
        b->qs[i] = (uint8_t)(q[0] | q[SUB] << 4);
    }
}

void q4_k_encode(const float *x, const float *importance, size_t n, void *blocks) {
    for (char *p = blocks; n >= 256; n -= 256, p += sizeof(q4_k_block), x += 256) {
        q4_k_block b;
        encode_block(x, importance, &b);
        memcpy(p, &b, sizeof b);
        importance = importance ? importance + 256 : NULL;
    }
}

void q4_k_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    size_t n_blocks = n_cols / 256;
    memset(panel, 0, n_blocks * sizeof(q4_k_panel));
    for (size_t i = 0; i < n_blocks; i++) {
        q4_k_panel *dst = (q4_k_panel *)panel + i;
        for (size_t r = 0; r < n_rows; r++) {
            q4_k_block b;
            memcpy(&b, (const char *)rows + (r * n_blocks + i) * sizeof b, sizeof b);
            uint8_t v[16];
            dst->d[r] = b.d;
            dst->dmin[r] = b.dmin;
            scales6_from_block(b.scales, v);
            scales6_to_panel(v, r, dst->scales);
            for (size_t g = 0; g < 32; g++) /* the file's nibbles already pair as the panel's do */
                memcpy(dst->q[g / 8][g % 8][r], &b.qs[4 * g], 4);
        }
    }
}

void q4_k_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t i = 0; i < n_cols / 256; i++, out += 256) {
        const q4_k_panel *src = (const q4_k_panel *)panel + i;
        q4_k_block b = {.d = src->d[row], .dmin = src->dmin[row]};
        uint8_t v[16];
        scales6_from_panel(src->scales, row, v);
        scales6_to_block(v, b.scales);
        for (size_t g = 0; g < 32; g++)
            memcpy(&b.qs[4 * g], src->q[g / 8][g % 8][row], 4);
        decode_block(&b, out);
    }
}
