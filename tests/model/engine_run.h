/* Logits of every position of a prompt, as the engine's own layers compute them: model_load, steps
 * of lnr_step, no scheduler and no sampler. */
#ifndef LNR_TESTS_ENGINE_RUN_H
#define LNR_TESTS_ENGINE_RUN_H

#include "model/model.h"

#define ENGINE_RUN_SEQS_MAX 2u

typedef struct engine_setup {
    uint32_t n_ubatch, n_threads;
    uint32_t n_seqs; /* copies of the prompt in flight, 1 or 2; the second begins a step later */
    uint32_t n_ctx;  /* that was asked for, at least the prompt's length */
    lnr_type kv_type;
} engine_setup;

/* logits: (n_seqs, n, n_vocab). KV blocks are handed out backwards, so that none lies where its
 * position would suggest. */
lnr_status engine_run(const lnr_model *m, engine_setup setup, const int *tokens, uint32_t n,
                      float *logits, lnr_error *err);

#endif
