/* `lanner run` in two files: run.c asks the engine, run_report.c tells what happened. */
#ifndef LNR_CLI_RUN_H
#define LNR_CLI_RUN_H

#include "base/buf.h"
#include "cli/sampling_options.h"

typedef struct run_options {
    const char *prompt, *file; /* one of them, or none for standard input */
    uint32_t max_tokens;
    lnr_sampler_options sampler;
    sampling_options sampling;
    uint32_t n_ctx, n_threads, n_ubatch;
    const char *isa;
    bool raw, echo, special, logits_hash, json;
} run_options;

/* What one run produced. */
typedef struct run_result {
    const char *model_path;
    lnr_model_info model;
    lnr_engine_info engine;
    uint64_t *panels; /* (engine.n_threads); owned */
    uint64_t load_ns;
    size_t n_prompt_tokens; /* of the prompt, special ones included */
    lnr_buf text, tokens;   /* owned; tokens: int32_t ids */
    lnr_buf logprobs;       /* owned: the TOKEN events, if logprobs are asked for */
    lnr_event done;
} run_result;

/* The JSON object on one line. */
void run_report_json(const run_options *o, const run_result *r, lnr_buf *out);
/* Three lines for people. */
void run_report_text(const run_options *o, const run_result *r, lnr_buf *out);

#endif
