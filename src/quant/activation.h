/* Activations as the integer kernels read them: int8 values, one float scale per block, sums of the
 * int8 values, which turn a weight's offset or minimum into one product per group.
 *
 * For a block of values x with amax = max |x|: d = amax / 127 and q = rne(x * (127 / amax)), both
 * by true division. amax < 2^-100: all zero with d = 0. amax not finite: q = 0 and d = NaN, so that
 * the fault reaches the result instead of vanishing. q is never -128, which the kernels' proofs of
 * range rely on. The kernels named quantize_* write these blocks; nothing here is stored in a file.
 */
#ifndef LNR_QUANT_ACTIVATION_H
#define LNR_QUANT_ACTIVATION_H

#include <stddef.h>
#include <stdint.h>

/* For weight formats with 256-wide blocks. 320 bytes, so that blocks keep their place in cache
 * lines. */
typedef struct lnr_q8a256 {
    int8_t q[256];
    int16_t sum16[16]; /* over q[16 i .. 16 i + 15]; at most 16 * 127 = 2032 in magnitude */
    int16_t sum32[8];  /* over q[32 i .. 32 i + 31] */
    float d;
    uint32_t zero[3];
} lnr_q8a256;

_Static_assert(sizeof(lnr_q8a256) == 320 && offsetof(lnr_q8a256, d) == 304, "layout of q8a256");

/* For weight formats with 32-wide blocks. Everything a kernel broadcasts is an aligned dword. */
typedef struct lnr_q8a32 {
    int8_t q[32];
    int16_t sum16[2];
    float d;
} lnr_q8a32;

_Static_assert(sizeof(lnr_q8a32) == 40, "layout of q8a32");

typedef enum lnr_act { LNR_ACT_F32, LNR_ACT_Q8A32, LNR_ACT_Q8A256 } lnr_act;

/* Bytes from one token's n_k activations to the next token's: whole blocks and padding, a
 * multiple of 64. */
size_t lnr_act_stride(lnr_act act, size_t n_k);

#endif
