/* What was measured, as a table, as JSON with every sample, or as CSV. */
#include "cli/bench.h"
#include "cli/machine.h"

#include <lanner/machine.h>

#include "app/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The median of one member of the samples. */
static double median_of(const bench_row *row, size_t member, lnr_estimate *out) {
    double value[LNR_SAMPLES_MAX];
    lnr_estimate e = {0};
    for (size_t i = 0; i < row->n_samples; i++)
        memcpy(&value[i], (const char *)&row->sample[i] + member, sizeof value[i]);
    if (lnr_stat_median(value, row->n_samples, &e, NULL) != LNR_OK)
        e = (lnr_estimate){0}; /* a figure that is no number: nothing can be said */
    if (out)
        *out = e;
    return e.value;
}

#define MEDIAN(row, member) median_of(row, offsetof(bench_sample, member), NULL)

void bench_figures_of(const bench *b, const bench_row *row, bench_figures *out) {
    *out = (bench_figures){.gbps = MEDIAN(row, gbps),
                           .roofline_pct = MEDIAN(row, roofline_pct),
                           .peak_pct = MEDIAN(row, peak_pct),
                           .ttft_ms = MEDIAN(row, ttft_ms),
                           .limit_gbps = MEDIAN(row, limits.bytes_per_s) * 1e-9,
                           .int8_gmacs = MEDIAN(row, limits.int8_macs_per_s) * 1e-9,
                           .f32_gmacs = MEDIAN(row, limits.f32_macs_per_s) * 1e-9,
                           .rss_bytes = b->own_bytes + b->model[row->model].resident_bytes +
                                        b->engine[row->engine].resident_bytes};
    (void)median_of(row, offsetof(bench_sample, tokens_per_s), &out->speed);
}

/* ---- for people
 * -------------------------------------------------------------------------------- */

static void add_heading(const bench *b, lnr_buf *out) {
    lnr_machine_info info;
    lnr_machine_get_info(&info);
    buf_printf(out, "%s, %" PRIu32 " CPUs, %s; %" PRIu32 " repetitions", info.cpu, info.n_granted,
               lnr_isa(), b->o->n_reps);
    buf_add_str(out, "; bandwidth measured on ");
    app_add_size(out, b->meter_info.bytes);
    if (b->meter_info.bounded_by)
        buf_printf(out, " (bounded by %s)", b->meter_info.bounded_by);
    buf_add_char(out, '\n');
}

void bench_report_text(const bench *b, lnr_buf *out) {
    add_heading(b, out);
    for (size_t i = 0; i < b->n_rows; i++) {
        const bench_row *r = &b->row[i];
        bench_figures f;
        if (i == 0 || r->model != r[-1].model) {
            buf_add_char(out, '\n');
            app_add_printable(out, lnr_str_from(b->model[r->model].name), SIZE_MAX);
            buf_printf(out, "  (load %.0f ms)\n", b->model[r->model].load_ms);
            buf_printf(out, "  %-14s %3s %3s %10s  %-20s %8s %9s %7s %10s\n", "test", "thr", "str",
                       "tokens/s", "median's interval", "GB/s", "of limit", "of peak", "first, ms");
        }
        bench_figures_of(b, r, &f);
        char interval[40];
        lnr_buf text;
        buf_init(&text);
        buf_printf(&text, "%.2f to %.2f", f.speed.low, f.speed.high);
        const char *shown = buf_cstr(&text);
        strncpy(interval, shown ? shown : "", sizeof interval - 1);
        interval[sizeof interval - 1] = '\0';
        buf_deinit(&text);
        buf_printf(out,
                   "  %-14s %3" PRIu32 " %3" PRIu32 " %10.2f  %-20s %8.2f %7.1f %% %5.1f %% %10.1f",
                   r->test, r->n_threads, r->n_streams, f.speed.value, interval, f.gbps,
                   f.roofline_pct, f.peak_pct, f.ttft_ms);
        buf_printf(out, "%s%s\n", r->setup->label[0] ? "  " : "", r->setup->label);
    }
    if (b->n_rows) {
        bench_figures f;
        bench_figures_of(b, &b->row[0], &f);
        buf_printf(out,
                   "\nof limit: bytes read, of the memory bandwidth (of a cache's, where all fits "
                   "it); of peak: multiply-adds,\nof the processor's; limits measured beside every "
                   "repetition. The interval holds with %.1f %%.\n",
                   100 * f.speed.coverage);
    }
}

