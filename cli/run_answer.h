/* Brings a model's tokens to the reader: generates, turns them into text, shows it. */
#ifndef LNR_CLI_RUN_ANSWER_H
#define LNR_CLI_RUN_ANSWER_H

#include "app/reasoning.h"
#include "cli/run_model.h"

typedef struct run_answer {
    /* chosen before run_answer_begin, else zero: */
    bool silent;    /* nothing is written, only collected */
    bool splits;    /* reasoning is told from the answer */
    lnr_str prompt; /* for splits: what the answer goes on from; borrowed for begin */
    bool at_start;  /* the answer begins a text */

    /* results, owned: */
    lnr_buf text;      /* without reasoning, if splits */
    lnr_buf reasoning; /* if splits */
    lnr_buf tokens;    /* int32_t ids */
    lnr_buf logprobs;  /* the TOKEN events, if logprobs are asked for */

    int code;          /* CLI_OK, or what a failed write means for the program */
    bool reader_stuck; /* Ctrl-C came while a write hung: no more is written */
    char last;         /* character written; 0: none */

    /* its own: */
    const lnr_tokenizer *tokenizer;
    lnr_detokenizer *detokenizer;
    lnr_stop *stop;
    bool wants_logprobs;
    app_reasoning splitter;
    lnr_buf shown;
    bool on_terminal, has_color;
} run_answer;

lnr_status run_answer_begin(run_answer *a, const run_model *m, const sampling_options *o,
                            lnr_error *err);
void run_answer_deinit(run_answer *a); /* may be all zero */

/* Generates until the request is done, Ctrl-C stops it or writing fails; then *done tells how it
 * ended. A failure of the request is this function's. More than one request may follow each other
 * in one answer. */
lnr_status run_answer_generate(run_answer *a, lnr_engine *e, const lnr_request_options *o,
                               lnr_event *done, lnr_error *err);

/* Gives out what was held back. */
lnr_status run_answer_end(run_answer *a, lnr_error *err);

/* Writes text of a model's or a user's to standard output; fit for a terminal if it is one. */
void run_answer_write(run_answer *a, lnr_str text);

#endif
