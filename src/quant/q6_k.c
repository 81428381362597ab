/* See q6_k.h. Encoding fits each sub-block by weighted least squares over a range of trial scales.
 */
#include "quant/q6_k.h"

#include "base/f16.h"
#include "quant/round.h"

#include <math.h>
#include <string.h>

#define N_SUB 16
#define SUB   16

/* ---- the 256 values 0..63 of a block ---- */

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

/* ---- decode ---- */

static void decode_quants(float d, const int8_t *scales, const uint8_t q[256], float *out) {
    for (int k = 0; k < 256; k++)
        out[k] = d * (float)scales[k / SUB] * (float)(q[k] - 32);
}

void q6_k_decode(const void *blocks, size_t n, float *out) {
    for (const char *p = blocks; n >= 256; n -= 256, p += sizeof(q6_k_block), out += 256) {
        q6_k_block b;
        uint8_t q[256];
        memcpy(&b, p, sizeof b);
        quants_from_block(&b, q);
        decode_quants(lnr_f16_to_f32(b.d), b.scales, q, out);
    }
}

/* ---- encode ---- */

/* The scale of x = scale * q, -32 <= q <= 31, of least squared error among trials whose range is a
 * little over or under the largest value's. 0 for a sub-block that is zero. */
static float fit_sub_block(const float *x) {
    float extreme = 0.0f;
    for (int i = 0; i < SUB; i++)
        extreme = fabsf(x[i]) > fabsf(extreme) ? x[i] : extreme;
    if (!(fabsf(extreme) > 1e-30f))
        return 0.0f;
    float best = 0.0f, best_gain = 0.0f;
    for (int step = -9; step <= 9; step++) { /* the extreme goes to -32, the longer side */
        float inverse = -(32.0f + 0.1f * (float)step) / extreme, sum_xq = 0.0f, sum_qq = 0.0f;
        for (int i = 0; i < SUB; i++) {
            float q = (float)quant_round(inverse * x[i], -32, 31);
            sum_xq += x[i] * q;
            sum_qq += q * q;
        }
        /* the error is sum(x x) - gain, with the gain of the best scale sum_xq / sum_qq */
        float gain = sum_qq > 0.0f ? sum_xq * sum_xq / sum_qq : 0.0f;
        if (gain > best_gain) {
            best_gain = gain;
            best = sum_xq / sum_qq;
        }
    }
    return best;
}

static void encode_block(const float *x, q6_k_block *b) {
    float scale[N_SUB], extreme = 0.0f;
    for (int j = 0; j < N_SUB; j++) {
        scale[j] = fit_sub_block(x + j * SUB);
        extreme = fabsf(scale[j]) > fabsf(extreme) ? scale[j] : extreme;
    }
    b->d = lnr_f32_to_f16(extreme / -128.0f);
    float d = lnr_f16_to_f32(b->d);
    uint8_t q[256];
    for (int j = 0; j < N_SUB; j++) {
        b->scales[j] = (int8_t)(d != 0.0f ? quant_round(scale[j] / d, -128, 127) : 0);
        float ds = d * (float)b->scales[j];
        for (int i = 0; i < SUB; i++) {
            int v = ds != 0.0f ? quant_round(x[j * SUB + i] / ds, -32, 31) : 0;
            q[j * SUB + i] = (uint8_t)(v + 32);
        }
    }
    quants_to_block(q, b);
}

void q6_k_encode(const float *x, size_t n, void *blocks) {
    for (char *p = blocks; n >= 256; n -= 256, p += sizeof(q6_k_block), x += 256) {
        q6_k_block b;
        encode_block(x, &b);
        memcpy(p, &b, sizeof b);
    }
}

/* ---- panels ---- */

void q6_k_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    size_t n_blocks = n_cols / 256;
    memset(panel, 0, n_blocks * sizeof(q6_k_panel));
    for (size_t n = 0; n < n_blocks; n++) {
        q6_k_panel *dst = (q6_k_panel *)panel + n;
        for (size_t r = 0; r < n_rows; r++) {
            q6_k_block b;
            uint8_t q[256];
            memcpy(&b, (const char *)rows + (r * n_blocks + n) * sizeof b, sizeof b);
            quants_from_block(&b, q);
            dst->d[r] = b.d;
            for (int j = 0; j < N_SUB; j++)
                dst->scales[j][r] = b.scales[j];
            for (int k = 0; k < 64; k++) { /* k = 16 s + 4 g + e */
                const uint8_t *v = &q[k / 16 * 64 + k % 16];
                for (int plane = 0; plane < 3; plane++)
                    dst->q[k / 16][k / 4 % 4][plane][r][k % 4] =
                        (uint8_t)(v[SUB * plane] | (v[SUB * 3] >> 2 * plane & 3) << 6);
            }
        }
    }
}

void q6_k_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t n = 0; n < n_cols / 256; n++, out += 256) {
        const q6_k_panel *src = (const q6_k_panel *)panel + n;
        uint8_t q[256] = {0};
        int8_t scales[N_SUB];
        for (int k = 0; k < 64; k++) {
            uint8_t *v = &q[k / 16 * 64 + k % 16];
            for (int plane = 0; plane < 3; plane++) {
                int byte = src->q[k / 16][k / 4 % 4][plane][row][k % 4];
                v[SUB * plane] = byte & 63;
                v[SUB * 3] = (uint8_t)(v[SUB * 3] | byte >> 6 << 2 * plane);
            }
        }
        for (int j = 0; j < N_SUB; j++)
            scales[j] = src->scales[j][row];
        decode_quants(lnr_f16_to_f32(src->d[row]), scales, q, out);
    }
}
