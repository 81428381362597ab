/* The stop strings of include/lanner/tokenizer.h: the matcher, and the bytes it holds back. */
#include <lanner/tokenizer.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "text/stop.h"

struct lnr_stop {
    stop_matcher matcher;
    lnr_buf text;  /* what was held back, then the piece */
    size_t n_safe; /* bytes at its front that were handed out in the last call */
    int found;
};

lnr_status lnr_stop_create(const char *const *stop, size_t n, lnr_stop **out, lnr_error *err) {
    *out = NULL;
    lnr_stop *s = lnr_new(lnr_stop);
    if (s == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for stop strings");
    lnr_status st = stop_matcher_init(&s->matcher, stop, n, "stop", err);
    if (st) {
        lnr_free(s);
        return st;
    }
    buf_init(&s->text);
    s->found = -1;
    *out = s;
    return LNR_OK;
}

void lnr_stop_destroy(lnr_stop *s) {
    if (s == NULL)
        return;
    stop_matcher_deinit(&s->matcher);
    buf_deinit(&s->text);
    lnr_free(s);
}

/* Drops what the last call handed out. */
static void forget_safe(lnr_stop *s) {
    if (s->n_safe > 0)
        memmove(s->text.p, s->text.p + s->n_safe, s->text.n - s->n_safe);
    s->text.n -= s->n_safe;
    s->n_safe = 0;
}

lnr_status lnr_stop_add(lnr_stop *s, const char *text, size_t n_bytes, const char **safe,
                        size_t *n_safe, int *idx) {
    *safe = "";
    *n_safe = 0;
    *idx = s->found;
    forget_safe(s);
    if (s->found >= 0)
        return LNR_OK;
    size_t n_held = s->text.n, n = 0;
    buf_add(&s->text, text, n_bytes);
    if (buf_failed(&s->text))
        return LNR_E_NOMEM;
    while (n < n_bytes && s->found < 0)
        s->found = stop_matcher_feed(&s->matcher, text[n++]);
    *idx = s->found;
    size_t back =
        s->found < 0 ? stop_matcher_held(&s->matcher) : s->matcher.pattern[s->found].text.n;
    s->n_safe = n_held + n - back;
    if (s->found >= 0)
        s->text.n = s->n_safe; /* nothing is held any more */
    if (s->n_safe > 0) {
        *safe = s->text.p;
        *n_safe = s->n_safe;
    }
    return LNR_OK;
}

void lnr_stop_end(lnr_stop *s, const char **safe, size_t *n_safe) {
    forget_safe(s);
    s->n_safe = s->text.n;
    *safe = s->n_safe ? s->text.p : "";
    *n_safe = s->n_safe;
}
