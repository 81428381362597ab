/* `lanner run` in several files: run.c has the options and decides what is to be done; run_model.c
 * loads; run_prompt.c makes tokens of messages; run_answer.c brings tokens to the reader;
 * run_once.c completes one prompt; run_report.c tells what happened; chat*.c hold a conversation.
 */
#ifndef LNR_CLI_RUN_H
#define LNR_CLI_RUN_H

#include "base/buf.h"
#include "cli/sampling_options.h"

typedef struct run_options {
    const char *prompt, *file; /* one of them, or none for standard input */
    const char *system;        /* NULL: no system message */
    const char *template_name; /* NULL: the model's default one */
    const char *chat_template; /* a built-in name or a file; NULL: the model's own */
    uint32_t max_tokens;
    lnr_sampler_options sampler;
    sampling_options sampling;
    uint32_t n_ctx, n_threads, n_ubatch;
    uint32_t keep; /* for context_shift */
    bool keep_given;
    uint32_t n_guesses;
    const char *kv_type_k, *kv_type_v, *isa;
    bool no_pack, raw, echo, special, logits_hash, json, context_shift;
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
    lnr_event done;         /* counts and times: of all requests that a context shift made */
} run_result;

/* The JSON object on one line. */
void run_report_json(const run_options *o, const run_result *r, lnr_buf *out);
/* Three lines for people. */
void run_report_text(const run_options *o, const run_result *r, lnr_buf *out);

/* Completes one prompt, or holds a conversation. path: NULL is the built-in model. Both return the
 * exit code. */
int run_once(const run_options *o, const char *path);
int run_chat(const run_options *o, const char *path);

#endif
