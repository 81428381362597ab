/* Decoding token by token into whole characters; see tokenizer.h.
 *
 * What arrives is kept until it is complete; bytes that can no longer become a character turn into
 * U+FFFD, one for each longest run that began like one, so that the stream is valid UTF-8 whatever
 * the model says. */
#include "base/utf8.h"
#include "text/tokenizer.h"

void token_stream_init(token_stream *s, const tokenizer *t, bool special, bool at_start) {
    *s = (token_stream){.tokenizer = t, .special = special, .at_start = at_start};
    buf_init(&s->pending);
}

void token_stream_deinit(token_stream *s) {
    buf_deinit(&s->pending);
}

/* Length of the start of p (n > 0 bytes, no valid character there) that could have become a
 * character, 1 if nothing there could. */
static size_t broken_length(const char *p, size_t n) {
    for (size_t len = n < 3 ? n : 3; len > 1; len--)
        if (lnr_utf8_complete(p, len) == 0)
            return len;
    return 1;
}

static void move_characters(token_stream *s, size_t n, lnr_buf *out) {
    lnr_buf *b = &s->pending;
    for (size_t i = 0, len; i < n; i += len) {
        uint32_t cp;
        len = lnr_utf8_decode(b->p + i, n - i, &cp);
        if (len) {
            buf_add(out, b->p + i, len);
        } else {
            len = broken_length(b->p + i, n - i);
            buf_add_str(out, "\xef\xbf\xbd");
        }
    }
    b->n -= n;
    if (b->n)
        memmove(b->p, b->p + n, b->n);
}

void token_stream_add(token_stream *s, int32_t id, lnr_buf *out) {
    tokenizer_decode(s->tokenizer, id, s->special, s->at_start, &s->pending);
    if (buf_failed(&s->pending))
        out->failed = true;
    /* A BOS that is not shown leaves the stream at its start; every other token is text. */
    if (s->special || tokenizer_token_kind(s->tokenizer, id) != TOKEN_CONTROL)
        s->at_start = false;
    move_characters(s, lnr_utf8_complete(s->pending.p, s->pending.n), out);
}

void token_stream_end(token_stream *s, lnr_buf *out) {
    move_characters(s, s->pending.n, out);
}
