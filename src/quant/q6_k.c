/* See q6_k.h. */
#include "quant/q6_k.h"

#include "base/f16.h"
#include "quant/dwords.h"
#include "quant/fit.h"

#include <string.h>

#define N_SUB 16
#define SUB   16

/* the 256 values 0..63 of a block */

static void quants_from_block(const q6_k_block *b, uint8_t q[256]) {
    for (int k = 0; k < 256; k++) {
        int half = k / 128, i = k / 32 % 4, l = k % 32;
        int low = b->ql[half * 64 + i % 2 * 32 + l] >> i / 2 * 4 & 15;
        int high = b->qh[half * 32 + l] >> 2 * i & 3;
        q[k] = (uint8_t)(low | high << 4);
    }
}

static void quants_to_block(const uint8_t q[256], q6_k_block *b) {
    memset(b->ql, 0, sizeof b->ql);
    memset(b->qh, 0, sizeof b->qh);
    for (int k = 0; k < 256; k++) {
        int half = k / 128, i = k / 32 % 4, l = k % 32;
        uint8_t *low = &b->ql[half * 64 + i % 2 * 32 + l], *high = &b->qh[half * 32 + l];
        *low = (uint8_t)(*low | (q[k] & 15) << i / 2 * 4);
        *high = (uint8_t)(*high | q[k] >> 4 << 2 * i);
    }
}

static void decode_block(const q6_k_block *b, float *out) {
    float d = lnr_f16_to_f32(b->d);
    uint8_t q[256];
    quants_from_block(b, q);
    for (int k = 0; k < 256; k++)
        out[k] = d * (float)b->scales[k / SUB] * (float)(q[k] - 32);
}

void q6_k_decode(const void *blocks, size_t n, float *out) {
    for (const char *p = blocks; n >= 256; n -= 256, p += sizeof(q6_k_block), out += 256) {
        q6_k_block b;
        memcpy(&b, p, sizeof b);
        decode_block(&b, out);
    }
}

static void encode_block(const float *x, const float *importance, q6_k_block *b) {
    fit_super f;
    fit_super_signed(x, importance, -32, -128, &f);
    b->d = f.d;
    for (int j = 0; j < N_SUB; j++)
        b->scales[j] = (int8_t)(f.scale[j] - 128);
    quants_to_block(f.q, b);
}

void q6_k_encode(const float *x, const float *importance, size_t n, void *blocks) {
    for (char *p = blocks; n >= 256; n -= 256, p += sizeof(q6_k_block), x += 256) {
        q6_k_block b;
        encode_block(x, importance, &b);
        memcpy(p, &b, sizeof b);
        importance = importance ? importance + 256 : NULL;
    }
}

/* Weights 4 g.. of sub-blocks 4 s + plane: their low bits are nibble s % 2 of bytes 16 plane + 4
 * g.. of the half's ql, their high ones the two bits from 4 (s % 2) + 2 (plane / 2) on of bytes 16
 * (plane % 2) + 4 g.. of its qh. */
static void quants_pack(const q6_k_block *b, size_t r, q6_k_panel *dst) {
    for (int s = 0; s < 4; s++)
        for (int g = 0; g < 4; g++) {
            const uint8_t *ql = b->ql + s / 2 * 64 + 4 * g, *qh = b->qh + s / 2 * 32 + 4 * g;
            uint32_t v[4];
            for (int plane = 0; plane < 4; plane++)
                v[plane] = dword_bits(dword_get(ql + 16 * plane), s % 2 * 4, 15) |
                           dword_bits(dword_get(qh + plane % 2 * 16), s % 2 * 4 + plane / 2 * 2, 3)
                               << 4;
            for (int plane = 0; plane < 3; plane++)
                dword_put(dst->q[s][g][plane][r], v[plane] | dword_bits(v[3], 2 * plane, 3) << 6);
        }
}

static void quants_unpack(const q6_k_panel *src, size_t r, q6_k_block *b) {
    for (int s = 0; s < 4; s++)
        for (int g = 0; g < 4; g++) {
            uint8_t *ql = b->ql + s / 2 * 64 + 4 * g, *qh = b->qh + s / 2 * 32 + 4 * g;
            uint32_t v[4] = {0};
            for (int plane = 0; plane < 3; plane++) {
                uint32_t q = dword_get(src->q[s][g][plane][r]);
                v[plane] = dword_bits(q, 0, 63);
                v[3] |= dword_bits(q, 6, 3) << 2 * plane;
            }
            for (int plane = 0; plane < 4; plane++) {
                uint8_t *low = ql + 16 * plane, *high = qh + plane % 2 * 16;
                int at = s % 2 * 4;
                dword_put(low, dword_get(low) | dword_bits(v[plane], 0, 15) << at);
                dword_put(high, dword_get(high) | dword_bits(v[plane], 4, 3)
                                                      << (at + plane / 2 * 2));
            }
        }
}

void q6_k_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    size_t n_blocks = n_cols / 256;
    memset(panel, 0, n_blocks * sizeof(q6_k_panel));
    for (size_t i = 0; i < n_blocks; i++) {
        q6_k_panel *dst = (q6_k_panel *)panel + i;
        for (size_t r = 0; r < n_rows; r++) {
            q6_k_block b;
            memcpy(&b, (const char *)rows + (r * n_blocks + i) * sizeof b, sizeof b);
            quants_pack(&b, r, dst);
            dst->d[r] = b.d;
            for (int j = 0; j < N_SUB; j++)
                dst->scales[j][r] = b.scales[j];
        }
    }
}

void q6_k_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t i = 0; i < n_cols / 256; i++, out += 256) {
        const q6_k_panel *src = (const q6_k_panel *)panel + i;
        q6_k_block b = {.d = src->d[row]};
        quants_unpack(src, row, &b);
        for (int j = 0; j < N_SUB; j++)
            b.scales[j] = src->scales[j][row];
        decode_block(&b, out);
    }
}
