/* The skeleton of the integer products, the specification; each format's file includes it once,
 * after it has defined
 *   weights, acts              the panel block and the activation block
 *   BLOCK                      the weights of a block
 *   add_block(w, r, x, acc)    acc and the block's contribution to row r
 *   GEMM_NAME                  the kernel */
#include <stddef.h>

void GEMM_NAME(const lnr_gemm_args *a) {
    size_t n_blocks = a->n_k / BLOCK;
    for (size_t c = 0; c < a->n_cols; c++)
        for (size_t i = 0; i < a->n_panels * LNR_PANEL_ROWS; i++) {
            const weights *w = (const weights *)a->w + i / LNR_PANEL_ROWS * n_blocks;
            const acts *x = (const void *)((const char *)a->x + c * a->x_stride);
            float acc = 0.0f;
            for (size_t b = 0; b < n_blocks; b++)
                acc = add_block(w + b, i % LNR_PANEL_ROWS, x + b, acc);
            a->y[c * a->ldy + i] = acc;
        }
}
