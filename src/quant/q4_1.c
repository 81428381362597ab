/* See q4_1.h. */
#include "quant/q4_1.h"

#include "base/f16.h"
#include "quant/fit.h"
#include "quant/round.h"

#include <string.h>

static void decode_block(const q4_1_block *b, float *out) {
    float d = lnr_f16_to_f32(b->d), m = lnr_f16_to_f32(b->m);
    for (int i = 0; i < 32; i++)
        out[i] = d * (float)(b->qs[i % 16] >> i / 16 * 4 & 15) + m;
}

void q4_1_decode(const void *blocks, size_t n, float *out) {
    for (const char *p = blocks; n >= 32; n -= 32, p += sizeof(q4_1_block), out += 32) {
        q4_1_block b;
        memcpy(&b, p, sizeof b);
        decode_block(&b, out);
    }
}

static void encode_block(const float *x, const float *importance, q4_1_block *b) {
    float w[32];
    fit_weigh(x, importance, 32, w);
    fit_range f = fit_scale_min(x, w, 32, 15, true);
    b->d = lnr_f32_to_f16(f.scale);
    b->m = lnr_f32_to_f16(-f.min);
    float d = lnr_f16_to_f32(b->d), m = lnr_f16_to_f32(b->m), inverse = d > 0.0f ? 1.0f / d : 0.0f;
    memset(b->qs, 0, sizeof b->qs);
    for (int i = 0; i < 32; i++) {
        int q = quant_round((x[i] - m) * inverse, 0, 15);
        b->qs[i % 16] = (uint8_t)(b->qs[i % 16] | q << i / 16 * 4);
    }
}

void q4_1_encode(const float *x, const float *importance, size_t n, void *blocks) {
    for (char *p = blocks; n >= 32; n -= 32, p += sizeof(q4_1_block), x += 32) {
        q4_1_block b;
        encode_block(x, importance, &b);
        memcpy(p, &b, sizeof b);
        importance = importance ? importance + 32 : NULL;
    }
}

void q4_1_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    size_t n_blocks = n_cols / 32;
    memset(panel, 0, n_blocks * sizeof(q4_1_panel));
    for (size_t i = 0; i < n_blocks; i++) {
        q4_1_panel *dst = (q4_1_panel *)panel + i;
        for (size_t r = 0; r < n_rows; r++) {
            q4_1_block b;
            memcpy(&b, (const char *)rows + (r * n_blocks + i) * sizeof b, sizeof b);
            dst->d[r] = b.d;
            dst->m[r] = b.m;
            for (size_t g = 0; g < 4; g++)
                memcpy(dst->q[g][r], &b.qs[4 * g], 4);
        }
    }
}

void q4_1_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t i = 0; i < n_cols / 32; i++, out += 32) {
        const q4_1_panel *src = (const q4_1_panel *)panel + i;
        q4_1_block b = {.d = src->d[row], .m = src->m[row]};
        for (size_t g = 0; g < 4; g++)
            memcpy(&b.qs[4 * g], src->q[g][row], 4);
        decode_block(&b, out);
    }
}
