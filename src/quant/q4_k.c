/* See q4_k.h. Encoding fits each sub-block by weighted least squares over a range of trial scales.
 */
#include "quant/q4_k.h"

#include "base/f16.h"
#include "quant/round.h"

#include <math.h>
#include <string.h>

#define N_SUB 8
#define SUB   32

/* ---- scales: 16 values of 6 bits, scale of sub-block j at j, min at 8 + j ---- */

static void scales_from_block(const uint8_t s[12], uint8_t out[16]) {
    for (int j = 0; j < 4; j++) {
        out[j] = s[j] & 63;
        out[8 + j] = s[4 + j] & 63;
        out[4 + j] = (uint8_t)((s[8 + j] & 15) | s[j] >> 6 << 4);
        out[12 + j] = (uint8_t)(s[8 + j] >> 4 | s[4 + j] >> 6 << 4);
    }
}

static void scales_to_block(const uint8_t v[16], uint8_t s[12]) {
    for (int j = 0; j < 4; j++) {
        s[j] = (uint8_t)(v[j] | v[4 + j] >> 4 << 6);
        s[4 + j] = (uint8_t)(v[8 + j] | v[12 + j] >> 4 << 6);
        s[8 + j] = (uint8_t)((v[4 + j] & 15) | (v[12 + j] & 15) << 4);
    }
}

static void scales_to_panel(q4_k_panel *p, size_t r, const uint8_t v[16]) {
    for (size_t i = 0; i < 4; i++) {
        size_t line = 16 * i + r, pair = i / 2 * 32 + 2 * r + i % 2;
        p->scales[0][line] = (uint8_t)(p->scales[0][line] | v[i]);
        p->scales[1][line] = (uint8_t)(p->scales[1][line] | v[4 + i]);
        p->scales[2][pair] = (uint8_t)(p->scales[2][pair] | v[8 + i]);
        for (int l = 0; l < 3; l++) {
            int bits = v[12 + i] >> (4 - 2 * l) & 3;
            p->scales[l][pair] = (uint8_t)(p->scales[l][pair] | bits << 6);
        }
    }
}

void q4_k_panel_scales(const q4_k_panel *p, size_t r, uint8_t out[16]) {
    for (size_t i = 0; i < 4; i++) {
        size_t line = 16 * i + r, pair = i / 2 * 32 + 2 * r + i % 2;
        out[i] = p->scales[0][line] & 63;
        out[4 + i] = p->scales[1][line] & 63;
        out[8 + i] = p->scales[2][pair] & 63;
        out[12 + i] = (uint8_t)(p->scales[2][pair] >> 6 | p->scales[1][pair] >> 6 << 2 |
                                p->scales[0][pair] >> 6 << 4);
    }
}

/* ---- decode ---- */

