/* Half-precision floats as files and KV caches hold them: IEEE binary16 and bfloat16 by their bits.
 *
 * Every one of the 65536 halves converts to the float of the same value; the way back rounds to
 * nearest even, overflows to infinity and keeps a NaN a NaN. Plain C, so that the scalar kernels
 * need no F16C; the SIMD kernels use the instructions, which agree. */
#ifndef LNR_BASE_F16_H
#define LNR_BASE_F16_H

#include "base/math.h"

static inline float lnr_f16_to_f32(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 31u,
             fraction = h & 0x3ffu;
    if (exponent == 0) /* zero and denormals: fraction * 2^-24, exact in f32 */
        return lnr_f32_from_bits(sign | lnr_f32_bits((float)fraction * 0x1p-24f));
    if (exponent == 31) {
        uint32_t quiet = fraction ? 0x400000u : 0u;
        return lnr_f32_from_bits(sign | 0x7f800000u | quiet | fraction << 13);
    }
    return lnr_f32_from_bits(sign | (exponent + 112u) << 23 | fraction << 13);
}

static inline uint16_t lnr_f32_to_f16(float f) {
    uint32_t bits = lnr_f32_bits(f), sign = bits >> 16 & 0x8000u, a = bits & 0x7fffffffu, h;
    if (a > 0x7f800000u) /* NaN: quiet, top of the payload kept */
        h = 0x7e00u | (a >> 13 & 0x1ffu);
    else if (a >= 0x47800000u) /* 65536 and above; 65520 to 65536 overflow by rounding, below */
        h = 0x7c00u;
    else if (a >= 0x38800000u) { /* 2^-14 and above: normal; 112 is the difference of the biases */
        uint32_t r = a - (112u << 23);
        h = (r + 0xfffu + (r >> 13 & 1u)) >> 13;
    } else /* at 0.5 a float's last bit is 2^-24, a half's last denormal bit: the addition rounds */
        h = lnr_f32_bits(lnr_f32_from_bits(a) + 0.5f) - 0x3f000000u;
    return (uint16_t)(sign | h);
}

static inline float lnr_bf16_to_f32(uint16_t h) {
    return lnr_f32_from_bits((uint32_t)h << 16);
}

static inline uint16_t lnr_f32_to_bf16(float f) {
    uint32_t bits = lnr_f32_bits(f);
    if ((bits & 0x7fffffffu) > 0x7f800000u) /* NaN: quiet, or rounding could make it infinite */
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

#endif
