/* Names and sizes of every tensor type that a GGUF file can hold.
 *
 * One list: the id in the file, the name, how many weights a block has and how many bytes. Sizes
 * are known for types that lanner cannot compute with too, so that a file's extents can be checked
 * and an error can name the type. Source: the GGUF specification and reference/kernels.md 1.1. */
#ifndef LNR_QUANT_TYPE_H
#define LNR_QUANT_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* name, id in the file, weights per block, bytes per block */
#define LNR_TYPE_LIST(X)                                                                           \
    X(F32, 0, 1, 4)                                                                                \
    X(F16, 1, 1, 2)                                                                                \
    X(Q4_0, 2, 32, 18)                                                                             \
    X(Q4_1, 3, 32, 20)                                                                             \
    X(Q5_0, 6, 32, 22)                                                                             \
    X(Q5_1, 7, 32, 24)                                                                             \
    X(Q8_0, 8, 32, 34)                                                                             \
    X(Q8_1, 9, 32, 36)                                                                             \
    X(Q2_K, 10, 256, 84)                                                                           \
    X(Q3_K, 11, 256, 110)                                                                          \
    X(Q4_K, 12, 256, 144)                                                                          \
    X(Q5_K, 13, 256, 176)                                                                          \
    X(Q6_K, 14, 256, 210)                                                                          \
    X(Q8_K, 15, 256, 292)                                                                          \
    X(IQ2_XXS, 16, 256, 66)                                                                        \
    X(IQ2_XS, 17, 256, 74)                                                                         \
    X(IQ3_XXS, 18, 256, 98)                                                                        \
    X(IQ1_S, 19, 256, 50)                                                                          \
    X(IQ4_NL, 20, 32, 18)                                                                          \
    X(IQ3_S, 21, 256, 110)                                                                         \
    X(IQ2_S, 22, 256, 82)                                                                          \
    X(IQ4_XS, 23, 256, 136)                                                                        \
    X(I8, 24, 1, 1)                                                                                \
    X(I16, 25, 1, 2)                                                                               \
    X(I32, 26, 1, 4)                                                                               \
    X(I64, 27, 1, 8)                                                                               \
    X(F64, 28, 1, 8)                                                                               \
    X(IQ1_M, 29, 256, 56)                                                                          \
    X(BF16, 30, 1, 2)                                                                              \
    X(TQ1_0, 34, 256, 54)                                                                          \
    X(TQ2_0, 35, 256, 66)                                                                          \
    X(MXFP4, 39, 32, 17)

typedef enum lnr_type {
#define X(name, id, weights, bytes) LNR_TYPE_##name = id,
    LNR_TYPE_LIST(X)
#undef X
} lnr_type;

#define LNR_TYPE_IDS 40 /* one more than the largest id */

/* False for ids that are not in the list (some were removed from the format, as 4 and 5). */
bool lnr_type_known(uint32_t id);

/* For a known type; "?", 0 and 0 for any other value. */
const char *lnr_type_name(lnr_type type);
size_t lnr_type_block_weights(lnr_type type);
size_t lnr_type_block_bytes(lnr_type type);

/* Bytes of one row of n_cols weights; false if n_cols is no multiple of the block or the product
 * wraps. */
bool lnr_type_row_bytes(lnr_type type, uint64_t n_cols, uint64_t *bytes);

#endif
