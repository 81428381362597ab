/* A model ready to answer: weights, engine, and how messages become its prompt. */
#ifndef LNR_CLI_RUN_MODEL_H
#define LNR_CLI_RUN_MODEL_H

#include "cli/run.h"

#include <lanner/template.h>
#include <lanner/tokenizer.h>

typedef struct run_model {
    char *path; /* owned, as all here */
    lnr_model *model;
    lnr_engine *engine;
    lnr_template *chat; /* NULL: the file has no template, and none was asked for */
    bool add_start;     /* chat is one of ours, which leave the start token to the tokeniser */
    lnr_model_info info;
    lnr_engine_info engine_info;
    uint64_t load_ns;
} run_model;

/* path: NULL is the built-in model. with_template: false leaves chat NULL. On failure nothing is
 * left to release. */
lnr_status run_model_open(const run_options *o, const char *path, bool with_template,
                          run_model *out, lnr_error *err);
void run_model_close(run_model *m); /* may be all zero */

/* The model's name for people: general.name, else the file's. */
const char *run_model_name(const run_model *m);

/* Gives a model without a template the one that puts the messages together as they are. */
lnr_status run_model_go_plain(run_model *m, lnr_error *err);

#endif
