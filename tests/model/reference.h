/* What a model's logits ought to be: a slow forward pass in double precision, to test the engine
 * against.
 *
 * Written from the papers (Vaswani 2017; Su 2021, rotary positions; Zhang and Sennrich 2019,
 * RMSNorm; Shazeer 2020, gated units; Ainslie 2023, grouped queries) and the model configurations.
 * It shares no line and no header with src/, so a misunderstanding there is not repeated here. No
 * order of summation, no float: what it cannot tell is the last bits, which the golden hashes hold.
 */
#ifndef LNR_TESTS_REFERENCE_H
#define LNR_TESTS_REFERENCE_H

#include <stddef.h>

typedef struct reference_model reference_model;

/* How to compute; flags may be joined. */
enum {
    REFERENCE_PLAIN = 0, /* the mathematics */

    /* What the engine rounds by intent, in exact arithmetic otherwise: inputs of quantised products
     * to int8 (256 or 32 values share a scale), K and V to halves. */
    REFERENCE_ROUNDED = 1,

    /* Errors on purpose: a test that does not notice them is no test. */
    REFERENCE_WRONG_ROPE = 2, /* the other family's pairs */
    REFERENCE_WRONG_MASK = 4, /* from position 128 on, position 127 is not seen */
    REFERENCE_WRONG_EPS = 8   /* RMSNorm without epsilon */
};

/* Prints why and returns NULL if the file cannot be read or has another architecture. */
reference_model *reference_open(const char *path);
void reference_close(reference_model *m); /* NULL allowed */

size_t reference_n_vocab(const reference_model *m);

/* The vocabulary's text of a token, n bytes; NULL past the last. Borrowed. */
const char *reference_token(const reference_model *m, int token, size_t *n);

/* Logits after each of n tokens at positions 0 to n - 1: (n, n_vocab). 0, or -1 without memory. */
int reference_logits(const reference_model *m, const int *tokens, int n, unsigned flags,
                     double *logits);

#endif
