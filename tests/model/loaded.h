/* A tiny model in the engine and in the reference, with room for the logits of one prompt. */
#ifndef LNR_TESTS_MODEL_LOADED_H
#define LNR_TESTS_MODEL_LOADED_H

#include "cases.h"
#include "engine_run.h"
#include "reference.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct loaded {
    const model_case *c;
    char path[512];
    lnr_model *engine;
    reference_model *reference; /* NULL until load_reference */
    size_t n_vocab;
    lnr_type kv_type; /* of the engine's memory: halves unless a check sets another */
    int token[N_TOKENS_MAX];
    float *logits;           /* (2, n_tokens, n_vocab) */
    double *plain, *rounded; /* (n_tokens, n_vocab) */
} loaded;

/* Prints a reason and returns false on failure; unload in either case. */
bool load(loaded *l, const char *dir, const model_case *c);
bool load_engine(loaded *l, bool no_pack); /* anew, its matrices left in the file if no_pack */
bool load_reference(loaded *l);
void unload(loaded *l);

void model_path(char path[512], const char *dir, const model_case *c);

/* Whether K and V can be in Q8_0: a head must fill its blocks. */
bool has_kv_q8_0(const loaded *l);

/* To l->logits, and to out. */
bool run_engine(loaded *l, engine_setup setup, const int *tokens, uint32_t n);
bool run_reference(loaded *l, const int *tokens, uint32_t n, unsigned flags, double *out);

/* Checks of one model, each of which prints what fails. */
bool compare_case(loaded *l); /* the engine against the reference */
bool measure_case(loaded *l); /* prints the errors that compare_case has bounds for */
bool hash_case(loaded *l);    /* the engine against golden.txt and itself */
bool print_golden(loaded *l);
bool story_case(loaded *l); /* the text of a trained model */

#endif
