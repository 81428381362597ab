/* Sessions: conversations that go on from request to request, and their files.
 *
 * A session is its tokens. The keys and values that belong to them are in the engine's cache, found
 * by the tokens: nothing is computed again that is still there, and what had to make room is
 * computed again, to the same bits. So a session costs little, any number may exist, and forking or
 * truncating one is a matter of its list of tokens.
 *
 * One thread at a time per session; save and restore on the engine's owner thread. */
#ifndef LANNER_SESSION_H
#define LANNER_SESSION_H

#include <lanner/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lnr_session lnr_session;

/* An empty one. The engine must outlive it. LNR_E_NOMEM. */
LNR_API LNR_NODISCARD lnr_status lnr_session_create(lnr_engine *e, lnr_session **out,
                                                    lnr_error *err);
/* Cancels what it generates. NULL allowed. */
LNR_API void lnr_session_destroy(lnr_session *s);

/* Its tokens, borrowed until the next call that changes it. */
LNR_API const int32_t *lnr_session_tokens(const lnr_session *s, size_t *n);

/* LNR_E_BUSY while it generates (also the three below), LNR_E_LIMIT (more than the engine's context
 * holds; the line names both numbers), LNR_E_NOMEM. */
LNR_API LNR_NODISCARD lnr_status lnr_session_append(lnr_session *s, const int32_t *tokens, size_t n,
                                                    lnr_error *err);
/* Keeps the first n tokens. LNR_E_ARGUMENT if it has fewer. */
LNR_API LNR_NODISCARD lnr_status lnr_session_truncate(lnr_session *s, size_t n, lnr_error *err);
/* A second one with the same tokens. */
LNR_API LNR_NODISCARD lnr_status lnr_session_fork(const lnr_session *s, lnr_session **out,
                                                  lnr_error *err);

/* Submits its tokens as the prompt of a request; opts->tokens and n_tokens must be NULL and 0.
 * Errors as of lnr_engine_submit. */
LNR_API LNR_NODISCARD lnr_status lnr_session_generate(lnr_session *s,
                                                      const lnr_request_options *opts,
                                                      lnr_error *err);
/* The next event of what it generates; the token of an event is then the session's last. After DONE
 * the next piece can be appended. */
LNR_API bool lnr_session_next(lnr_session *s, lnr_event *out);
LNR_API void lnr_session_cancel(lnr_session *s); /* DONE follows; no effect if nothing runs */

/* Writes the tokens, and the keys and values that are cached of them, to a file that only an engine
 * with the same model, arithmetic, KV types and rope settings accepts. The file appears under its
 * name when it is complete and on the disk. It holds the conversation's text: keep it as such.
 * LNR_E_BUSY, LNR_E_IO, LNR_E_NOMEM. Owner thread. */
LNR_API LNR_NODISCARD lnr_status lnr_session_save(const lnr_session *s, const char *path,
                                                  lnr_error *err);
/* A session from a file. Checksums tell damage, not malice: who can write the file can make the
 * model remember another text than the tokens say. What the session computes from here on has the
 * bits it would have had without the detour. LNR_E_IO, LNR_E_FORMAT (no session file, or damaged),
 * LNR_E_UNSUPPORTED (another model or setting: the line names it), LNR_E_LIMIT (longer than this
 * engine's context), LNR_E_NOMEM. Owner thread. */
LNR_API LNR_NODISCARD lnr_status lnr_session_restore(lnr_engine *e, const char *path,
                                                     lnr_session **out, lnr_error *err);

#ifdef __cplusplus
}
#endif
#endif
