/* What a model's logits ought to be: a slow forward pass in double precision, to test the engine
 * against.
 *
 * Written from the papers (Vaswani 2017; Su 2021, rotary positions; Zhang and Sennrich 2019,
 * RMSNorm; Shazeer 2020, gated units; Ainslie 2023, grouped queries; Jiang 2024, mixtures of
 * experts; Riviere 2024, soft caps and windows; Peng 2023, Ding 2024, longer contexts) and the
 * conventions of GGUF files. It shares no line and no header with src/, so a misunderstanding there
 * is not repeated here. No order of summation, no float: what it cannot tell is the last bits,
 * which the golden hashes hold.
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

    /* Errors on purpose: a test that does not notice them is no test. reference_mistake tells what
     * each is, and whether a model has the place to make it. */
    REFERENCE_WRONG_ROPE = 1 << 1,
    REFERENCE_WRONG_MASK = 1 << 2, /* from position 128 on, position 127 is not seen */
    REFERENCE_WRONG_EPS = 1 << 3,
    REFERENCE_WRONG_GATE = 1 << 4,
    REFERENCE_WRONG_ACTIVATION = 1 << 5,
    REFERENCE_NO_WINDOW = 1 << 6,
    REFERENCE_WRONG_WINDOW = 1 << 7,
    REFERENCE_NO_ATTN_CAP = 1 << 8,
    REFERENCE_NO_FINAL_CAP = 1 << 9,
    REFERENCE_NO_EXPERT_NORM = 1 << 10,
    REFERENCE_NO_QK_NORM = 1 << 11,
    REFERENCE_NO_POST_NORM = 1 << 12,
    REFERENCE_NO_EMBED_SCALE = 1 << 13,
    REFERENCE_WRONG_QUERY_SCALE = 1 << 14,
    REFERENCE_WRONG_LOCAL_ROPE = 1 << 15,
    REFERENCE_NO_ROPE_SCALING = 1 << 16,
    REFERENCE_WRONG_ROPE_SIZE = 1 << 17,
    REFERENCE_WRONG_ROPE_LIST = 1 << 18,
    REFERENCE_MISTAKES_END = 1 << 19
};

/* Prints why and returns NULL if the file cannot be read or has another architecture. n_ctx: the
 * context that the engine was asked for, by which LongRoPE models choose a list of factors. */
reference_model *reference_open(const char *path, int n_ctx);
void reference_close(reference_model *m); /* NULL allowed */

/* What the flag's mistake is; NULL if this model is computed the same with it. */
const char *reference_mistake(const reference_model *m, unsigned flag);

size_t reference_n_vocab(const reference_model *m);

/* The vocabulary's text of a token, n bytes; NULL past the last. Borrowed. */
const char *reference_token(const reference_model *m, int token, size_t *n);

/* Logits after each of n tokens at positions 0 to n - 1: (n, n_vocab). 0, or -1 without memory. */
int reference_logits(const reference_model *m, const int *tokens, int n, unsigned flags,
                     double *logits);

#endif
