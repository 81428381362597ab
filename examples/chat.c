/* A conversation: each line of standard input is a question, answered with the model's own chat
 * template.
 *
 *   chat MODEL.gguf
 *
 * Every turn submits the whole conversation again. The engine finds that its beginning is computed
 * already and only computes what is new. */
#include <lanner/lanner.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {"add_generation_prompt": true, "messages": [...]}, without its last two characters */
typedef struct conversation {
    char *json;
    size_t n, capacity;
} conversation;

static void append(conversation *c, const char *text, size_t n) {
    if (c->n + n + 1 > c->capacity) {
        c->capacity = 2 * (c->n + n + 1);
        c->json = realloc(c->json, c->capacity);
        if (c->json == NULL)
            exit(1);
    }
    memcpy(c->json + c->n, text, n);
    c->n += n;
    c->json[c->n] = '\0';
}

static void append_text(conversation *c, const char *text) {
    append(c, text, strlen(text));
}

static void append_message(conversation *c, const char *role, const char *content, size_t n) {
    append_text(c, c->n ? ",{\"role\":\""
                        : "{\"add_generation_prompt\":true,\"messages\":[{\"role\":\"");
    append_text(c, role);
    append_text(c, "\",\"content\":\"");
    for (size_t i = 0; i < n; i++) {
        char escaped[8];
        unsigned char b = (unsigned char)content[i];
        if (b == '"' || b == '\\' || b < 0x20)
            append(c, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", b));
        else
            append(c, content + i, 1);
    }
    append_text(c, "\"}");
}

/* The tokens of the conversation as the model wants to see it. */
static lnr_status render(const lnr_tokenizer *t, const lnr_template *tpl, conversation *c,
                         int32_t **tokens, size_t *n_tokens, lnr_error *err) {
    char *text;
    size_t n_text, n = c->n;
    append_text(c, "]}");
    lnr_status st = lnr_template_render(tpl, c->json, c->n, &text, &n_text, err);
    c->n = n;
    if (st)
        return st;
    st = lnr_tokenize(t, text, n_text, LNR_TOKENIZE_PARSE_SPECIAL, tokens, n_tokens, err);
    lnr_text_free(text);
    return st;
}

/* Streams the answer to standard output and adds it to the conversation. */
static lnr_status answer(lnr_engine *e, const lnr_tokenizer *t, lnr_request *r, conversation *c,
                         lnr_error *err) {
    conversation said = {0};
    lnr_detokenizer *d = lnr_detokenizer_create(t, false, true);
    lnr_event ev = {.kind = LNR_EVENT_TOKEN};
    lnr_status st = LNR_OK;
    bool active;
    while (st == LNR_OK && ev.kind != LNR_EVENT_DONE) {
        st = lnr_engine_step(e, &active, err);
        while (ev.kind != LNR_EVENT_DONE && lnr_request_next(r, &ev)) {
            const char *text;
            size_t n;
            if (ev.kind == LNR_EVENT_TOKEN &&
                lnr_detokenizer_add(d, ev.token, &text, &n) == LNR_OK) {
                fwrite(text, 1, n, stdout);
                append(&said, text, n);
            }
        }
        fflush(stdout);
    }
    putchar('\n');
    append_message(c, "assistant", said.n ? said.json : "", said.n);
    free(said.json);
    lnr_detokenizer_destroy(d);
    if (st == LNR_OK && ev.finish == LNR_FINISH_ERROR) {
        *err = ev.error;
        st = ev.error.code;
    }
    return st;
}

static lnr_status turn(lnr_engine *e, const lnr_tokenizer *t, const lnr_template *tpl,
                       conversation *c, lnr_error *err) {
    int32_t *tokens;
    lnr_request *r;
    lnr_request_options q = {.struct_size = sizeof q, .max_tokens = 256};
    lnr_sampler_defaults(&q.sampler);
    lnr_status st = render(t, tpl, c, &tokens, &q.n_tokens, err);
    if (st)
        return st;
    q.tokens = tokens;
    st = lnr_engine_submit(e, &q, &r, err);
    lnr_tokens_free(tokens);
    if (st)
        return st;
    st = answer(e, t, r, c, err);
    lnr_request_release(r);
    return st;
}

static lnr_status converse(const char *path, lnr_error *err) {
    lnr_model *m = NULL;
    lnr_template *tpl = NULL;
    lnr_engine *e = NULL;
    conversation c = {0};
    char line[4096];
    lnr_status st = lnr_model_load(path, NULL, &m, err);
    if (st == LNR_OK)
        st = lnr_template_open(path, NULL, &tpl, err);
    if (st == LNR_OK)
        st = lnr_engine_create(m, NULL, &e, err);
    while (st == LNR_OK && fgets(line, sizeof line, stdin)) {
        append_message(&c, "user", line, strcspn(line, "\n"));
        st = turn(e, lnr_model_tokenizer(m), tpl, &c, err);
    }
    free(c.json);
    lnr_engine_destroy(e);
    lnr_template_destroy(tpl);
    lnr_model_unref(m);
    return st;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: chat MODEL.gguf\n");
        return 2;
    }
    lnr_error err;
    lnr_status st = converse(argv[1], &err);
    if (st)
        fprintf(stderr, "chat: %s\n", err.text);
    return st ? 1 : 0;
}
