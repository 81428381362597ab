/* See reference_formats.h. A new format is one decoder and one line of the table. */
#include "reference_formats.h"

#include <math.h>
#include <string.h>

/* ---- little-endian values
 * ------------------------------------------------------------------------ */

uint64_t ref_get(const uint8_t *p, int n_bytes) {
    uint64_t v = 0;
    for (int i = n_bytes - 1; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

static double from_bits(uint32_t bits) {
    float v;
    memcpy(&v, &bits, sizeof v);
    return (double)v;
}

double ref_get_f32(const uint8_t *p) {
    return from_bits((uint32_t)ref_get(p, 4));
}

/* IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
static double get_f16(const uint8_t *p) {
    uint32_t bits = (uint32_t)ref_get(p, 2);
    int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    double v = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
    if (exponent == 31)
        v = fraction ? (double)NAN : (double)INFINITY;
    return bits >> 15 ? -v : v;
}

/* The 32-wide formats hold value i in the low nibble of byte i, value i + 16 in the high one. */
static int nibble(const uint8_t *q, int i) {
    return i < 16 ? q[i] & 15 : q[i - 16] >> 4;
}

/* ---- values of their own
 * ------------------------------------------------------------------------ */

static void decode_f32(const uint8_t *p, double *w) {
    *w = ref_get_f32(p);
}

static void decode_f16(const uint8_t *p, double *w) {
    *w = get_f16(p);
}

/* The upper half of a binary32. */
static void decode_bf16(const uint8_t *p, double *w) {
    *w = from_bits((uint32_t)ref_get(p, 2) << 16);
}

/* ---- 32 values
 * ---------------------------------------------------------------------------------- */

/* f16 d, nibbles */
static void decode_q4_0(const uint8_t *p, double *w) {
    for (int i = 0; i < 32; i++)
        w[i] = get_f16(p) * (nibble(p + 2, i) - 8);
}

/* f16 d, f16 minimum, nibbles */
static void decode_q4_1(const uint8_t *p, double *w) {
    for (int i = 0; i < 32; i++)
        w[i] = get_f16(p) * nibble(p + 4, i) + get_f16(p + 2);
}

/* Value i of the nibbles at q with its fifth bit, bit i of the word at high. */
static int five_bits(const uint8_t *q, const uint8_t *high, int i) {
    return nibble(q, i) + (int)(ref_get(high, 4) >> i & 1) * 16;
}

/* f16 d, 32 high bits, nibbles */
static void decode_q5_0(const uint8_t *p, double *w) {
    for (int i = 0; i < 32; i++)
        w[i] = get_f16(p) * (five_bits(p + 6, p + 2, i) - 16);
}

/* f16 d, f16 minimum, 32 high bits, nibbles */
static void decode_q5_1(const uint8_t *p, double *w) {
    for (int i = 0; i < 32; i++)
        w[i] = get_f16(p) * five_bits(p + 8, p + 4, i) + get_f16(p + 2);
}

static void decode_q8_0(const uint8_t *p, double *w) {
    for (int i = 0; i < 32; i++)
        w[i] = get_f16(p) * (int8_t)p[2 + i];
}

/* Levels of the "non-linear" four-bit formats. */
static const int iq4_level[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                  1,    13,   25,  38,  53,  69,  89,  113};

/* f16 d, nibbles */
static void decode_iq4_nl(const uint8_t *p, double *w) {
    for (int i = 0; i < 32; i++)
        w[i] = get_f16(p) * iq4_level[nibble(p + 2, i)];
}

/* OCP microscaling: an 8-bit power of two (bias 127), then floats of 1 sign, 2 exponent and 1
 * fraction bits: 0, 0.5, 1, 1.5, 2, 3, 4, 6. */
static void decode_mxfp4(const uint8_t *p, double *w) {
    for (int i = 0; i < 32; i++) {
        int code = nibble(p + 1, i), exponent = code >> 1 & 3, fraction = code & 1;
        double v = exponent == 0 ? fraction * 0.5 : ldexp(2 + fraction, exponent - 2);
        w[i] = ldexp(code & 8 ? -v : v, p[0] - 127);
    }
}

/* ---- 256 values
 * --------------------------------------------------------------------------------- */

/* Where the two-bit formats hold value i: halves of 128 lie in 32 bytes, four quarters in each. */
static int bit_pair(const uint8_t *q, int i) {
    return q[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3;
}

/* 16 bytes of scale and minimum, 64 bytes of bit pairs, f16 d, f16 dmin. */
static void decode_q2_k(const uint8_t *p, double *w) {
    for (int i = 0; i < 256; i++) {
        int both = p[i / 16];
        w[i] = get_f16(p + 80) * (both & 15) * bit_pair(p + 16, i) - get_f16(p + 82) * (both >> 4);
    }
}

/* 32 bytes of high bits (bit i / 32 of byte i % 32), 64 bytes of bit pairs, 12 bytes of sixteen
 * 6-bit scales (the low nibbles in 8 bytes, the high pairs in 4), f16 d. */
static void decode_q3_k(const uint8_t *p, double *w) {
    const uint8_t *s = p + 96;
    for (int i = 0; i < 256; i++) {
        int group = i / 16;
        int low = s[group % 8] >> group / 8 * 4 & 15, high = s[8 + group % 4] >> group / 4 * 2 & 3;
        int q = bit_pair(p + 32, i) + (p[i % 32] >> i / 32 & 1) * 4 - 4;
        w[i] = get_f16(p + 108) * (high * 16 + low - 32) * q;
    }
}

/* Scale and minimum j of the eight pairs of 6 bits in 12 bytes. */
static void scale_and_low(const uint8_t *s, int j, int *scale, int *low) {
    *scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) + (s[j - 4] >> 6) * 16;
    *low = j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) + (s[j] >> 6) * 16;
}

/* f16 d, f16 dmin, 12 bytes of scales and minima, 32 bytes of fifth bits if high, 128 bytes of
 * nibbles: 32 low ones, then the 32 high ones of the same bytes. */
static void decode_with_low(const uint8_t *p, const uint8_t *high, const uint8_t *q, double *w) {
    for (int i = 0; i < 256; i++) {
        int group = i / 32, scale, low;
        scale_and_low(p + 4, group, &scale, &low);
        int v = q[group / 2 * 32 + i % 32] >> group % 2 * 4 & 15;
        if (high)
            v += (high[i % 32] >> group & 1) * 16;
        w[i] = get_f16(p) * scale * v - get_f16(p + 2) * low;
    }
}

static void decode_q4_k(const uint8_t *p, double *w) {
    decode_with_low(p, NULL, p + 16, w);
}

static void decode_q5_k(const uint8_t *p, double *w) {
    decode_with_low(p, p + 16, p + 48, w);
}

/* 128 bytes of low nibbles, 64 of high bit pairs, 16 signed scales, f16 d; two halves of 128
 * values, each four quarters of 32 that lie in the same bytes. */
static void decode_q6_k(const uint8_t *p, double *w) {
    double d = get_f16(p + 208);
    for (int i = 0; i < 256; i++) {
        int part = i / 128, quarter = i / 32 % 4, l = i % 32;
        int low = p[64 * part + quarter % 2 * 32 + l] >> quarter / 2 * 4 & 15;
        int high = bit_pair(p + 128, i);
        w[i] = d * (int8_t)p[192 + i / 16] * (high * 16 + low - 32);
    }
}

/* f16 d, eight bit pairs of scales, eight nibbles of scales, 8 times the nibbles of 32 values. */
static void decode_iq4_xs(const uint8_t *p, double *w) {
    for (int i = 0; i < 256; i++) {
        int group = i / 32;
        int low = p[4 + group / 2] >> group % 2 * 4 & 15;
        int high = (int)(ref_get(p + 2, 2) >> 2 * group & 3);
        w[i] = get_f16(p) * (high * 16 + low - 32) * iq4_level[nibble(p + 8 + 16 * group, i % 32)];
    }
}

const ref_format *ref_format_find(uint64_t id) {
    static const ref_format formats[] = {
        {0, 1, 4, 0, decode_f32},         {1, 1, 2, 0, decode_f16},
        {2, 32, 18, 32, decode_q4_0},     {3, 32, 20, 32, decode_q4_1},
        {6, 32, 22, 32, decode_q5_0},     {7, 32, 24, 32, decode_q5_1},
        {8, 32, 34, 32, decode_q8_0},     {10, 256, 84, 256, decode_q2_k},
        {11, 256, 110, 256, decode_q3_k}, {12, 256, 144, 256, decode_q4_k},
        {13, 256, 176, 256, decode_q5_k}, {14, 256, 210, 256, decode_q6_k},
        {20, 32, 18, 32, decode_iq4_nl},  {23, 256, 136, 256, decode_iq4_xs},
        {30, 1, 2, 0, decode_bf16},       {39, 32, 17, 32, decode_mxfp4},
    };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (formats[i].id == id)
            return &formats[i];
    return NULL;
}
