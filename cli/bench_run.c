/* Loading models, running rows and timing them. Everything goes through the engine as a server
 * would use it, sampling included. */
#include "app/interrupt.h"
#include "app/progress.h"
#include "app/temp.h"
#include "base/alloc.h"
#include "base/rng.h"
#include "cli/bench.h"
#include "cli/cli.h"
#include "os/os.h"

#include <lanner/machine.h>
#include <lanner/quantize.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096
#define SYNTH      "synth:"

static bool on_progress(uint64_t done, uint64_t total, void *user) {
    app_progress_update(user, done, total, os_now_ns());
    return !app_interrupted();
}

/* ---- models
 * ------------------------------------------------------------------------------------ */

static lnr_status load_file(bench_model *m, const char *path, lnr_error *err) {
    app_progress progress;
    uint64_t before = os_memory_resident(), start = os_now_ns();
    lnr_model_options o = {.struct_size = sizeof o, .on_progress = on_progress, .user = &progress};
    app_progress_init(&progress, "loading", app_progress_stream(), app_color_wanted(), start);
    lnr_status st = lnr_model_load(path, &o, &m->model, err);
    app_progress_end(&progress);
    m->load_ms = (double)(os_now_ns() - start) * 1e-6;
    m->resident_bytes = os_memory_resident() - before;
    return st;
}

static lnr_status write_synth(const char *what, const char *path, lnr_error *err) {
    char shape[64];
    size_t n = strcspn(what, ":");
    if (what[n] == '\0' || n >= sizeof shape)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "model '%s%s': synth:SHAPE:TYPE expected", SYNTH,
                        what);
    memcpy(shape, what, n);
    shape[n] = '\0';
    app_progress progress;
    lnr_synth_options o = {.struct_size = sizeof o, .on_progress = on_progress, .user = &progress};
    app_progress_init(&progress, "writing", app_progress_stream(), app_color_wanted(), os_now_ns());
    lnr_status st = lnr_synth(shape, what + n + 1, path, &o, err);
    app_progress_end(&progress);
    return st;
}

/* A made-up model's file goes once it is loaded; unless memory of it is still mapped, in which case
 * the system keeps it until then. */
static lnr_status load_synth(bench_model *m, const char *what, lnr_error *err) {
    char folder[PATH_BYTES], path[PATH_BYTES + 16];
    LNR_TRY(app_temp_folder(folder, sizeof folder, err));
    snprintf(path, sizeof path, "%s/model.gguf", folder);
    lnr_status st = write_synth(what, path, err);
    if (st == LNR_OK)
        st = load_file(m, path, err);
    os_file_remove(path);
    os_folder_remove(folder);
    return st;
}

static lnr_status load(bench_model *m, lnr_error *err) {
    bool synth = strncmp(m->name, SYNTH, strlen(SYNTH)) == 0;
    return synth ? load_synth(m, m->name + strlen(SYNTH), err) : load_file(m, m->name, err);
}

/* ---- one repetition
 * ---------------------------------------------------------------------------- */

typedef struct repetition {
    lnr_engine *engine;
    uint64_t seed;
    lnr_request *request[BENCH_STREAMS_MAX];
    uint64_t n_taken[BENCH_STREAMS_MAX]; /* tokens of each stream */
    uint32_t n_streams, n_first, n_done; /* streams; that gave a token; that ended */
    uint64_t n_generated;                /* tokens of all */
    uint64_t submit_ns, first_ns;        /* when the first token of any came */
    lnr_status status;                   /* a failed stream's */
    lnr_error error;
} repetition;

/* The timed part of a repetition. */
typedef struct span {
    uint64_t ns, n_generated;
    lnr_engine_counters counters;
} span;

/* One request for each stream, of n_tokens random tokens: a function of the seed, so that a longer
 * prompt begins like a shorter one; another seed is found in no cache. */
