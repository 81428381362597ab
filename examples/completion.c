/* The shortest use of lanner: goes on with a text.
 *
 *   completion MODEL.gguf TEXT [MAX_TOKENS]
 *
 * One thread does it all: it submits a request, steps the engine and reads what the request says.
 * Every function that can fail returns a status and writes one line into an lnr_error. */
#include <lanner/lanner.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(lnr_detokenizer *d, int32_t token) {
    const char *text;
    size_t n;
    if (lnr_detokenizer_add(d, token, &text, &n) == LNR_OK) /* whole characters only */
        fwrite(text, 1, n, stdout);
    fflush(stdout);
}

/* Generates until the request is done. */
static lnr_status answer(lnr_engine *e, const lnr_tokenizer *t, const lnr_request_options *q,
                         lnr_error *err) {
    lnr_request *r;
    lnr_status st = lnr_engine_submit(e, q, &r, err);
    lnr_detokenizer *d = lnr_detokenizer_create(t, false, false);
    lnr_event ev = {.kind = LNR_EVENT_TOKEN};
    bool active;
    while (st == LNR_OK && ev.kind != LNR_EVENT_DONE) {
        st = lnr_engine_step(e, &active, err);
        while (ev.kind != LNR_EVENT_DONE && lnr_request_next(r, &ev))
            if (ev.kind == LNR_EVENT_TOKEN)
                show(d, ev.token);
    }
    putchar('\n');
    if (st == LNR_OK && ev.finish == LNR_FINISH_ERROR) {
        *err = ev.error;
        st = ev.error.code;
    }
    lnr_detokenizer_destroy(d);
    lnr_request_release(r);
    return st;
}

static lnr_status complete(lnr_model *m, const char *text, uint32_t max_tokens, lnr_error *err) {
    const lnr_tokenizer *t = lnr_model_tokenizer(m); /* the model's: nothing to close */
    lnr_engine *e;
    lnr_request_options q = {.struct_size = sizeof q, .max_tokens = max_tokens};
    int32_t *prompt;
    lnr_sampler_defaults(&q.sampler);
    q.sampler.temperature = 0.0f; /* always the most probable token */
    lnr_status st =
        lnr_tokenize(t, text, strlen(text), LNR_TOKENIZE_ADD_SPECIAL, &prompt, &q.n_tokens, err);
    if (st)
        return st;
    q.tokens = prompt;
    st = lnr_engine_create(m, NULL, &e, err);
    if (st == LNR_OK) {
        st = answer(e, t, &q, err);
        lnr_engine_destroy(e);
    }
    lnr_tokens_free(prompt);
    return st;
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: completion MODEL.gguf TEXT [MAX_TOKENS]\n");
        return 2;
    }
    lnr_error err;
    lnr_model *m;
    uint32_t max_tokens = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 64;
    lnr_status st = lnr_model_load(argv[1], NULL, &m, &err);
    if (st == LNR_OK) {
        st = complete(m, argv[2], max_tokens, &err);
        lnr_model_unref(m);
    }
    if (st)
        fprintf(stderr, "completion: %s\n", err.text);
    return st ? 1 : 0;
}
