/* The options that say how tokens are chosen, shared by the commands that generate.
 *
 * A command's struct holds an lnr_sampler_options and a sampling_options; SAMPLING_OPTIONS puts the
 * rows of both into its table. Numbers go straight into the first; what has to be read from text
 * waits in the second until sampling_options_finish. */
#ifndef LNR_CLI_SAMPLING_OPTIONS_H
#define LNR_CLI_SAMPLING_OPTIONS_H

#include "app/options.h"

#include <lanner/engine.h>

#include <float.h>

#define SAMPLING_STEPS_MAX 16

typedef struct sampling_options {
    uint32_t min_tokens;
    bool ignore_end;
    app_strings stop;
    app_strings logit_bias;   /* "ID=VALUE" */
    app_strings dry_breakers; /* none: the default ones */
    const char *samplers;     /* "a;b;c"; NULL: the default order */
    const char *logprobs;     /* how many; NULL: none at all */

    /* made by sampling_options_finish */
    uint32_t n_top_logprobs;
    lnr_logit_bias bias[APP_STRINGS_MAX];
    char names[256]; /* samplers, NUL-terminated each */
    const char *step[SAMPLING_STEPS_MAX];
} sampling_options;

/* Reads the texts and lets sampler point to what they say; `sampling` must stay where it is.
 * LNR_E_ARGUMENT naming the option, its value and what is allowed. */
lnr_status sampling_options_finish(sampling_options *sampling, lnr_sampler_options *sampler,
                                   lnr_error *err);

/* Sets the request's members beside its sampler. They point into sampling. */
void sampling_options_apply(const sampling_options *sampling, lnr_request_options *request);

/* Rows for app_command.option, ended by a comma. type: the command's struct; s, m: its members of
 * type lnr_sampler_options and sampling_options. */
