/* Importance matrices: how much each input column of a matrix matters, as the mean square of the
 * activations that came in while a model read a text.
 *
 * The file is llama.cpp's GGUF form, so that theirs load here and ours there: general.type
 * "imatrix", imatrix.datasets, imatrix.chunk_count, imatrix.chunk_size, and for each matrix NAME
 * the F32 tensors NAME.in_sum2 (n_cols, n_matrices), sums of squares, and NAME.counts (1,
 * n_matrices), the numbers of activations summed. */
#ifndef LNR_TOOLS_IMPORTANCE_H
#define LNR_TOOLS_IMPORTANCE_H

#include "gguf/gguf.h"

typedef struct importance importance;

/* LNR_E_IO, LNR_E_FORMAT (damaged, no importance matrix, a sum or count that is negative or no
 * number: the line names the tensor), LNR_E_NOMEM. */
lnr_status importance_open(const char *path, importance **out, lnr_error *err);
void importance_close(importance *m); /* NULL allowed */

/* The means for a matrix: (n_matrices, n_cols) floats, borrowed from m; NULL if the file has none
 * for it. LNR_E_FORMAT if its shape is not that of the matrix t. A matrix that was never used
 * counts all columns alike. */
lnr_status importance_find(importance *m, const gguf_tensor *t, const float **out, lnr_error *err);

/* How many of the file's matrices importance_find has given out. */
size_t importance_n_used(const importance *m);

/* Sums while they are collected. */
typedef struct importance_sums {
    char name[64];   /* of the tensor */
    double *sum;     /* (n_matrices, n_cols) of squares; owned by whoever collects */
    uint64_t *count; /* (n_matrices) of activations; likewise */
    uint32_t n_cols, n_matrices;
} importance_sums;

typedef struct importance_facts {
    const char *dataset; /* where the text came from */
    uint32_t n_chunks, chunk_size;
} importance_facts;

lnr_status importance_write(const char *path, const importance_facts *facts,
                            const importance_sums *sums, size_t n, lnr_error *err);

#endif
