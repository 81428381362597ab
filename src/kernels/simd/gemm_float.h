/* Products with float weights, written once for every vector width.
 *
 * One row per lane and fma in order of k, so a sum is one chain of dependent fmas; what runs beside
 * it are other rows and tokens: 64 rows for up to FEW_COLS tokens, else TILE_PANELS panels x 6
 * tokens.
 *
 * The including file brings the vectors (simd_<isa>.h) and defines TILE_PANELS, FEW_COLS, GEMM_F32,
 * GEMM_F16 and GEMM_BF16. */
#include "kernels/kernels.h"
#include "quant/format.h"

#define PER_PANEL (LNR_PANEL_ROWS / LANES) /* vectors of one panel's rows */

/* How a weight is stored; a constant wherever it is used, after inlining. */
typedef enum element { F32, F16, BF16 } element;

/* Weights k of LANES rows, the i-th vector of the panels that start at w. */
LNR_INLINE vf weights(const void *w, size_t n_k, size_t k, int i, element e) {
    size_t at = (size_t)(i / PER_PANEL) * n_k * LNR_PANEL_ROWS + k * LNR_PANEL_ROWS +
                (size_t)(i % PER_PANEL) * LANES;
    switch (e) {
    case F16:
        return vf_load_half((const uint16_t *)w + at);
    case BF16:
        return vf_load_bfloat((const uint16_t *)w + at);
    case F32:
        break;
    }
    return vf_load((const float *)w + at);
}

/* Two KiB ahead, in step with the loads. Every line is asked for once or, of halves, twice. */
LNR_INLINE void prefetch(const void *w, size_t n_k, size_t k, int panel, element e) {
    size_t bytes = e == F32 ? 4 : 2;
    __builtin_prefetch((const char *)w + ((size_t)panel * n_k + k) * LNR_PANEL_ROWS * bytes + 2048);
}

LNR_INLINE void tile(const lnr_gemm_args *a, element e, size_t panel, int n_panels, size_t c,
                     int n_cols) {
    const char *w = (const char *)a->w + panel * a->n_k * LNR_PANEL_ROWS * (e == F32 ? 4 : 2);
    const float *x[6];
    vf sum[6][4 * PER_PANEL];
    int n_vectors = n_panels * PER_PANEL;
    LNR_EACH(t, n_cols) {
        x[t] = (const float *)(const void *)((const char *)a->x + (c + (size_t)t) * a->x_stride);
        LNR_EACH(i, n_vectors) {
            sum[t][i] = vf_set1(0.0f);
        }
    }
    for (size_t k = 0; k < a->n_k; k++)
        LNR_EACH(i, n_vectors) {
            if (n_panels == 4 && i % PER_PANEL == 0)
                prefetch(w, a->n_k, k, i / PER_PANEL, e);
            vf v = weights(w, a->n_k, k, i, e);
            LNR_EACH(t, n_cols) {
                sum[t][i] = vf_fma(v, vf_set1(x[t][k]), sum[t][i]);
            }
        }
    LNR_EACH(t, n_cols) {
        float *y = a->y + (c + (size_t)t) * a->ldy + panel * LNR_PANEL_ROWS;
        LNR_EACH(i, n_vectors) {
            vf_store(y + LANES * i, sum[t][i]);
        }
    }
}

/* The tokens from c on, at most 5. */
LNR_INLINE void last_tile(const lnr_gemm_args *a, element e, size_t panel, int n_panels, size_t c) {
    switch (a->n_cols - c) {
    case 5:
        tile(a, e, panel, n_panels, c, 5);
        break;
    case 4:
        tile(a, e, panel, n_panels, c, 4);
        break;
    case 3:
        tile(a, e, panel, n_panels, c, 3);
        break;
    case 2:
        tile(a, e, panel, n_panels, c, 2);
        break;
    case 1:
        tile(a, e, panel, n_panels, c, 1);
        break;
    default:
        break;
    }
}

LNR_INLINE void gemm_panels(const lnr_gemm_args *a, element e, size_t panel, int n_panels) {
    size_t c = 0;
    for (; c + 6 <= a->n_cols; c += 6)
        tile(a, e, panel, n_panels, c, 6);
    last_tile(a, e, panel, n_panels, c);
}

LNR_INLINE void gemm(const lnr_gemm_args *a, element e) {
    size_t p = 0;
    if (a->n_cols <= FEW_COLS)
        for (; p + 4 <= a->n_panels; p += 4)
            last_tile(a, e, p, 4, 0);
    for (; p + TILE_PANELS <= a->n_panels; p += TILE_PANELS)
        gemm_panels(a, e, p, TILE_PANELS);
    for (; p < a->n_panels; p++)
        gemm_panels(a, e, p, 1);
}

void GEMM_F32(const lnr_gemm_args *a) {
    gemm(a, F32);
}

void GEMM_F16(const lnr_gemm_args *a) {
    gemm(a, F16);
}

void GEMM_BF16(const lnr_gemm_args *a) {
    gemm(a, BF16);
}