/* ---- for programs
 * ------------------------------------------------------------------------------ */

static void json_row(app_json *j, const bench *b, const bench_row *r) {
    bench_figures f;
    bench_figures_of(b, r, &f);
    app_json_object(j, NULL);
    app_json_cstr(j, "model", b->model[r->model].name);
    app_json_cstr(j, "test", r->test);
    app_json_uint(j, "threads", r->n_threads);
    app_json_uint(j, "streams", r->n_streams);
    app_json_cstr(j, "set", r->setup->label);
    app_json_double(j, "tokens_per_s", f.speed.value);
    app_json_double(j, "ci_low", f.speed.low);
    app_json_double(j, "ci_high", f.speed.high);
    app_json_double(j, "ci_coverage", f.speed.coverage);
    app_json_double(j, "bytes_per_token", r->bytes_per_token);
    app_json_double(j, "gbps", f.gbps);
    app_json_double(j, "limit_gbps", f.limit_gbps);
    app_json_double(j, "roofline_pct", f.roofline_pct);
    app_json_double(j, "int8_macs_per_token", r->int8_per_token);
    app_json_double(j, "f32_macs_per_token", r->f32_per_token);
    app_json_double(j, "int8_peak_gmacs", f.int8_gmacs);
    app_json_double(j, "f32_peak_gmacs", f.f32_gmacs);
    app_json_double(j, "peak_pct", f.peak_pct);
    app_json_double(j, "load_ms", b->model[r->model].load_ms);
    app_json_double(j, "ttft_ms", f.ttft_ms);
    app_json_uint(j, "rss_bytes", f.rss_bytes);
    app_json_array(j, "samples");
    for (size_t i = 0; i < r->n_samples; i++)
        app_json_double(j, NULL, r->sample[i].tokens_per_s);
    app_json_end(j);
    app_json_end(j);
}

void bench_report_json(const bench *b, lnr_buf *out) {
    app_json j;
    app_json_init(&j);
    app_json_object(&j, NULL);
    app_json_object(&j, "machine");
    machine_add_facts(&j);
    app_json_uint(&j, "buffer_bytes", b->meter_info.bytes);
    app_json_end(&j);
    app_json_cstr(&j, "version", lnr_version());
    app_json_uint(&j, "reps", b->o->n_reps);
    app_json_uint(&j, "warmup", b->o->n_warmup);
    app_json_array(&j, "results");
    for (size_t i = 0; i < b->n_rows; i++)
        json_row(&j, b, &b->row[i]);
    app_json_end(&j);
    app_json_end(&j);
    *out = j.text;
    buf_add_char(out, '\n');
}

/* A field between quotes, which are doubled inside (RFC 4180). */
static void csv_text(lnr_buf *out, const char *text) {
    buf_add_char(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            buf_add_char(out, '"');
        buf_add_char(out, *text);
    }
    buf_add_str(out, "\",");
}

void bench_report_csv(const bench *b, lnr_buf *out) {
    buf_add_str(out, "model,test,set,threads,streams,tokens_per_s,ci_low,ci_high,ci_coverage,"
                     "bytes_per_token,gbps,limit_gbps,roofline_pct,peak_pct,load_ms,ttft_ms,"
                     "rss_bytes\r\n");
    for (size_t i = 0; i < b->n_rows; i++) {
        const bench_row *r = &b->row[i];
        bench_figures f;
        bench_figures_of(b, r, &f);
        csv_text(out, b->model[r->model].name);
        csv_text(out, r->test);
        csv_text(out, r->setup->label);
        buf_printf(out, "%" PRIu32 ",%" PRIu32, r->n_threads, r->n_streams);
        const double figure[] = {f.speed.value,      f.speed.low,
                                 f.speed.high,       f.speed.coverage,
                                 r->bytes_per_token, f.gbps,
                                 f.limit_gbps,       f.roofline_pct,
                                 f.peak_pct,         b->model[r->model].load_ms,
                                 f.ttft_ms};
        for (size_t k = 0; k < sizeof figure / sizeof figure[0]; k++) {
            char number[APP_NUMBER_MAX];
            app_format_double(figure[k], number);
            buf_printf(out, ",%s", number);
        }
        buf_printf(out, ",%" PRIu64 "\r\n", f.rss_bytes);
    }
}
