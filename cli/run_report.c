/* What `lanner run` tells about a finished run: as JSON, or as three lines for people. Tokens are
 * always the model's own; prompt and generation are timed apart, because they are limited by
 * different things. */
#include "app/json.h"
#include "cli/run.h"

#include <lanner/machine.h>

#include <inttypes.h>
#include <stdio.h>

static double ms(uint64_t ns) {
    return (double)ns / 1e6;
}

static bool has_rate(uint64_t n, uint64_t ns) {
    return n > 0 && ns > 0;
}

static double rate(uint64_t n, uint64_t ns) {
    return (double)n * 1e9 / (double)ns;
}

/* Steps of the generation: the first token is the prompt's last step. */
static uint64_t n_steps(const lnr_event *done) {
    return done->n_generated > 0 ? done->n_generated - 1 : 0;
}

static void json_rate(app_json *j, const char *name, uint64_t n, uint64_t ns) {
    if (has_rate(n, ns))
        app_json_double(j, name, rate(n, ns));
    else
        app_json_null(j, name);
}

static void json_timings(app_json *j, const run_result *r) {
    const lnr_event *done = &r->done;
    app_json_object(j, "timings");
    app_json_double(j, "load_ms", ms(r->load_ns));
    app_json_double(j, "queue_ms", ms(done->queue_ns));
    app_json_double(j, "prompt_ms", ms(done->prompt_ns));
    json_rate(j, "prompt_tokens_per_s", done->n_prompt, done->prompt_ns);
    app_json_double(j, "generation_ms", ms(done->generation_ns));
    json_rate(j, "generation_tokens_per_s", n_steps(done), done->generation_ns);
    app_json_double(j, "ttft_ms", ms(done->queue_ns + done->prompt_ns));
    app_json_end(j);
}

static void json_kernel(const char *op, const char *kernel, void *user) {
    app_json_cstr(user, op, kernel);
}

static void json_machine(app_json *j, const run_result *r) {
    app_json_cstr(j, "isa", lnr_isa());
    app_json_object(j, "kernels");
    lnr_kernels_each(json_kernel, j);
    app_json_end(j);
    app_json_uint(j, "threads", r->engine.n_threads);
    app_json_array(j, "worker_panels");
    for (uint32_t i = 0; i < r->engine.n_threads; i++)
        app_json_uint(j, NULL, r->panels[i]);
    app_json_end(j);
}

/* One object per token: its logprob, and the most probable tokens with theirs. */
static void json_logprobs(app_json *j, const run_result *r) {
    app_json_array(j, "logprobs");
    for (size_t i = 0; i < r->logprobs.n / sizeof(lnr_event); i++) {
        lnr_event e;
        memcpy(&e, r->logprobs.p + i * sizeof e, sizeof e);
        app_json_object(j, NULL);
        app_json_int(j, "token", e.token);
        app_json_float(j, "logprob", e.logprob);
        app_json_array(j, "top");
        for (uint32_t t = 0; t < e.n_top; t++) {
            app_json_object(j, NULL);
            app_json_int(j, "token", e.top[t].token);
            app_json_float(j, "logprob", e.top[t].logprob);
            app_json_end(j);
        }
        app_json_end(j);
        app_json_end(j);
    }
    app_json_end(j);
}

void run_report_json(const run_options *o, const run_result *r, lnr_buf *out) {
    const int32_t *tokens = (const void *)r->tokens.p;
    char hash[24];
    app_json j;
    app_json_init(&j);
    app_json_object(&j, NULL);
    app_json_str(&j, "text", (lnr_str){r->text.p, r->text.n});
    app_json_array(&j, "tokens");
    for (size_t i = 0; i < r->tokens.n / sizeof *tokens; i++)
        app_json_int(&j, NULL, tokens[i]);
    app_json_end(&j);
    app_json_uint(&j, "prompt_tokens", r->n_prompt_tokens);
    app_json_cstr(&j, "finish_reason", lnr_finish_name(r->done.finish));
    if (r->done.finish == LNR_FINISH_STOP)
        app_json_cstr(&j, "stop", o->sampling.stop.item[r->done.stop_idx]);
    if (o->sampling.logprobs)
        json_logprobs(&j, r);
    json_timings(&j, r);
    json_machine(&j, r);
    app_json_uint(&j, "seed", o->sampler.seed);
    if (o->logits_hash) {
        snprintf(hash, sizeof hash, "%016" PRIx64, r->done.logits_hash);
        app_json_cstr(&j, "logits_hash", hash);
    }
    app_json_object(&j, "model");
    app_json_cstr(&j, "name", r->model.name);
    app_json_cstr(&j, "architecture", r->model.architecture);
    app_json_cstr(&j, "path", r->model_path);
    app_json_end(&j);
    app_json_uint(&j, "ctx", r->engine.n_ctx);
    app_json_uint(&j, "ubatch", r->engine.n_ubatch);
    app_json_end(&j);
    buf_add_char(&j.text, '\n');
    *out = j.text;
}

/* "1 token", "2 tokens" */
static void add_count(lnr_buf *out, uint32_t n, const char *what) {
    buf_printf(out, "%" PRIu32 " %s%s", n, what, n == 1 ? "" : "s");
}

static void add_rate(lnr_buf *out, uint64_t n, uint64_t ns) {
    if (has_rate(n, ns))
        buf_printf(out, ", %.1f tokens/s", rate(n, ns));
}

void run_report_text(const run_options *o, const run_result *r, lnr_buf *out) {
    const lnr_event *done = &r->done;
    buf_printf(out, "load:       %.1f ms (%s, ", ms(r->load_ns), lnr_isa());
    add_count(out, r->engine.n_threads, "thread");
    buf_printf(out, ", ctx %" PRIu32 ")\nprompt:     ", r->engine.n_ctx);
    add_count(out, done->n_prompt, "token");
    add_rate(out, done->n_prompt, done->prompt_ns);
    if (done->n_generated > 0)
        buf_printf(out, ", first token after %.1f ms", ms(done->queue_ns + done->prompt_ns));
    buf_add_str(out, "\ngeneration: ");
    add_count(out, done->n_generated, "token");
    add_rate(out, n_steps(done), done->generation_ns);
    buf_printf(out, ", end: %s\n", lnr_finish_name(done->finish));
    if (o->logits_hash)
        buf_printf(out, "logits hash: %016" PRIx64 "\n", done->logits_hash);
}
