/* Activations to int8, the specification; see quant/activation.h for the rule.
 *
 * amax is found on the bits of |x|, whose order as integers is that of the values with NaN on top,
 * so that a NaN cannot be lost to a comparison. |x * (127 / amax)| <= 127 * (1 + 2^-23): rounding
 * to the nearest integer gives at most 127. */
#include "base/f16.h"
#include "kernels/kernels.h"

#include <string.h>

#define AMAX_MIN 0x1p-100f

/* q (n), and d as the function's value. */
static float quantize_block(const float *x, size_t n, int8_t *q) {
    uint32_t top = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = lnr_f32_bits(x[i]) & 0x7fffffffu;
        top = bits > top ? bits : top;
    }
    float amax = lnr_f32_from_bits(top);
    memset(q, 0, n);
    if (top >= 0x7f800000u)
        return lnr_f32_from_bits(0x7fc00000u);
    if (amax < AMAX_MIN)
        return 0.0f;
    float inverse = 127.0f / amax;
    for (size_t i = 0; i < n; i++) /* adding and taking away 1.5 * 2^23 rounds to nearest even */
        q[i] = (int8_t)((x[i] * inverse + 12582912.0f) - 12582912.0f);
    return amax / 127.0f;
}

static int16_t sum(const int8_t *q, int n) {
    int s = 0;
    for (int i = 0; i < n; i++)
        s += q[i];
    return (int16_t)s;
}

void lnr_quantize_f32_q8a32_1x1_scalar(const float *x, size_t n, void *out) {
    lnr_q8a32 *b = out;
    for (size_t i = 0; i < n / 32; i++, b++) {
        b->d = quantize_block(x + 32 * i, 32, b->q);
        for (int j = 0; j < 2; j++)
            b->sum16[j] = sum(b->q + 16 * j, 16);
    }
}

void lnr_quantize_f32_q8a256_1x1_scalar(const float *x, size_t n, void *out) {
    lnr_q8a256 *b = out;
    for (size_t i = 0; i < n / 256; i++, b++) {
        b->d = quantize_block(x + 256 * i, 256, b->q);
        for (int j = 0; j < 16; j++)
            b->sum16[j] = sum(b->q + 16 * j, 16);
        for (int j = 0; j < 8; j++)
            b->sum32[j] = sum(b->q + 32 * j, 32);
        memset(b->zero, 0, sizeof b->zero);
    }
}
