/* See q2_k.h. */
#include "quant/q2_k.h"

#include "base/f16.h"
#include "quant/fit.h"

#include <string.h>

#define N_SUB 16
#define SUB   16

static void decode_block(const q2_k_block *b, float *out) {
    float d = lnr_f16_to_f32(b->d), dmin = lnr_f16_to_f32(b->dmin);
    uint8_t q[256];
    planes2_from_block(b->qs, q);
    for (int k = 0; k < 256; k++) {
        int scale = b->scales[k / SUB] & 15, min = b->scales[k / SUB] >> 4;
        out[k] = d * (float)scale * (float)q[k] - dmin * (float)min;
    }
}

void q2_k_decode(const void *blocks, size_t n, float *out) {
    for (const char *p = blocks; n >= 256; n -= 256, p += sizeof(q2_k_block), out += 256) {
        q2_k_block b;
        memcpy(&b, p, sizeof b);
        decode_block(&b, out);
    }
}

void q2_k_encode(const float *x, const float *importance, size_t n, void *blocks) {
    for (char *p = blocks; n >= 256; n -= 256, p += sizeof(q2_k_block), x += 256) {
        q2_k_block b;
        fit_super f;
        fit_super_min(x, importance, SUB, 3, 15, &f);
        b.d = f.d;
        b.dmin = f.dmin;
        for (int j = 0; j < N_SUB; j++)
            b.scales[j] = (uint8_t)(f.scale[j] | f.min[j] << 4);
        planes2_to_block(f.q, b.qs);
        memcpy(p, &b, sizeof b);
        importance = importance ? importance + 256 : NULL;
    }
}

void q2_k_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    size_t n_blocks = n_cols / 256;
    memset(panel, 0, n_blocks * sizeof(q2_k_panel));
    for (size_t i = 0; i < n_blocks; i++) {
        q2_k_panel *dst = (q2_k_panel *)panel + i;
        for (size_t r = 0; r < n_rows; r++) {
            q2_k_block b;
            memcpy(&b, (const char *)rows + (r * n_blocks + i) * sizeof b, sizeof b);
            planes2_pack(b.qs, r, dst->q);
            for (int j = 0; j < N_SUB; j++)
                dst->scales[j / 2][r][j % 2] = b.scales[j];
            dst->d[r] = b.d;
            dst->dmin[r] = b.dmin;
        }
    }
}

void q2_k_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t i = 0; i < n_cols / 256; i++, out += 256) {
        const q2_k_panel *src = (const q2_k_panel *)panel + i;
        q2_k_block b = {.d = src->d[row], .dmin = src->dmin[row]};
        planes2_unpack(src->q, row, b.qs);
        for (int j = 0; j < N_SUB; j++)
            b.scales[j] = src->scales[j / 2][row][j % 2];
        decode_block(&b, out);
    }
}
