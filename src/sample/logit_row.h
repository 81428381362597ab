/* The logits of a whole vocabulary, as one row that may be edited without being written.
 *
 * The one idea: logits are looked at in blocks of 64. A kernel finds each block's maximum, so that
 * a search for the largest few opens only the blocks that can hold them; and an edit copies its
 * block aside first, so that the row itself, some hundred thousand floats, is neither copied nor
 * changed. */
#ifndef LNR_SAMPLE_LOGIT_ROW_H
#define LNR_SAMPLE_LOGIT_ROW_H

#include "sample/candidates.h"

#include <stdbool.h>

#define LOGIT_BLOCK 64u

/* What the device's kernels do on n floats in blocks of 64, the last perhaps shorter; see
 * block_max, block_moments and block_exp in kernels/kernels.h. */
typedef struct logit_ops {
    bool (*block_max)(const float *x, size_t n, float *max);
    void (*block_moments)(const float *x, size_t n, float *sum, float *squares);
    void (*block_exp)(const float *x, size_t n, float shift, float scale, float *sum);
} logit_ops;

typedef struct logit_row {
    logit_ops ops;
    const float *logits; /* (n_vocab), borrowed during a pick */
    uint32_t n_vocab, n_blocks;
    float *max;           /* (n_blocks) of what is read, edits included once settled; owned */
    int32_t *slot;        /* (n_blocks): place among the copies, -1: not copied; owned */
    float *copy;          /* (n_blocks, 64), n_copied in use, padded with -Inf; owned */
    uint32_t *copied;     /* (n_blocks), n_copied in use: whose copies they are; owned */
    float *scratch[2];    /* (n_blocks) each: a kernel's results; owned */
    float *sum, *squares; /* (2 n_blocks): moments of the row's blocks and, from n_blocks on, of the
                             copies'; owned */
    bool has_moments;     /* of the row's blocks */
    uint32_t n_copied;
    bool edited;        /* since max was settled */
    int32_t best_block; /* of the largest maximum, the first; -1: not looked for since an edit */
} logit_row;

lnr_status logit_row_init(logit_row *v, uint32_t n_vocab, const logit_ops *ops, lnr_error *err);
void logit_row_deinit(logit_row *v);

/* Begins with a row. moments: the deviation will be asked for, and is best prepared in the same
 * pass over memory. LNR_E_NUMERIC for a NaN, a +Inf, or -Inf everywhere. */
lnr_status logit_row_begin(logit_row *v, const float *logits, bool moments, lnr_error *err);

/* The logit of a token, to be changed; valid until the next logit_row_begin. Not to become NaN or
 * +Inf.
 */
float *logit_row_edit(logit_row *v, uint32_t id);
float logit_row_get(const logit_row *v, uint32_t id);

/* The largest logit, and the lowest id that has it; -1 if every logit is -Inf. */
int32_t logit_row_best(logit_row *v, float *logit);

/* A number that at least min(k, tokens) logits reach, as high as the blocks' maxima tell; k > 0. */
float logit_row_floor_of_top(logit_row *v, uint32_t k, uint64_t *bin);

/* Whether at least n blocks, so at least n tokens, have a logit that reaches floor. */
bool logit_row_has(logit_row *v, float floor, uint32_t n);

/* Fills the list with the tokens whose logit is at least floor and not -Inf. */
void logit_row_gather(logit_row *v, float floor, candidates *c);

/* Standard deviation of the logits that are not -Inf. */
double logit_row_deviation(logit_row *v);

/* Sum over the vocabulary of exp((logit - best) / temperature); best: the largest logit. */
double logit_row_exp_sum(logit_row *v, float best, float temperature);

#endif
