/* What lanner can do with a weight format: one table from the type to its functions.
 *
 * A weight matrix in memory is a sequence of panels of 16 rows. Inside a panel the rows are
 * interleaved so that one vector load brings the same few values of k for all 16 rows; the layout
 * is the same for every instruction set and described in the format's header. A panel has exactly
 * the bytes of 16 rows of the file, so nothing grows but the last panel, whose missing rows are
 * zero.
 *
 * To add a format: its file pair with the layout and four functions, and a line in LNR_FORMAT_LIST.
 */
#ifndef LNR_QUANT_FORMAT_H
#define LNR_QUANT_FORMAT_H

#include "quant/activation.h"
#include "quant/type.h"

#define LNR_PANEL_ROWS 16

/* type, its name in functions and kernels, the activations its kernels take: name and kind */
#define LNR_FORMAT_LIST(X)                                                                         \
    X(F32, f32, f32, F32)                                                                          \
    X(F16, f16, f32, F32)                                                                          \
    X(BF16, bf16, f32, F32)                                                                        \
    X(Q4_0, q4_0, q8a32, Q8A32)                                                                    \
    X(Q4_1, q4_1, q8a32, Q8A32)                                                                    \
    X(Q5_0, q5_0, q8a32, Q8A32)                                                                    \
    X(Q5_1, q5_1, q8a32, Q8A32)                                                                    \
    X(Q8_0, q8_0, q8a32, Q8A32)                                                                    \
    X(IQ4_NL, iq4_nl, q8a32, Q8A32)                                                                \
    X(MXFP4, mxfp4, q8a32, Q8A32)                                                                  \
    X(Q2_K, q2_k, q8a256, Q8A256)                                                                  \
    X(Q3_K, q3_k, q8a256, Q8A256)                                                                  \
    X(Q4_K, q4_k, q8a256, Q8A256)                                                                  \
    X(Q5_K, q5_k, q8a256, Q8A256)                                                                  \
    X(Q6_K, q6_k, q8a256, Q8A256)                                                                  \
    X(IQ4_XS, iq4_xs, q8a256, Q8A256)

typedef struct lnr_format {
    lnr_type type;
    lnr_act act;

    /* n weights, whole blocks, to floats and back. Encoding searches for the scales of least
     * squared error. importance: n factors >= 0 on the squares, one per weight (so a row's are
     * those of its columns), or NULL; floats and Q8_0, which are near enough by plain rounding,
     * ignore it. */
    void (*decode)(const void *blocks, size_t n, float *out);
    void (*encode)(const float *x, const float *importance, size_t n, void *blocks);

    /* pack: n_rows (1 to 16) rows of n_cols weights, one after the other as in the file, to one
     * panel. rows and panel do not overlap. unpack: one row back to floats, with the same bits as
     * decode. */
    void (*pack)(const void *rows, size_t n_rows, size_t n_cols, void *panel);
    void (*unpack)(const void *panel, size_t n_cols, size_t row, float *out);
} lnr_format;

/* NULL for a type that lanner cannot compute with. */
const lnr_format *lnr_format_find(lnr_type type);

/* Bytes of a matrix in panels, for any type whose rows have a size; false if n_cols is no multiple
 * of the block or the size does not fit. This is the planner's and the loader's one formula. */
bool lnr_panel_bytes(lnr_type type, uint64_t n_rows, uint64_t n_cols, uint64_t *bytes);

/* Row `row` of a matrix in panels, as floats: the lookup of an embedding. The type has a format. */
void lnr_panel_unpack_row(lnr_type type, const void *panels, size_t n_cols, size_t row, float *out);

#endif