static void decode_block(const q4_k_block *b, float *out) {
    float d = lnr_f16_to_f32(b->d), dmin = lnr_f16_to_f32(b->dmin);
    uint8_t scale[16];
    scales_from_block(b->scales, scale);
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

/* ---- encode ---- */

typedef struct fit {
    float scale, min; /* value = scale * q - min, both >= 0 */
} fit;

typedef struct sums {
    float w, x; /* of w and of w * x */
} sums;

/* The least-squares scale and min for the q that `inverse` gives; returns their weighted error. */
static float fit_trial(const float *x, const float *w, sums s, float lowest, float inverse,
                       fit *f) {
    float sum_q = 0.0f, sum_qq = 0.0f, sum_xq = 0.0f;
    uint8_t q[SUB];
    for (int i = 0; i < SUB; i++) {
        q[i] = (uint8_t)quant_round(inverse * (x[i] - lowest), 0, 15);
        float wq = w[i] * (float)q[i];
        sum_q += wq;
        sum_qq += wq * (float)q[i];
        sum_xq += wq * x[i];
    }
    float det = s.w * sum_qq - sum_q * sum_q;
    if (!(det > 0.0f))
        return INFINITY;
    f->scale = (s.w * sum_xq - s.x * sum_q) / det;
    f->min = -(sum_qq * s.x - sum_q * sum_xq) / det;
    if (f->min < 0.0f) { /* the format cannot add: fit through zero */
        f->min = 0.0f;
        f->scale = sum_xq / sum_qq;
    }
    float error = 0.0f;
    for (int i = 0; i < SUB; i++) {
        float e = f->scale * (float)q[i] - f->min - x[i];
        error += w[i] * e * e;
    }
    return f->scale > 0.0f ? error : INFINITY;
}

/* Trial ranges a little under and over the sub-block's own (14 to 16 steps of 15) let an outlier
 * clip or the grid shift when that lowers the error of the rest. */
static fit fit_sub_block(const float *x) {
    float square = 0.0f, lowest = 0.0f, highest = x[0];
    for (int i = 0; i < SUB; i++) {
        square += x[i] * x[i];
        lowest = x[i] < lowest ? x[i] : lowest;
        highest = x[i] > highest ? x[i] : highest;
    }
    float range = highest - lowest, w[SUB];
    if (!(range > 0.0f)) /* all equal and not positive */
        return (fit){0.0f, -lowest};
    float rms = sqrtf(square / (float)SUB);
    sums s = {0.0f, 0.0f};
    for (int i = 0; i < SUB; i++) { /* large weights matter more: they carry larger products */
        w[i] = rms + fabsf(x[i]);
        s.w += w[i];
        s.x += w[i] * x[i];
    }
    fit best = {range / 15.0f, -lowest};
    float best_error = INFINITY;
    for (int step = 0; step <= 20; step++) {
        fit f = best;
        float error = fit_trial(x, w, s, lowest, (14.0f + 0.1f * (float)step) / range, &f);
        if (error < best_error) {
            best_error = error;
            best = f;
        }
    }
    return best;
}

static void encode_block(const float *x, q4_k_block *b) {
    fit f[N_SUB];
    float scale_max = 0.0f, min_max = 0.0f;
    for (int j = 0; j < N_SUB; j++) {
        f[j] = fit_sub_block(x + j * SUB);
        scale_max = f[j].scale > scale_max ? f[j].scale : scale_max;
        min_max = f[j].min > min_max ? f[j].min : min_max;
    }
    b->d = lnr_f32_to_f16(scale_max / 63.0f);
    b->dmin = lnr_f32_to_f16(min_max / 63.0f);
    float d = lnr_f16_to_f32(b->d), dmin = lnr_f16_to_f32(b->dmin);
    uint8_t v[16];
    memset(b->qs, 0, sizeof b->qs);
    for (int j = 0; j < N_SUB; j++) {
        v[j] = (uint8_t)(d > 0.0f ? quant_round(f[j].scale / d, 0, 63) : 0);
        v[8 + j] = (uint8_t)(dmin > 0.0f ? quant_round(f[j].min / dmin, 0, 63) : 0);
        float ds = d * (float)v[j], dm = dmin * (float)v[8 + j];
        if (!(ds > 0.0f))
            continue;
        for (int l = 0; l < SUB; l++) {
            int q = quant_round((x[j * SUB + l] + dm) / ds, 0, 15);
            uint8_t *byte = &b->qs[j / 2 * SUB + l];
            *byte = (uint8_t)(*byte | q << j % 2 * 4);
        }
    }
    scales_to_block(v, b->scales);
}

void q4_k_encode(const float *x, size_t n, void *blocks) {
    for (char *p = blocks; n >= 256; n -= 256, p += sizeof(q4_k_block), x += 256) {
        q4_k_block b;
        encode_block(x, &b);
        memcpy(p, &b, sizeof b);
    }
}

/* ---- panels ---- */

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
            scales_from_block(b.scales, v);
            scales_to_panel(dst, r, v);
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
        q4_k_panel_scales(src, row, v);
        scales_to_block(v, b.scales);
        for (size_t g = 0; g < 32; g++)
            memcpy(&b.qs[4 * g], src->q[g / 8][g % 8][row], 4);
        decode_block(&b, out);
    }
}
