/* Float weights: F32, F16 and BF16 as they are.
 *
 * Panel: [k][16 rows], each value as in the file. */
#ifndef LNR_QUANT_FLOAT_H
#define LNR_QUANT_FLOAT_H

#include <stddef.h>

void f32_decode(const void *row, size_t n, float *out);
void f32_encode(const float *x, const float *importance, size_t n, void *row);
void f32_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void f32_unpack(const void *panel, size_t n_cols, size_t row, float *out);

void f16_decode(const void *row, size_t n, float *out);
void f16_encode(const float *x, const float *importance, size_t n, void *row);
void f16_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void f16_unpack(const void *panel, size_t n_cols, size_t row, float *out);

void bf16_decode(const void *row, size_t n, float *out);
void bf16_encode(const float *x, const float *importance, size_t n, void *row);
void bf16_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel);
void bf16_unpack(const void *panel, size_t n_cols, size_t row, float *out);

#endif
