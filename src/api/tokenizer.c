/* include/lanner/tokenizer.h: the public tokenizer is the internal one under another name. */
#include <lanner/tokenizer.h>

#include "base/alloc.h"
#include "model/model.h"

static const tokenizer *inner(const lnr_tokenizer *t) {
    return (const tokenizer *)t;
}

lnr_status lnr_tokenizer_open(const char *path, lnr_tokenizer **out, lnr_error *err) {
    *out = NULL;
    gguf_file *f = NULL;
    tokenizer *t = NULL;
    lnr_status st = gguf_open(path, &f, err);
    if (st == LNR_OK)
        st = tokenizer_create(f, &t, err);
    gguf_close(f);
    if (st)
        return model_error_with_path(err, st, path);
    *out = (lnr_tokenizer *)t;
    return LNR_OK;
}

void lnr_tokenizer_close(lnr_tokenizer *t) {
    tokenizer_destroy((tokenizer *)t);
}

const lnr_tokenizer *lnr_model_tokenizer(const lnr_model *m) {
    return (const lnr_tokenizer *)m->tokenizer;
}

const char *lnr_tokenizer_kind(const lnr_tokenizer *t) {
    return tokenizer_model(inner(t));
}

const char *lnr_tokenizer_splitter(const lnr_tokenizer *t) {
    return tokenizer_splitter(inner(t));
}

uint32_t lnr_tokenizer_n_tokens(const lnr_tokenizer *t) {
    return tokenizer_n_tokens(inner(t));
}

int32_t lnr_tokenizer_bos(const lnr_tokenizer *t) {
    return tokenizer_bos(inner(t));
}

int32_t lnr_tokenizer_eos(const lnr_tokenizer *t) {
    return tokenizer_eos(inner(t));
}

bool lnr_tokenizer_is_end(const lnr_tokenizer *t, int32_t id) {
    return tokenizer_is_end(inner(t), id);
}

const char *lnr_tokenizer_token_text(const lnr_tokenizer *t, int32_t id, size_t *n_bytes) {
    lnr_str s = lnr_str_from("");
    if (id >= 0 && (uint32_t)id < tokenizer_n_tokens(inner(t)))
        s = tokenizer_token_text(inner(t), id);
    *n_bytes = s.n;
    return s.p;
}

lnr_status lnr_tokenize(const lnr_tokenizer *t, const char *text, size_t n_bytes, uint32_t flags,
                        int32_t **ids, size_t *n, lnr_error *err) {
    *ids = NULL;
    *n = 0;
    int inner_flags = (flags & LNR_TOKENIZE_ADD_SPECIAL ? TOKENIZE_ADD_SPECIAL : 0) |
                      (flags & LNR_TOKENIZE_PARSE_SPECIAL ? TOKENIZE_PARSE_SPECIAL : 0);
    token_list list;
    token_list_init(&list);
    lnr_status st = tokenizer_encode(inner(t), (lnr_str){text, n_bytes}, inner_flags, &list, err);
    if (st) {
        token_list_deinit(&list);
        return st;
    }
    *ids = list.id;
    *n = list.n;
    return LNR_OK;
}

void lnr_tokens_free(int32_t *ids) {
    lnr_free(ids);
}

struct lnr_detokenizer {
    token_stream stream;
    lnr_buf text; /* given out last */
};

lnr_detokenizer *lnr_detokenizer_create(const lnr_tokenizer *t, bool special, bool at_start) {
    lnr_detokenizer *d = lnr_new(lnr_detokenizer);
    if (d) {
        token_stream_init(&d->stream, inner(t), special, at_start);
        buf_init(&d->text);
    }
    return d;
}

void lnr_detokenizer_destroy(lnr_detokenizer *d) {
    if (d == NULL)
        return;
    token_stream_deinit(&d->stream);
    buf_deinit(&d->text);
    lnr_free(d);
}

static lnr_status give(lnr_detokenizer *d, const char **text, size_t *n_bytes) {
    *text = buf_cstr(&d->text);
    *n_bytes = d->text.n;
    return *text == NULL || buf_failed(&d->stream.pending) ? LNR_E_NOMEM : LNR_OK;
}

lnr_status lnr_detokenizer_add(lnr_detokenizer *d, int32_t id, const char **text, size_t *n_bytes) {
    buf_clear(&d->text);
    token_stream_add(&d->stream, id, &d->text);
    return give(d, text, n_bytes);
}

lnr_status lnr_detokenizer_end(lnr_detokenizer *d, const char **text, size_t *n_bytes) {
    buf_clear(&d->text);
    token_stream_end(&d->stream, &d->text);
    return give(d, text, n_bytes);
}
