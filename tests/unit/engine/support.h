/* What the engine's tests have in common: the built-in model, and requests run to their end. */
#ifndef LNR_TEST_ENGINE_SUPPORT_H
#define LNR_TEST_ENGINE_SUPPORT_H

#include <lanner/lanner.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MODEL LNR_SOURCE_DIR "/models/lanner-tiny-q8_0.gguf"

static lnr_model *model;

static inline int load(void **state) {
    (void)state;
    lnr_error err;
    if (lnr_model_load(MODEL, NULL, &model, &err) != LNR_OK) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

static inline int unload(void **state) {
    (void)state;
    lnr_model_unref(model);
    return 0;
}

/* A prompt whose tokens are all different from their neighbours; id 0 is left out. */
static inline void fill_prompt(int32_t *token, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++)
        token[i] = (int32_t)(1 + (seed + 251u * i * i + 7u * i) % 2000u);
}

static inline lnr_engine *engine_of(uint32_t n_ctx, uint32_t n_ubatch, uint32_t n_threads) {
    lnr_engine_options o = {
        .struct_size = sizeof o, .n_ctx = n_ctx, .n_ubatch = n_ubatch, .n_threads = n_threads};
    lnr_engine *e;
    lnr_error err;
    if (lnr_engine_create(model, &o, &e, &err) != LNR_OK)
        fail_msg("%s", err.text);
    return e;
}

static inline lnr_request *submit(lnr_engine *e, const int32_t *token, size_t n, uint32_t n_max,
                                  float temperature) {
    lnr_request_options o = {.struct_size = sizeof o,
                             .tokens = token,
                             .n_tokens = n,
                             .max_tokens = n_max,
                             .ignore_end = true,
                             .hash_logits = true};
    lnr_sampler_defaults(&o.sampler);
    o.sampler.temperature = temperature;
    o.sampler.seed = 7;
    lnr_request *r;
    lnr_error err;
    if (lnr_engine_submit(e, &o, &r, &err) != LNR_OK)
        fail_msg("%s", err.text);
    return r;
}

typedef struct answer {
    int32_t token[600];
    uint32_t n;
    lnr_event done;
} answer;

/* Takes what is there; true once the end was seen. */
static inline bool drain(lnr_request *r, answer *a) {
    lnr_event ev;
    while (lnr_request_next(r, &ev)) {
        if (ev.kind == LNR_EVENT_DONE) {
            a->done = ev;
            return true;
        }
        a->token[a->n++] = ev.token;
    }
    return false;
}

static inline void step(lnr_engine *e, bool *active) {
    lnr_error err;
    if (lnr_engine_step(e, active, &err) != LNR_OK)
        fail_msg("%s", err.text);
}

static inline void run(lnr_engine *e, lnr_request *r, answer *a) {
    *a = (answer){0};
    bool active = true;
    while (!drain(r, a)) {
        assert_true(active); /* an engine that has nothing to do has finished the request */
        step(e, &active);
    }
    lnr_request_release(r);
}

#endif