static lnr_status submit(repetition *r, const bench *b, const bench_row *row, uint32_t n_tokens,
                         uint32_t n_max, lnr_error *err) {
    lnr_model_info info;
    lnr_model_get_info(b->model[row->model].model, &info);
    int32_t *token = lnr_alloc_array(n_tokens, sizeof *token);
    if (token == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a prompt of %" PRIu32 " tokens", n_tokens);
    lnr_request_options q = {.struct_size = sizeof q,
                             .tokens = token,
                             .n_tokens = n_tokens,
                             .max_tokens = n_max,
                             .ignore_end = true,
                             .sampler = row->setup->sampler};
    lnr_status st = LNR_OK;
    r->submit_ns = os_now_ns();
    while (st == LNR_OK && r->n_streams < row->n_streams) {
        for (uint32_t i = 0; i < n_tokens; i++) {
            uint64_t word = lnr_rng_u64(r->seed, r->n_streams, i);
            token[i] = (int32_t)lnr_rng_scale(word, info.n_vocab);
        }
        st = lnr_engine_submit(r->engine, &q, &r->request[r->n_streams], err);
        r->n_streams += st == LNR_OK;
    }
    lnr_free(token);
    return st;
}

static void take_events(repetition *r) {
    lnr_event event;
    for (uint32_t i = 0; i < r->n_streams; i++)
        while (lnr_request_next(r->request[i], &event)) {
            if (event.kind == LNR_EVENT_TOKEN) {
                if (r->n_generated++ == 0)
                    r->first_ns = os_now_ns();
                r->n_first += r->n_taken[i]++ == 0;
                continue;
            }
            r->n_done++;
            if (event.finish == LNR_FINISH_ERROR) {
                r->status = event.error.code;
                r->error = event.error;
            }
        }
}

static lnr_status step(repetition *r, lnr_error *err) {
    uint64_t n_before = r->n_generated + r->n_done;
    bool active;
    if (app_interrupted())
        return LNR_FAIL(err, LNR_E_CANCELLED, "interrupted");
    LNR_TRY(lnr_engine_step(r->engine, &active, err));
    take_events(r);
    if (r->status)
        return LNR_FAIL(err, r->status, "%s", r->error.text);
    if (!active && r->n_generated + r->n_done == n_before && r->n_done < r->n_streams)
        return LNR_FAIL(err, LNR_E_BUSY, "the engine stopped without a result");
    return LNR_OK;
}

static span now(const repetition *r) {
    span s = {.ns = os_now_ns(), .n_generated = r->n_generated};
    lnr_engine_get_counters(r->engine, &s.counters);
    return s;
}

/* Ends what still runs, so that the engine is free for the next row. */
static void end(repetition *r) {
    bool active = true;
    for (uint32_t i = 0; i < r->n_streams; i++)
        lnr_request_release(r->request[i]); /* cancels too */
    while (active && lnr_engine_step(r->engine, &active, NULL) == LNR_OK)
        continue;
}

/* Computes the tokens that shall stand in each stream's context and leaves them in the engine's
 * cache of prompts, where the timed requests find them. */
static lnr_status fill_depth(repetition *r, const bench *b, const bench_row *row, lnr_error *err) {
    lnr_status st = row->depth ? submit(r, b, row, row->depth, 1, err) : LNR_OK;
    while (st == LNR_OK && r->n_done < r->n_streams)
        st = step(r, err);
    end(r);
    *r = (repetition){.engine = r->engine, .seed = r->seed};
    return st;
}

/* A prompt is timed from its submission to the first token of its last stream; a generation from
 * there until all streams together have what was asked for. */
static lnr_status run_timed(repetition *r, const bench *b, const bench_row *row, span *from,
                            span *to, lnr_error *err) {
    uint64_t n_all = (uint64_t)row->n_tokens * row->n_streams;
    uint32_t n_prompt = row->depth + (row->is_prompt ? row->n_tokens : 1);
    *from = now(r);
    LNR_TRY(submit(r, b, row, n_prompt, row->is_prompt ? 1 : row->n_tokens + 1, err));
    while (r->n_first < row->n_streams)
        LNR_TRY(step(r, err));
    *to = now(r);
    uint64_t computed = to->counters.n_tokens - from->counters.n_tokens;
    if (row->depth && computed > n_all + (uint64_t)row->n_streams * ((row->depth + 1) / 2))
        return LNR_FAIL(err, LNR_E_LIMIT, "%s: the engine did not keep the depth in its cache",
                        row->test);
    if (row->is_prompt)
        return LNR_OK;
    *from = *to;
    while (r->n_generated - from->n_generated < n_all && r->n_done < r->n_streams)
        LNR_TRY(step(r, err));
    *to = now(r);
    return LNR_OK;
}

/* ---- rows
 * -------------------------------------------------------------------------------------- */

static lnr_status measure_limits(bench *b, const bench_row *row, lnr_limits *out, lnr_error *err) {
    lnr_bandwidth bandwidth;
    lnr_model_info info;
    lnr_model_get_info(b->model[row->model].model, &info);
    uint64_t working_set = row->step_bytes ? row->step_bytes : info.weight_bytes;
    LNR_TRY(lnr_meter_bandwidth(b->meter, row->n_threads, working_set, &bandwidth, err));
    out->bytes_per_s = bandwidth.bytes_per_s;
    LNR_TRY(lnr_measure_peak(LNR_PEAK_INT8, lnr_isa(), row->n_threads, &out->int8_macs_per_s, err));
    return lnr_measure_peak(LNR_PEAK_F32, lnr_isa(), row->n_threads, &out->f32_macs_per_s, err);
}

static lnr_limits mean(const lnr_limits *a, const lnr_limits *b) {
    return (lnr_limits){(a->bytes_per_s + b->bytes_per_s) / 2,
                        (a->int8_macs_per_s + b->int8_macs_per_s) / 2,
                        (a->f32_macs_per_s + b->f32_macs_per_s) / 2};
}

/* What happened between two marks, in the row and as one sample. */
static bench_sample evaluate(bench_row *row, const span *from, const span *to,
                             const lnr_limits *limits) {
    const lnr_engine_counters *c = &from->counters, *d = &to->counters;
    lnr_work w = {.bytes = d->weight_bytes - c->weight_bytes + d->kv_bytes - c->kv_bytes,
                  .int8_macs = d->int8_macs - c->int8_macs,
                  .f32_macs = d->f32_macs - c->f32_macs,
                  .seconds = (double)(to->ns - from->ns) * 1e-9};
    lnr_roofline roof;
    lnr_roofline_of(&w, limits, &roof);
    double tokens =
        (double)(row->is_prompt ? d->n_tokens - c->n_tokens : to->n_generated - from->n_generated);
    row->step_bytes = w.bytes / (d->n_steps - c->n_steps);
    row->bytes_per_token = (double)w.bytes / tokens;
    row->int8_per_token = (double)w.int8_macs / tokens;
    row->f32_per_token = (double)w.f32_macs / tokens;
    return (bench_sample){.tokens_per_s = tokens / w.seconds,
                          .gbps = roof.bytes_per_s * 1e-9,
                          .roofline_pct = roof.roofline_pct,
                          .peak_pct = roof.peak_pct,
                          .limits = *limits};
}

static lnr_status make_engine(bench *b, bench_engine *e, lnr_error *err) {
    lnr_engine_options o = {.struct_size = sizeof o,
                            .n_ctx = b->n_ctx,
                            .n_ubatch = e->setup->n_ubatch,
                            .n_threads = e->n_threads,
                            .n_sessions = e->n_streams,
                            .kv_type_k = e->setup->kv_type_k,
                            .kv_type_v = e->setup->kv_type_v};
    return lnr_engine_create(b->model[e->model].model, &o, &e->engine, err);
}

/* One repetition of a row between two measurements of the limits; kept: not a warm-up. */
static lnr_status repeat(bench *b, bench_row *row, bool kept, lnr_error *err) {
    bench_engine *e = &b->engine[row->engine];
    uint64_t resident = os_memory_resident();
    bool is_new = e->engine == NULL;
    if (is_new)
        LNR_TRY(make_engine(b, e, err));
    lnr_limits before = {0}, after = {0};
    repetition r = {.engine = e->engine, .seed = os_random()};
    span from = {0}, to = {0};
    lnr_status st = fill_depth(&r, b, row, err);
    if (st == LNR_OK && kept)
        st = measure_limits(b, row, &before, err);
    if (st == LNR_OK)
        st = run_timed(&r, b, row, &from, &to, err);
    end(&r);
    LNR_TRY(st);
    if (is_new)
        e->resident_bytes = os_memory_resident() - resident;
    if (kept)
        LNR_TRY(measure_limits(b, row, &after, err));
    lnr_limits limits = mean(&before, &after);
    bench_sample sample = evaluate(row, &from, &to, &limits);
    sample.ttft_ms = (double)(r.first_ns - r.submit_ns) * 1e-6;
    if (kept)
        row->sample[row->n_samples++] = sample;
    return LNR_OK;
}

/* All rows of the models first to end - 1, taking turns. */
static lnr_status run_rows(bench *b, size_t first, size_t last, lnr_error *err) {
    uint32_t n_rounds = b->o->n_warmup + b->o->n_reps;
    app_progress progress;
    app_progress_init(&progress, "measuring", app_progress_stream(), app_color_wanted(),
                      os_now_ns());
    lnr_status st = LNR_OK;
    for (uint32_t round = 0; st == LNR_OK && round < n_rounds; round++)
        for (size_t i = 0; st == LNR_OK && i < b->n_rows; i++) {
            app_progress_update(&progress, round * b->n_rows + i, n_rounds * b->n_rows,
                                os_now_ns());
            if (b->row[i].model >= first && b->row[i].model < last)
                st = repeat(b, &b->row[i], round >= b->o->n_warmup, err);
        }
    app_progress_end(&progress);
    return st;
}

static void unload(bench *b) {
    for (size_t i = 0; i < b->n_engines; i++) {
        lnr_engine_destroy(b->engine[i].engine);
        b->engine[i].engine = NULL;
    }
    for (size_t i = 0; i < b->n_models; i++) {
        lnr_model_unref(b->model[i].model);
        b->model[i].model = NULL;
    }
}

static lnr_status run_group(bench *b, size_t first, size_t last, lnr_error *err) {
    lnr_status st = LNR_OK;
    for (size_t i = first; st == LNR_OK && i < last; i++)
        st = load(&b->model[i], err);
    if (st == LNR_OK)
        st = run_rows(b, first, last, err);
    unload(b);
    return st;
}

/* About what a model takes in memory; 0 if nobody knows before it is loaded. */
static uint64_t model_bytes(const char *name) {
    lnr_file *f;
    lnr_synth_info info;
    if (strncmp(name, SYNTH, strlen(SYNTH)) == 0) {
        const char *shape = name + strlen(SYNTH), *mix = strchr(shape, ':');
        for (size_t i = 0; mix && lnr_synth_shape(i, mix + 1, &info); i++)
            if (strlen(info.shape) == (size_t)(mix - shape) &&
                memcmp(info.shape, shape, strlen(info.shape)) == 0)
                return info.bytes;
        return 0;
    }
    if (lnr_file_open(name, &f, NULL) != LNR_OK)
        return 0;
    uint64_t bytes = lnr_file_bytes(f);
    lnr_file_close(f);
    return bytes;
}

lnr_status bench_run(bench *b, lnr_error *err) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < b->n_models; i++)
        bytes += model_bytes(b->model[i].name);
    bool together = bytes < os_memory_available() / 2; /* then models take turns too */
    b->own_bytes = os_memory_resident();
    LNR_TRY(lnr_meter_create(0, &b->meter, err));
    lnr_status st = LNR_OK;
    if (together)
        st = run_group(b, 0, b->n_models, err);
    for (size_t i = 0; !together && st == LNR_OK && i < b->n_models; i++)
        st = run_group(b, i, i + 1, err);
    lnr_meter_get_info(b->meter, &b->meter_info);
    lnr_meter_destroy(b->meter);
    b->meter = NULL;
    return st;
}
