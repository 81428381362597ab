/* Eight answers at once: requests share the engine's steps, and so the reading of the weights.
 *
 *   streams MODEL.gguf TEXT
 *
 * Each request has a seed of its own. What it answers does not depend on the seven others: run one
 * alone and it says the same. */
#include <lanner/lanner.h>

#include <stdio.h>
#include <string.h>

#define N_STREAMS  8
#define MAX_TOKENS 32

typedef struct stream {
    lnr_request *request;
    lnr_detokenizer *detokenizer;
    char text[2048];
    size_t n;
    bool done;
} stream;

/* Takes what the request says; false once it is done. */
static bool read_events(stream *s) {
    lnr_event ev;
    while (!s->done && lnr_request_next(s->request, &ev)) {
        const char *text;
        size_t n;
        s->done = ev.kind == LNR_EVENT_DONE;
        if (!s->done && lnr_detokenizer_add(s->detokenizer, ev.token, &text, &n) == LNR_OK &&
            s->n + n < sizeof s->text) {
            memcpy(s->text + s->n, text, n + 1);
            s->n += n;
        }
    }
    return !s->done;
}

static lnr_status run(lnr_engine *e, const lnr_tokenizer *t, lnr_request_options *q,
                      stream *streams, lnr_error *err) {
    lnr_status st = LNR_OK;
    for (int i = 0; i < N_STREAMS && st == LNR_OK; i++) {
        q->sampler.seed = (uint64_t)i;
        streams[i].detokenizer = lnr_detokenizer_create(t, false, false);
        st = lnr_engine_submit(e, q, &streams[i].request, err);
    }
    for (int left = N_STREAMS; st == LNR_OK && left > 0;) {
        bool active;
        st = lnr_engine_step(e, &active, err);
        left = 0;
        for (int i = 0; i < N_STREAMS; i++)
            left += read_events(&streams[i]);
    }
    for (int i = 0; i < N_STREAMS; i++) {
        printf("%d: %s\n", i, streams[i].text);
        lnr_request_release(streams[i].request);
        lnr_detokenizer_destroy(streams[i].detokenizer);
    }
    return st;
}

static lnr_status run_all(lnr_model *m, const char *text, lnr_error *err) {
    static stream streams[N_STREAMS];
    const lnr_tokenizer *t = lnr_model_tokenizer(m);
    lnr_engine_options o = {.struct_size = sizeof o, .n_ctx = 256, .n_sessions = N_STREAMS};
    lnr_request_options q = {.struct_size = sizeof q, .max_tokens = MAX_TOKENS};
    lnr_engine *e;
    int32_t *tokens;
    lnr_sampler_defaults(&q.sampler);
    lnr_status st =
        lnr_tokenize(t, text, strlen(text), LNR_TOKENIZE_ADD_SPECIAL, &tokens, &q.n_tokens, err);
    if (st)
        return st;
    q.tokens = tokens;
    st = lnr_engine_create(m, &o, &e, err);
    if (st == LNR_OK) {
        st = run(e, t, &q, streams, err);
        lnr_engine_destroy(e);
    }
    lnr_tokens_free(tokens);
    return st;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: streams MODEL.gguf TEXT\n");
        return 2;
    }
    lnr_error err;
    lnr_model *m;
    lnr_status st = lnr_model_load(argv[1], NULL, &m, &err);
    if (st == LNR_OK) {
        st = run_all(m, argv[2], &err);
        lnr_model_unref(m);
    }
    if (st)
        fprintf(stderr, "streams: %s\n", err.text);
    return st ? 1 : 0;
}
