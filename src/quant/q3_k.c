/* See q3_k.h. */
#include "quant/q3_k.h"

#include "base/f16.h"
#include "quant/fit.h"

#include <string.h>

#define N_SUB 16
#define SUB   16

/* ---- the parts of a block: 256 values 0..7 and 16 scales 0..63 ---- */

static void quants_from_block(const q3_k_block *b, uint8_t q[256]) {
    planes2_from_block(b->qs, q);
    for (int k = 0; k < 256; k++)
        q[k] = (uint8_t)(q[k] | (b->hmask[k % 32] >> k / 32 & 1) << 2);
}

static void quants_to_block(const uint8_t q[256], q3_k_block *b) {
    planes2_to_block(q, b->qs);
    memset(b->hmask, 0, sizeof b->hmask);
    for (int k = 0; k < 256; k++)
        b->hmask[k % 32] = (uint8_t)(b->hmask[k % 32] | q[k] >> 2 << k / 32);
}

static void scales_from_block(const uint8_t s[12], uint8_t v[N_SUB]) {
    for (int j = 0; j < N_SUB; j++) {
        int low = s[j % 8] >> j / 8 * 4 & 15, high = s[8 + j % 4] >> j / 4 * 2 & 3;
        v[j] = (uint8_t)(low | high << 4);
    }
}

static void scales_to_block(const uint8_t v[N_SUB], uint8_t s[12]) {
    memset(s, 0, 12);
    for (int j = 0; j < N_SUB; j++) {
        s[j % 8] = (uint8_t)(s[j % 8] | (v[j] & 15) << j / 8 * 4);
        s[8 + j % 4] = (uint8_t)(s[8 + j % 4] | v[j] >> 4 << j / 4 * 2);
    }
}

static void decode_block(const q3_k_block *b, float *out) {
    float d = lnr_f16_to_f32(b->d);
    uint8_t q[256], scale[N_SUB];
    quants_from_block(b, q);
    scales_from_block(b->scales, scale);
    for (int k = 0; k < 256; k++)
        out[k] = d * (float)(scale[k / SUB] - 32) * (float)(q[k] - 4);
}

/* ---- the format's functions ---- */

void q3_k_decode(const void *blocks, size_t n, float *out) {
    for (const char *p = blocks; n >= 256; n -= 256, p += sizeof(q3_k_block), out += 256) {
        q3_k_block b;
        memcpy(&b, p, sizeof b);
        decode_block(&b, out);
    }
}

void q3_k_encode(const float *x, const float *importance, size_t n, void *blocks) {
    for (char *p = blocks; n >= 256; n -= 256, p += sizeof(q3_k_block), x += 256) {
        q3_k_block b;
        fit_super f;
        fit_super_signed(x, importance, -4, -32, &f);
        b.d = f.d;
        scales_to_block(f.scale, b.scales);
        quants_to_block(f.q, &b);
        memcpy(p, &b, sizeof b);
        importance = importance ? importance + 256 : NULL;
    }
}

/* Bit k (0..3) of each byte to bit 2 k, and back. */
static uint32_t spread(uint32_t v) {
    v = (v | v << 2) & 0x33333333u;
    return (v | v << 1) & 0x55555555u;
}

static uint32_t gather(uint32_t v) {
    v = (v | v >> 1) & 0x33333333u;
    return (v | v >> 2) & 0x0f0f0f0fu;
}

/* Bit i of bytes l and 16 + l of hmask belongs to sub-blocks 2 i and 2 i + 1. */
static void high_pack(const uint8_t hmask[32], size_t r, uint8_t panel[2][4][16][4]) {
    for (int g = 0; g < 4; g++) {
        uint32_t even = dword_get(hmask + 4 * g), odd = dword_get(hmask + 16 + 4 * g);
        for (int h = 0; h < 2; h++)
            dword_put(panel[h][g][r], spread(dword_bits(even, 4 * h, 15)) |
                                          spread(dword_bits(odd, 4 * h, 15)) << 1);
    }
}

static void high_unpack(const uint8_t panel[2][4][16][4], size_t r, uint8_t hmask[32]) {
    for (int g = 0; g < 4; g++) {
        uint32_t a = dword_get(panel[0][g][r]), b = dword_get(panel[1][g][r]);
        for (int i = 0; i < 2; i++)
            dword_put(hmask + 16 * i + 4 * g,
                      gather(a >> i & 0x55555555u) | gather(b >> i & 0x55555555u) << 4);
    }
}

void q3_k_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    size_t n_blocks = n_cols / 256;
    memset(panel, 0, n_blocks * sizeof(q3_k_panel));
    for (size_t i = 0; i < n_blocks; i++) {
        q3_k_panel *dst = (q3_k_panel *)panel + i;
        for (size_t r = 0; r < n_rows; r++) {
            q3_k_block b;
            uint8_t scale[N_SUB];
            memcpy(&b, (const char *)rows + (r * n_blocks + i) * sizeof b, sizeof b);
            planes2_pack(b.qs, r, dst->q);
            high_pack(b.hmask, r, dst->qh);
            scales_from_block(b.scales, scale);
            scales6_to_panel(scale, r, dst->scales);
            dst->d[r] = b.d;
        }
    }
}

void q3_k_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t i = 0; i < n_cols / 256; i++, out += 256) {
        const q3_k_panel *src = (const q3_k_panel *)panel + i;
        q3_k_block b = {.d = src->d[row]};
        uint8_t scale[N_SUB];
        planes2_unpack(src->q, row, b.qs);
        high_unpack(src->qh, row, b.hmask);
        scales6_from_panel(src->scales, row, scale);
        scales_to_block(scale, b.scales);
        decode_block(&b, out);
    }
}
