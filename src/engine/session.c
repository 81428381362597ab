/* A session's tokens; see session.h. */
#include "engine/session.h"

#include "base/alloc.h"
#include "engine/state.h"

#include <inttypes.h>
#include <string.h>

lnr_status session_create(lnr_engine *e, lnr_session **out, lnr_error *err) {
    *out = NULL;
    lnr_session *s = lnr_new(lnr_session);
    if (s)
        s->token = lnr_alloc_array(e->n_ctx, sizeof *s->token);
    if (s == NULL || s->token == NULL) {
        lnr_free(s);
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a session of %" PRIu32 " tokens",
                        e->n_ctx);
    }
    s->engine = e;
    *out = s;
    return LNR_OK;
}

static void drop_request(lnr_session *s) {
    if (s->request) {
        request_cancel(s->request);
        request_unref(s->request);
    }
    s->request = NULL;
}

void session_destroy(lnr_session *s) {
    if (s == NULL)
        return;
    drop_request(s);
    lnr_free(s->token);
    lnr_free(s);
}

lnr_status session_check_idle(const lnr_session *s, lnr_error *err) {
    return s->request ? LNR_FAIL(err, LNR_E_BUSY, "the session generates: read its events to DONE")
                      : LNR_OK;
}

lnr_status session_append(lnr_session *s, const int32_t *tokens, size_t n, lnr_error *err) {
    LNR_TRY(session_check_idle(s, err));
    uint32_t n_ctx = s->engine->n_ctx;
    if (n > n_ctx - s->n_tokens)
        return LNR_FAIL(err, LNR_E_LIMIT,
                        "%zu tokens after the session's %" PRIu32
                        " are more than a context of %" PRIu32 " holds",
                        n, s->n_tokens, n_ctx);
    if (n)
        memcpy(s->token + s->n_tokens, tokens, n * sizeof *tokens);
    s->n_tokens += (uint32_t)n;
    return LNR_OK;
}

lnr_status session_truncate(lnr_session *s, size_t n, lnr_error *err) {
    LNR_TRY(session_check_idle(s, err));
    if (n > s->n_tokens)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "the session has %" PRIu32 " tokens, %zu cannot be kept", s->n_tokens, n);
    s->n_tokens = (uint32_t)n;
    return LNR_OK;
}

lnr_status session_fork(const lnr_session *s, lnr_session **out, lnr_error *err) {
    *out = NULL;
    LNR_TRY(session_check_idle(s, err));
    LNR_TRY(session_create(s->engine, out, err));
    return session_append(*out, s->token, s->n_tokens, err);
}

lnr_status session_generate(lnr_session *s, const lnr_request_options *o, lnr_error *err) {
    LNR_TRY(session_check_idle(s, err));
    if (o->tokens || o->n_tokens)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "a session's request has no tokens of its own, %zu given", o->n_tokens);
    lnr_request_options prompt = *o;
    prompt.tokens = s->token;
    prompt.n_tokens = s->n_tokens;
    return engine_submit(s->engine, &prompt, &s->request, err);
}

bool session_next(lnr_session *s, lnr_event *out) {
    if (s->request == NULL || !request_next(s->request, out))
        return false;
    if (out->kind == LNR_EVENT_DONE)
        drop_request(s);
    else
        s->token[s->n_tokens++] = out->token; /* the request's limit is the same context */
    return true;
}