// clang-format off
#define SAMPLING_OPTIONS(type, s, m)                                                               \
    {.name = "temp", .kind = APP_FLOAT, .offset = offsetof(type, s.temperature), .value = "T",     \
     .float_max = FLT_MAX, .range = "0 or more",                                                   \
     .help = "temperature: how evenly tokens are drawn; 0: always the most probable one"},         \
    {.name = "top-k", .kind = APP_U32, .offset = offsetof(type, s.top_k), .value = "K",            \
     .max = UINT32_MAX, .help = "draw from the K most probable tokens; 0: off"},                   \
    {.name = "top-p", .kind = APP_FLOAT, .offset = offsetof(type, s.top_p), .value = "P",          \
     .float_min = FLT_MIN, .float_max = 1, .range = "more than 0, at most 1",                      \
     .help = "draw from the most probable tokens that together reach P; 1: off"},                  \
    {.name = "min-p", .kind = APP_FLOAT, .offset = offsetof(type, s.min_p), .value = "P",          \
     .float_max = 1, .range = "0 to 1",                                                            \
     .help = "drop tokens less probable than P times the most probable one; 0: off"},              \
    {.name = "seed", .kind = APP_U64, .offset = offsetof(type, s.seed), .value = "S",              \
     .max = UINT64_MAX, .shown_default = "a new one each time; --json tells it",                   \
     .help = "the same seed gives the same text"},                                                 \
    {.name = "typical", .kind = APP_FLOAT, .offset = offsetof(type, s.typical_p), .value = "P",    \
     .float_min = FLT_MIN, .float_max = 1, .range = "more than 0, at most 1",                      \
     .help = "locally typical: tokens as surprising as expected, up to P; 1: off"},                \
    {.name = "tfs", .kind = APP_FLOAT, .offset = offsetof(type, s.tfs_z), .value = "Z",            \
     .float_min = FLT_MIN, .float_max = 1, .range = "more than 0, at most 1",                      \
     .help = "tail free: cut where the curve of probabilities is flat; 1: off"},                   \
    {.name = "top-n-sigma", .kind = APP_FLOAT, .offset = offsetof(type, s.top_n_sigma),            \
     .value = "N", .float_max = FLT_MAX, .range = "0 or more",                                     \
     .help = "keep logits within N standard deviations of the best; 0: off"},                      \
    {.name = "xtc-probability", .kind = APP_FLOAT, .offset = offsetof(type, s.xtc_probability),    \
     .value = "P", .float_max = 1, .range = "0 to 1",                                              \
     .help = "chance to leave out the top choices; 0: off"},                                       \
    {.name = "xtc-threshold", .kind = APP_FLOAT, .offset = offsetof(type, s.xtc_threshold),        \
     .value = "T", .float_max = 1, .range = "0 to 1",                                              \
     .help = "a top choice has at least this probability; above 0.5: off"},                        \
    {.name = "dynatemp-range", .kind = APP_FLOAT, .offset = offsetof(type, s.dynatemp_range),      \
     .value = "R", .float_max = FLT_MAX, .range = "0 or more",                                     \
     .help = "temperature by entropy, within temp - R to temp + R; 0: off"},                       \
    {.name = "dynatemp-exp", .kind = APP_FLOAT, .offset = offsetof(type, s.dynatemp_exponent),     \
     .value = "E", .float_min = FLT_MIN, .float_max = 100, .range = "more than 0, at most 100",    \
     .help = "exponent of the curve from entropy to temperature"},                                 \
    {.name = "repeat-penalty", .kind = APP_FLOAT, .offset = offsetof(type, s.repeat_penalty),      \
     .value = "R", .float_min = FLT_MIN, .float_max = 1e6f, .range = "more than 0, at most 1e6",   \
     .help = "divide (below 0: multiply) the logits of recent tokens by R; 1: off"},               \
    {.name = "repeat-last-n", .kind = APP_I32, .offset = offsetof(type, s.penalty_last_n),         \
     .value = "N", .int_min = -1, .int_max = INT32_MAX, .range = "-1 or more",                     \
     .help = "tokens that the three penalties look back at; 0: off; -1: all"},                     \
    {.name = "frequency-penalty", .kind = APP_FLOAT,                                               \
     .offset = offsetof(type, s.frequency_penalty), .value = "F", .float_min = -100,               \
     .float_max = 100, .range = "-100 to 100",                                                     \
     .help = "subtract F from a logit for each time its token occurred; 0: off"},                  \
    {.name = "presence-penalty", .kind = APP_FLOAT,                                                \
     .offset = offsetof(type, s.presence_penalty), .value = "F", .float_min = -100,                \
     .float_max = 100, .range = "-100 to 100",                                                     \
     .help = "subtract F from a logit if its token occurred; 0: off"},                             \
    {.name = "dry-multiplier", .kind = APP_FLOAT, .offset = offsetof(type, s.dry_multiplier),      \
     .value = "M", .float_max = 1e6f, .range = "0 to 1e6",                                         \
     .help = "DRY, penalty on going on with a repetition: M * base^(length - allowed); 0: off"},   \
    {.name = "dry-base", .kind = APP_FLOAT, .offset = offsetof(type, s.dry_base), .value = "B",    \
     .float_min = 1, .float_max = 100, .range = "1 to 100",                                        \
     .help = "how DRY grows with the repetition's length"},                                        \
    {.name = "dry-allowed-length", .kind = APP_U32,                                                \
     .offset = offsetof(type, s.dry_allowed_length), .value = "N", .min = 1, .max = UINT32_MAX,    \
     .range = "1 or more", .help = "DRY lets shorter repetitions pass"},                           \
    {.name = "dry-penalty-last-n", .kind = APP_I32,                                                \
     .offset = offsetof(type, s.dry_penalty_last_n), .value = "N", .int_min = -1,                  \
     .int_max = INT32_MAX, .range = "-1 or more",                                                  \
     .help = "tokens that DRY looks back at; 0: off; -1: all"},                                    \
    {.name = "dry-sequence-breaker", .kind = APP_STRINGS,                                          \
     .offset = offsetof(type, m.dry_breakers), .value = "TEXT",                                    \
     .shown_default = "newline, ':', '\"', '*'",                                                   \
     .help = "a text that ends a repetition; may be given several times"},                         \
    {.name = "no-repeat-ngram", .kind = APP_U32, .offset = offsetof(type, s.no_repeat_ngram),      \
     .value = "N", .max = UINT32_MAX, .help = "never the same N tokens in a row twice; 0: off"},   \
    {.name = "mirostat", .kind = APP_U32, .offset = offsetof(type, s.mirostat), .value = "V",      \
     .max = 2, .help = "version 1 or 2 instead of the truncating options; 0: off"},                \
    {.name = "mirostat-tau", .kind = APP_FLOAT, .offset = offsetof(type, s.mirostat_tau),          \
     .value = "T", .float_min = FLT_MIN, .float_max = 100, .range = "more than 0, at most 100",    \
     .help = "the surprise, in bits per token, that mirostat aims at"},                            \
    {.name = "mirostat-eta", .kind = APP_FLOAT, .offset = offsetof(type, s.mirostat_eta),          \
     .value = "E", .float_min = FLT_MIN, .float_max = 1, .range = "more than 0, at most 1",        \
     .help = "how fast mirostat corrects itself"},                                                 \
    {.name = "min-keep", .kind = APP_U32, .offset = offsetof(type, s.min_keep), .value = "N",      \
     .max = UINT32_MAX, .help = "the truncating options leave at least N tokens"},                 \
    {.name = "samplers", .kind = APP_STRING, .offset = offsetof(type, m.samplers),                 \
     .value = "A;B;C",                                                                             \
     .shown_default = "penalties; dry; top_n_sigma; top_k; tfs_z; typical_p; top_p; min_p; xtc; "  \
     "temperature", .help = "which steps, in which order; one left out is off"},                   \
    {.name = "logit-bias", .kind = APP_STRINGS, .offset = offsetof(type, m.logit_bias),            \
     .value = "ID=VALUE", .help = "add VALUE to the logit of token ID, -inf bans it; may be given "\
     "several times"},                                                                             \
    {.name = "min-tokens", .kind = APP_U32, .offset = offsetof(type, m.min_tokens), .value = "N",  \
     .max = UINT32_MAX, .help = "the model may not end its text before N tokens"},                 \
    {.name = "ignore-eos", .kind = APP_FLAG, .offset = offsetof(type, m.ignore_end),               \
     .help = "go on after the model ended its text"},                                              \
    {.name = "stop", .kind = APP_STRINGS, .offset = offsetof(type, m.stop), .value = "TEXT",       \
     .help = "end before TEXT appears; may be given several times"},                               \
    {.name = "logprobs", .kind = APP_STRING, .offset = offsetof(type, m.logprobs), .value = "N",   \
     .range = "0 to 20", .shown_default = "none",                                                  \
     .help = "with --json: each token's log probability and the N most probable tokens"},
// clang-format on

#endif
