/* `lanner bench` in several files: bench.c the command line, bench_plan.c what is to be measured,
 * bench_run.c measuring it, bench_report.c and bench_html.c telling it, bench_compare.c two results
 * side by side.
 *
 * A row is one test of one configuration. Every repetition of a row is timed between two
 * measurements of the machine's limits, and per cents are medians of the quotients of a repetition,
 * because a shared machine is not equally fast from one second to the next. For the same reason
 * rows take turns instead of being finished one after the other. */
#ifndef LNR_CLI_BENCH_H
#define LNR_CLI_BENCH_H

#include "app/json.h"

#include <lanner/engine.h>
#include <lanner/measure.h>

#define BENCH_MODELS_MAX  16
#define BENCH_LIST_MAX    16 /* values of one list */
#define BENCH_STREAMS_MAX 64
#define BENCH_LABEL       128

typedef struct bench_options {
    uint32_t n_prompt, n_gen, n_reps, n_warmup;
    const char *depths, *streams, *threads, *set; /* lists; threads and set may be NULL */
    const char *html;                             /* NULL: none */
    bool json, csv, compare;
} bench_options;

/* What --set sweeps: one choice of values. */
typedef struct bench_setup {
    uint32_t n_ubatch; /* 0: the engine's own; NULL below, too */
    const char *kv_type_k, *kv_type_v;
    lnr_sampler_options sampler;
    char label[BENCH_LABEL]; /* "ubatch=64 top-k=1", or "" */
} bench_setup;

typedef struct bench_list {
    uint32_t value[BENCH_LIST_MAX];
    size_t n;
} bench_list;

/* What one repetition gave. */
typedef struct bench_sample {
    double tokens_per_s, gbps, roofline_pct, peak_pct, ttft_ms;
    lnr_limits limits; /* the mean of before and after */
} bench_sample;

typedef struct bench_row {
    size_t model, engine;
    char test[32]; /* "pp512", "tg64@d4096" */
    bool is_prompt;
    uint32_t n_tokens, depth, n_streams, n_threads;
    const bench_setup *setup;
    uint64_t step_bytes; /* read in a step, of the last repetition */
    double bytes_per_token, int8_per_token, f32_per_token;
    bench_sample *sample; /* (n_reps); owned */
    size_t n_samples;
} bench_row;

typedef struct bench_model {
    const char *name; /* as it was given */
    lnr_model *model; /* NULL: not loaded now */
    double load_ms;
    uint64_t resident_bytes; /* that loading added */
} bench_model;

/* One engine for all rows that need the same. */
typedef struct bench_engine {
    size_t model;
    uint32_t n_threads, n_streams;
    const bench_setup *setup;
    lnr_engine *engine;      /* NULL: not made yet */
    uint64_t resident_bytes; /* that making it and its first repetition added */
} bench_engine;

typedef struct bench {
    const bench_options *o;
    bench_model model[BENCH_MODELS_MAX];
    size_t n_models;
    bench_setup *setup; /* (n_setups); owned, as the next two */
    bench_row *row;
    bench_engine *engine;
    size_t n_setups, n_rows, n_engines;
    uint32_t n_ctx;
    lnr_meter *meter;
    uint64_t own_bytes; /* resident before the meter and the models came */
    lnr_meter_info meter_info;
} bench;

/* ---- bench_plan.c */

/* Lists and settings into rows and engines. err names what is wrong in which list. */
lnr_status bench_plan(bench *b, lnr_error *err);
void bench_plan_free(bench *b);

/* ---- bench_run.c */

/* Fills the rows' samples. LNR_E_CANCELLED after Ctrl-C. */
lnr_status bench_run(bench *b, lnr_error *err);

/* ---- bench_report.c */

/* The medians of a row, and the interval of its speed. */
typedef struct bench_figures {
    lnr_estimate speed;
    double gbps, roofline_pct, peak_pct, ttft_ms, limit_gbps, int8_gmacs, f32_gmacs;
    uint64_t rss_bytes;
} bench_figures;

void bench_figures_of(const bench *b, const bench_row *row, bench_figures *out);
void bench_report_text(const bench *b, lnr_buf *out);
void bench_report_json(const bench *b, lnr_buf *out);
void bench_report_csv(const bench *b, lnr_buf *out);

/* ---- bench_html.c */

/* A page that needs nothing else: bars of the speeds, and the rows under their roofs. */
void bench_report_html(const bench *b, lnr_buf *out);

/* ---- bench_compare.c */

/* Says of each row that both JSON files hold which one is faster. */
int bench_compare(const char *path_a, const char *path_b, bool json);

#endif
