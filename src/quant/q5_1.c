/* See q5_1.h. */
#include "quant/q5_1.h"

#include "base/f16.h"
#include "quant/fit.h"
#include "quant/high_bits.h"
#include "quant/round.h"

#include <string.h>

static void decode_block(const q5_1_block *b, float *out) {
    float d = lnr_f16_to_f32(b->d), m = lnr_f16_to_f32(b->m);
    for (int i = 0; i < 32; i++) {
        int low = b->qs[i % 16] >> i / 16 * 4 & 15, high = b->qh[i / 8] >> i % 8 & 1;
        out[i] = d * (float)(low | high << 4) + m;
    }
}

void q5_1_decode(const void *blocks, size_t n, float *out) {
    for (const char *p = blocks; n >= 32; n -= 32, p += sizeof(q5_1_block), out += 32) {
        q5_1_block b;
        memcpy(&b, p, sizeof b);
        decode_block(&b, out);
    }
}

static void encode_block(const float *x, const float *importance, q5_1_block *b) {
    float w[32];
    fit_weigh(x, importance, 32, w);
    fit_range f = fit_scale_min(x, w, 32, 31, true);
    b->d = lnr_f32_to_f16(f.scale);
    b->m = lnr_f32_to_f16(-f.min);
    float d = lnr_f16_to_f32(b->d), m = lnr_f16_to_f32(b->m), inverse = d > 0.0f ? 1.0f / d : 0.0f;
    memset(b->qh, 0, sizeof b->qh);
    memset(b->qs, 0, sizeof b->qs);
    for (int i = 0; i < 32; i++) {
        int q = quant_round((x[i] - m) * inverse, 0, 31);
        b->qs[i % 16] = (uint8_t)(b->qs[i % 16] | (q & 15) << i / 16 * 4);
        b->qh[i / 8] = (uint8_t)(b->qh[i / 8] | q >> 4 << i % 8);
    }
}

void q5_1_encode(const float *x, const float *importance, size_t n, void *blocks) {
    for (char *p = blocks; n >= 32; n -= 32, p += sizeof(q5_1_block), x += 32) {
        q5_1_block b;
        encode_block(x, importance, &b);
        memcpy(p, &b, sizeof b);
        importance = importance ? importance + 32 : NULL;
    }
}

void q5_1_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    size_t n_blocks = n_cols / 32;
    memset(panel, 0, n_blocks * sizeof(q5_1_panel));
    for (size_t i = 0; i < n_blocks; i++) {
        q5_1_panel *dst = (q5_1_panel *)panel + i;
        for (size_t r = 0; r < n_rows; r++) {
            q5_1_block b;
            memcpy(&b, (const char *)rows + (r * n_blocks + i) * sizeof b, sizeof b);
            dst->d[r] = b.d;
            dst->m[r] = b.m;
            high_bits_to_panel(b.qh, dst->qh[r]);
            for (size_t g = 0; g < 4; g++)
                memcpy(dst->q[g][r], &b.qs[4 * g], 4);
        }
    }
}

void q5_1_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t i = 0; i < n_cols / 32; i++, out += 32) {
        const q5_1_panel *src = (const q5_1_panel *)panel + i;
        q5_1_block b = {.d = src->d[row], .m = src->m[row]};
        high_bits_from_panel(src->qh[row], b.qh);
        for (size_t g = 0; g < 4; g++)
            memcpy(&b.qs[4 * g], src->q[g][row], 4);
        decode_block(&b, out);
    }
}
