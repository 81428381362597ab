/* include/lanner/session.h */
#include <lanner/session.h>

#include "api/take_options.h"
#include "engine/session.h"

lnr_status lnr_session_create(lnr_engine *e, lnr_session **out, lnr_error *err) {
    return session_create(e, out, err);
}

void lnr_session_destroy(lnr_session *s) {
    session_destroy(s);
}

const int32_t *lnr_session_tokens(const lnr_session *s, size_t *n) {
    *n = s->n_tokens;
    return s->token;
}

lnr_status lnr_session_append(lnr_session *s, const int32_t *tokens, size_t n, lnr_error *err) {
    return session_append(s, tokens, n, err);
}

lnr_status lnr_session_truncate(lnr_session *s, size_t n, lnr_error *err) {
    return session_truncate(s, n, err);
}

lnr_status lnr_session_fork(const lnr_session *s, lnr_session **out, lnr_error *err) {
    return session_fork(s, out, err);
}

lnr_status lnr_session_generate(lnr_session *s, const lnr_request_options *opts, lnr_error *err) {
    lnr_request_options o;
    LNR_TRY(api_take_options(opts, &o, sizeof o, "lnr_request_options", err));
    return session_generate(s, &o, err);
}

bool lnr_session_next(lnr_session *s, lnr_event *out) {
    return session_next(s, out);
}

void lnr_session_cancel(lnr_session *s) {
    if (s->request)
        request_cancel(s->request);
}

lnr_status lnr_session_save(const lnr_session *s, const char *path, lnr_error *err) {
    return session_save(s, path, err);
}

lnr_status lnr_session_restore(lnr_engine *e, const char *path, lnr_session **out, lnr_error *err) {
    return session_restore(e, path, out, err);
}
