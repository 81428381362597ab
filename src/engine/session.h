/* Sessions: see include/lanner/session.h. session.c has the list of tokens and the request that
 * goes on from it, session_file.c what is kept on disk. */
#ifndef LNR_ENGINE_SESSION_H
#define LNR_ENGINE_SESSION_H

#include "engine/engine.h"

#include <lanner/session.h>

struct lnr_session {
    lnr_engine *engine; /* borrowed */
    int32_t *token;     /* (n_ctx), n_tokens in use. owned */
    uint32_t n_tokens;
    lnr_request *request; /* what it generates now; NULL: nothing. owned reference */
};

lnr_status session_create(lnr_engine *e, lnr_session **out, lnr_error *err);
void session_destroy(lnr_session *s);
lnr_status session_append(lnr_session *s, const int32_t *tokens, size_t n, lnr_error *err);
lnr_status session_truncate(lnr_session *s, size_t n, lnr_error *err);
lnr_status session_fork(const lnr_session *s, lnr_session **out, lnr_error *err);
lnr_status session_generate(lnr_session *s, const lnr_request_options *o, lnr_error *err);
bool session_next(lnr_session *s, lnr_event *out);
lnr_status session_check_idle(const lnr_session *s, lnr_error *err);

lnr_status session_save(const lnr_session *s, const char *path, lnr_error *err);
lnr_status session_restore(lnr_engine *e, const char *path, lnr_session **out, lnr_error *err);

#endif
