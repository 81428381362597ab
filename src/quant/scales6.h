/* Sixteen 6-bit scales per row and super-block, as panels of Q3_K, Q4_K and Q5_K hold them, and as
 * files of Q4_K and Q5_K do.
 *
 * Panel, scales[3][64]: 64 values in the low bits of the bytes of each line; the top two bits of
 * the three lines together are a fourth 64 values, bits 0-1 of it in line 2, bits 2-3 in line 1,
 * bits 4-5 in line 0.
 *   line 0   [4][16]     value i of row r
 *   line 1   [4][16]     value 4 + i
 *   line 2   [2][16][2]  value 8 + 2 i + e
 *   fourth   [2][16][2]  value 12 + 2 i + e
 * So 16 rows of a value of the first half widen to one vector of int32, and 16 pairs of the second
 * to one vector of int16, which is how products with sums of activations take them. */
#ifndef LNR_QUANT_SCALES6_H
#define LNR_QUANT_SCALES6_H

#include <stddef.h>
#include <stdint.h>

/* Sets row r of lines whose row r is zero. */
void scales6_to_panel(const uint8_t v[16], size_t r, uint8_t scales[3][64]);
void scales6_from_panel(const uint8_t scales[3][64], size_t r, uint8_t v[16]);

/* The 12 bytes in files of Q4_K and Q5_K; v: scale of sub-block j at j, min at 8 + j. For j < 4 the
 * scale is the low 6 bits of byte j and the min those of byte 4 + j; for j >= 4 the low 4 bits of
 * scale and min are the nibbles of byte 4 + j, their top two bits those of bytes j - 4 and j. */
void scales6_from_block(const uint8_t s[12], uint8_t v[16]);
void scales6_to_block(const uint8_t v[16], uint8_t s[12]);

#endif
