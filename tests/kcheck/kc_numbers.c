/* The numbers of a case: patterns of floats, halves, weight panels and activation blocks. */
#include "kc.h"

#include "base/f16.h"
#include "quant/iq4_nl.h"
#include "quant/iq4_xs.h"
#include "quant/mxfp4.h"
#include "quant/q2_k.h"
#include "quant/q3_k.h"
#include "quant/q4_0.h"
#include "quant/q4_1.h"
#include "quant/q4_k.h"
#include "quant/q5_0.h"
#include "quant/q5_1.h"
#include "quant/q5_k.h"
#include "quant/q6_k.h"
#include "quant/q8_0.h"

#include <float.h>
#include <math.h>
#include <string.h>

const char *kc_pattern_name(kc_pattern p) {
    static const char *const names[] = {
#define X(name) #name,
        KC_PATTERNS(X)
#undef X
    };
    return names[p];
}

/* xorshift64*, Vigna 2016 */
uint32_t kc_random(kc *k) {
    k->rng ^= k->rng >> 12;
    k->rng ^= k->rng << 25;
    k->rng ^= k->rng >> 27;
    return (uint32_t)(k->rng * 0x2545f4914f6cdd1du >> 32);
}

size_t kc_below(kc *k, size_t n) {
    return (size_t)((uint64_t)kc_random(k) * n >> 32);
}

static float uniform(kc *k) { /* -1..1 */
    return (float)((double)kc_random(k) / 2147483648.0 - 1.0);
}

float kc_float(kc *k, kc_pattern p, size_t i) {
    switch (p) {
    case KC_zero:
        return i % 3 == 2 ? -0.0f : 0.0f;
    case KC_max:
        return 100.0f;
    case KC_min:
        return -100.0f;
    case KC_alternate:
        return i % 2 ? -100.0f : 100.0f;
    case KC_denormal:
        return uniform(k) * (kc_random(k) % 2 ? 0x1p-130f : 0x1p-145f); /* products underflow */
    case KC_huge:
        return uniform(k) > 0.0f ? FLT_MAX : -FLT_MAX / 2;
    case KC_nan:
        return kc_below(k, 40) == 0 ? NAN : uniform(k);
    case KC_inf:
        return kc_below(k, 40) == 0 ? (i % 2 ? -INFINITY : INFINITY) : uniform(k);
    case KC_period:
        return (float)(i % 251) - 125.0f;
    case KC_wild:
        return lnr_f32_from_bits(kc_random(k));
    default:
        return uniform(k) * (kc_below(k, 8) ? 1.0f : 8.0f);
    }
}

void kc_floats(kc *k, kc_pattern p, float *out, size_t n) {
    for (size_t i = 0; i < n; i++)
        out[i] = kc_float(k, p, i);
}

uint16_t kc_half(kc *k, kc_pattern p, size_t i) {
    if (p == KC_denormal)
        return (uint16_t)(kc_random(k) & 0x83ffu);
    if (p == KC_huge)
        return i % 2 ? 0xfbffu : 0x7bffu;
    if (p == KC_wild)
        return (uint16_t)kc_random(k);
    return lnr_f32_to_f16(kc_float(k, p, i));
}

/* One byte of quants or packed scales. */
static uint8_t quant_byte(kc *k, kc_pattern p, size_t i) {
    switch (p) {
    case KC_zero:
    case KC_min:
        return 0;
    case KC_max:
        return 0xff;
    case KC_alternate:
        return i % 2 ? 0xff : 0;
    case KC_period:
        return (uint8_t)(i % 251);
    default:
        return (uint8_t)kc_random(k);
    }
}

/* The halves that scale a block: ordinary ones where the pattern is about the quants. */
static uint16_t scale_half(kc *k, kc_pattern p, size_t i) {
    if (p == KC_max || p == KC_min || p == KC_alternate || p == KC_period)
        p = KC_random;
    return kc_half(k, p, i);
}

/* Where a format's panel block has its halves, and how many per row; formats without any are not
 * listed. */
static const struct {
    lnr_type type;
    size_t offset, per_row;
} halves_of[] = {
    {LNR_TYPE_Q4_0, offsetof(q4_0_panel, d), 1}, {LNR_TYPE_Q4_1, offsetof(q4_1_panel, d), 2},
    {LNR_TYPE_Q5_0, offsetof(q5_0_panel, d), 1}, {LNR_TYPE_Q5_1, offsetof(q5_1_panel, d), 2},
    {LNR_TYPE_Q8_0, offsetof(q8_0_panel, d), 1}, {LNR_TYPE_IQ4_NL, offsetof(iq4_nl_panel, d), 1},
    {LNR_TYPE_Q2_K, offsetof(q2_k_panel, d), 2}, {LNR_TYPE_Q3_K, offsetof(q3_k_panel, d), 1},
    {LNR_TYPE_Q4_K, offsetof(q4_k_panel, d), 2}, {LNR_TYPE_Q5_K, offsetof(q5_k_panel, d), 2},
    {LNR_TYPE_Q6_K, offsetof(q6_k_panel, d), 1}, {LNR_TYPE_IQ4_XS, offsetof(iq4_xs_panel, d), 1},
};

