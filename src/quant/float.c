/* See float.h. Rows and panels may lie at any address: values move by memcpy. */
#include "quant/float.h"

#include "base/f16.h"
#include "quant/format.h"

#include <stdint.h>
#include <string.h>

static uint16_t half_at(const void *p, size_t i) {
    uint16_t h;
    memcpy(&h, (const char *)p + i * sizeof h, sizeof h);
    return h;
}

void f32_decode(const void *row, size_t n, float *out) {
    memcpy(out, row, n * sizeof *out);
}

void f32_encode(const float *x, const float *importance, size_t n, void *row) {
    (void)importance;
    memcpy(row, x, n * sizeof *x);
}

void f32_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    const char *src = rows;
    char *dst = panel;
    for (size_t k = 0; k < n_cols; k++)
        for (size_t r = 0; r < LNR_PANEL_ROWS; r++) {
            float value = 0.0f;
            if (r < n_rows)
                memcpy(&value, src + (r * n_cols + k) * sizeof value, sizeof value);
            memcpy(dst + (k * LNR_PANEL_ROWS + r) * sizeof value, &value, sizeof value);
        }
}

void f32_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t k = 0; k < n_cols; k++)
        memcpy(&out[k], (const char *)panel + (k * LNR_PANEL_ROWS + row) * sizeof *out,
               sizeof *out);
}

void f16_decode(const void *row, size_t n, float *out) {
    for (size_t i = 0; i < n; i++)
        out[i] = lnr_f16_to_f32(half_at(row, i));
}

void f16_encode(const float *x, const float *importance, size_t n, void *row) {
    (void)importance;
    for (size_t i = 0; i < n; i++) {
        uint16_t h = lnr_f32_to_f16(x[i]);
        memcpy((char *)row + i * sizeof h, &h, sizeof h);
    }
}

/* F16 and BF16: 16 bits move as they are. */
static void pack16(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    char *dst = panel;
    for (size_t k = 0; k < n_cols; k++)
        for (size_t r = 0; r < LNR_PANEL_ROWS; r++) {
            uint16_t h = r < n_rows ? half_at(rows, r * n_cols + k) : 0;
            memcpy(dst + (k * LNR_PANEL_ROWS + r) * sizeof h, &h, sizeof h);
        }
}

void f16_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    pack16(rows, n_rows, n_cols, panel);
}

void f16_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t k = 0; k < n_cols; k++)
        out[k] = lnr_f16_to_f32(half_at(panel, k * LNR_PANEL_ROWS + row));
}

void bf16_decode(const void *row, size_t n, float *out) {
    for (size_t i = 0; i < n; i++)
        out[i] = lnr_bf16_to_f32(half_at(row, i));
}

void bf16_encode(const float *x, const float *importance, size_t n, void *row) {
    (void)importance;
    for (size_t i = 0; i < n; i++) {
        uint16_t h = lnr_f32_to_bf16(x[i]);
        memcpy((char *)row + i * sizeof h, &h, sizeof h);
    }
}

void bf16_pack(const void *rows, size_t n_rows, size_t n_cols, void *panel) {
    pack16(rows, n_rows, n_cols, panel);
}

void bf16_unpack(const void *panel, size_t n_cols, size_t row, float *out) {
    for (size_t k = 0; k < n_cols; k++)
        out[k] = lnr_bf16_to_f32(half_at(panel, k * LNR_PANEL_ROWS + row));
}
