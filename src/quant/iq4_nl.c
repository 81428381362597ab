/* See iq4_nl.h. */
#include "quant/iq4_nl.h"

#include "base/f16.h"
#include "quant/fit.h"

#include <string.h>

/* the format's definition: finer steps near zero, where most weights are */
const int8_t iq4_nl_table[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                 1,    13,   25,  38,  53,  69,  89,  113};

static void decode_block(const iq4_nl_block *b, float *out) {
    float d = lnr_f16_to_f32(b->d);
    for (int i = 0; i < 32; i++)
        out[i] = d * (float)iq4_nl_table[b->qs[i % 16] >> i / 16 * 4 & 15];
}

void iq4_nl_decode(const void *blocks, size_t n, float *out) {
    for (const char *p = blocks; n >= 32; n -= 32, p += sizeof(iq4_nl_block), out += 32) {
        iq4_nl_block b;
        memcpy(&b, p, sizeof b);
        decode_block(&b, out);
    }
}

static void encode_block(const float *x, const float *importance, iq4_nl_block *b) {
    b->d = lnr_f32_to_f16(fit_scale_table(x, importance, 32, iq4_nl_table));
    float d = lnr_f16_to_f32(b->d), inverse = d != 0.0f ? 1.0f / d : 0.0f;
    memset(b->qs, 0, sizeof b->qs);
    for (int i = 0; i < 32; i++) {
        int q = fit_code(x[i] * inverse, iq4_nl_table);
        b->qs[i % 16] = (uint8_t)(b->qs[i % 16] | q << i / 16 * 4);
    }
}

void iq4_nl_encode(const float *x, const float *importance, size_t n, void *blocks) {
    for (char *p = blocks; n >= 32; n -= 32, p += sizeof(iq4_nl_block), x += 32) {
        iq4_nl_block b;
        encode_block(x, importance, &b);
        memcpy(p, &b, sizeof b);
        importance = importance ? importance + 32 : NULL;
    }
}

void iq4_nl_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    size_t n_blocks = n_cols / 32;
    memset(panel, 0, n_blocks * sizeof(iq4_nl_panel));
    for (size_t i = 0; i < n_blocks; i++) {
        iq4_nl_panel *dst = (iq4_nl_panel *)panel + i;
        for (size_t r = 0; r < n_rows; r++) {
            iq4_nl_block b;
            memcpy(&b, (const char *)rows + (r * n_blocks + i) * sizeof b, sizeof b);
            dst->d[r] = b.d;
            for (size_t g = 0; g < 4; g++)
                memcpy(dst->q[g][r], &b.qs[4 * g], 4);
        }
    }
}

void iq4_nl_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t i = 0; i < n_cols / 32; i++, out += 32) {
        const iq4_nl_panel *src = (const iq4_nl_panel *)panel + i;
        iq4_nl_block b = {.d = src->d[row]};
        for (size_t g = 0; g < 4; g++)
            memcpy(&b.qs[4 * g], src->q[g][row], 4);
        decode_block(&b, out);
    }
}
