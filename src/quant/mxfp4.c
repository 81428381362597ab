/* See mxfp4.h. */
#include "quant/mxfp4.h"

#include <math.h>

#include <string.h>

const int8_t mxfp4_table[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

static void decode_block(const mxfp4_block *b, float *out) {
    float d = mxfp4_scale(b->e);
    for (int i = 0; i < 32; i++)
        out[i] = d * (float)mxfp4_table[b->qs[i % 16] >> i / 16 * 4 & 15];
}

void mxfp4_decode(const void *blocks, size_t n, float *out) {
    for (const char *p = blocks; n >= 32; n -= 32, p += sizeof(mxfp4_block), out += 32) {
        mxfp4_block b;
        memcpy(&b, p, sizeof b);
        decode_block(&b, out);
    }
}

static int nearest(float v) {
    int code = 0;
    while (code < 7 && 2.0f * fabsf(v) > (float)(mxfp4_table[code] + mxfp4_table[code + 1]))
        code++;
    return v < 0.0f ? code + 8 : code;
}

static float error_with(const float *x, const float *importance, uint8_t e) {
    float d = mxfp4_scale(e), sum = 0.0f;
    for (int i = 0; i < 32; i++) {
        float miss = d * (float)mxfp4_table[nearest(x[i] / d)] - x[i];
        sum += (importance ? importance[i] : 1.0f) * miss * miss;
    }
    return sum;
}

/* The largest float is 6, so the exponent of the largest value less 2 clips by up to a quarter; its
 * neighbours clip more of the large ones or none. */
static void encode_block(const float *x, const float *importance, mxfp4_block *b) {
    float amax = 0.0f, best = INFINITY;
    for (int i = 0; i < 32; i++)
        amax = fabsf(x[i]) > amax ? fabsf(x[i]) : amax;
    int middle = (int)(lnr_f32_bits(amax) >> 23) - 2;
    b->e = (uint8_t)(middle > 0 ? middle : 0);
    for (int e = middle - 1; e <= middle + 1 && amax > 0.0f; e++) {
        float error = e >= 0 ? error_with(x, importance, (uint8_t)e) : INFINITY;
        if (error < best) {
            best = error;
            b->e = (uint8_t)e;
        }
    }
    memset(b->qs, 0, sizeof b->qs);
    for (int i = 0; i < 32; i++)
        b->qs[i % 16] = (uint8_t)(b->qs[i % 16] | nearest(x[i] / mxfp4_scale(b->e)) << i / 16 * 4);
}

void mxfp4_encode(const float *x, const float *importance, size_t n, void *blocks) {
    for (char *p = blocks; n >= 32; n -= 32, p += sizeof(mxfp4_block), x += 32) {
        mxfp4_block b;
        encode_block(x, importance, &b);
        memcpy(p, &b, sizeof b);
        importance = importance ? importance + 32 : NULL;
    }
}

void mxfp4_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    size_t n_blocks = n_cols / 32;
    memset(panel, 0, n_blocks * sizeof(mxfp4_panel));
    for (size_t i = 0; i < n_blocks; i++) {
        mxfp4_panel *dst = (mxfp4_panel *)panel + i;
        for (size_t r = 0; r < n_rows; r++) {
            mxfp4_block b;
            memcpy(&b, (const char *)rows + (r * n_blocks + i) * sizeof b, sizeof b);
            dst->e[r] = b.e;
            for (size_t g = 0; g < 4; g++)
                memcpy(dst->q[g][r], &b.qs[4 * g], 4);
        }
    }
}

void mxfp4_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t i = 0; i < n_cols / 32; i++, out += 32) {
        const mxfp4_panel *src = (const mxfp4_panel *)panel + i;
        mxfp4_block b = {.e = src->e[row]};
        for (size_t g = 0; g < 4; g++)
            memcpy(&b.qs[4 * g], src->q[g][row], 4);
        decode_block(&b, out);
    }
}