/* MXFP4's scales: 0 and 1 are denormal, 255 is NaN; near 2^0 where the pattern is about the quants.
 */
static void exponents(kc *k, kc_pattern p, uint8_t *e) {
    static const uint8_t edges[] = {0, 1, 2, 3, 253, 254, 255};
    for (int r = 0; r < LNR_PANEL_ROWS; r++)
        if (p == KC_denormal || p == KC_huge || p == KC_nan)
            e[r] = edges[kc_below(k, sizeof edges)];
        else
            e[r] = p == KC_wild ? (uint8_t)kc_random(k) : (uint8_t)(120 + kc_below(k, 16));
}

static void bfloats(kc *k, kc_pattern p, uint16_t *out) {
    for (size_t r = 0; r < LNR_PANEL_ROWS; r++)
        out[r] = lnr_f32_to_bf16(kc_float(k, p, r));
}

void kc_panel_blocks(kc *k, lnr_type type, kc_pattern p, void *panel, size_t n_blocks) {
    size_t bytes = lnr_type_block_bytes(type) * LNR_PANEL_ROWS;
    for (size_t b = 0; b < n_blocks; b++) {
        char *block = (char *)panel + b * bytes;
        uint16_t halves[2 * LNR_PANEL_ROWS];
        for (size_t i = 0; i < bytes; i++)
            block[i] = (char)quant_byte(k, p, i);
        for (size_t i = 0; i < 2 * LNR_PANEL_ROWS; i++)
            halves[i] = scale_half(k, p, b * LNR_PANEL_ROWS + i);
        for (size_t i = 0; i < sizeof halves_of / sizeof halves_of[0]; i++)
            if (halves_of[i].type == type)
                memcpy(block + halves_of[i].offset, halves,
                       halves_of[i].per_row * LNR_PANEL_ROWS * sizeof halves[0]);
        if (type == LNR_TYPE_MXFP4)
            exponents(k, p, (uint8_t *)block + offsetof(mxfp4_panel, e));
        else if (type == LNR_TYPE_F16)
            memcpy(block, halves, bytes);
        else if (type == LNR_TYPE_BF16)
            bfloats(k, p, (uint16_t *)(void *)block);
        else if (type == LNR_TYPE_F32)
            kc_floats(k, p, (float *)(void *)block, LNR_PANEL_ROWS);
    }
}

static int8_t quant_value(kc *k, kc_pattern p, size_t i) {
    switch (p) {
    case KC_zero:
        return 0;
    case KC_max:
        return 127;
    case KC_min:
        return -127;
    case KC_alternate:
        return i % 2 ? -127 : 127;
    case KC_period:
        return (int8_t)((int)(i % 251) - 125);
    default:
        return (int8_t)((int)kc_below(k, 255) - 127);
    }
}

static int16_t sum(const int8_t *q, int n) {
    int s = 0;
    for (int i = 0; i < n; i++)
        s += q[i];
    return (int16_t)s;
}

void kc_activations(kc *k, lnr_act act, kc_pattern p, void *x, size_t n_k) {
    if (act == LNR_ACT_F32) {
        kc_floats(k, p, x, n_k);
        return;
    }
    kc_pattern scale = p == KC_max || p == KC_min || p == KC_alternate ? KC_random : p;
    if (act == LNR_ACT_Q8A32) {
        lnr_q8a32 *b = x;
        for (size_t i = 0; i < n_k / 32; i++, b++) {
            for (size_t j = 0; j < 32; j++)
                b->q[j] = quant_value(k, p, 32 * i + j);
            for (int j = 0; j < 2; j++)
                b->sum16[j] = sum(b->q + 16 * j, 16);
            b->d = kc_float(k, scale, i);
        }
        return;
    }
    lnr_q8a256 *b = x;
    for (size_t i = 0; i < n_k / 256; i++, b++) {
        for (size_t j = 0; j < 256; j++)
            b->q[j] = quant_value(k, p, 256 * i + j);
        for (int j = 0; j < 16; j++)
            b->sum16[j] = sum(b->q + 16 * j, 16);
        for (int j = 0; j < 8; j++)
            b->sum32[j] = sum(b->q + 32 * j, 32);
        b->d = kc_float(k, scale, i);
        memset(b->zero, 0, sizeof b->zero);
    }
}
