/* See guess.h. */
#include "engine/guess.h"

#include <string.h>

#define MATCH_MAX 4u /* tokens that have to occur again, at best */
#define MATCH_MIN 2u
#define BEGIN     4u /* guesses of the first attempt */
#define FADE      (1.0 / 32)
#define WAIT_MIN  32u /* steps without guesses, after they did not pay */
#define WAIT_MAX  1024u

/* Where the last m tokens occurred before, latest first: the index behind them, or 0. */
static uint32_t find_again(const int32_t *token, uint32_t n, uint32_t m) {
    const int32_t *last = token + n - m;
    for (uint32_t end = n - 1; end >= m; end--)
        if (token[end - 1] == token[n - 1] && memcmp(token + end - m, last, m * sizeof *token) == 0)
            return end;
    return 0;
}

uint32_t guess_tokens(int32_t *token, uint32_t n, uint32_t n_max) {
    uint32_t from = 0;
    for (uint32_t m = MATCH_MAX; m >= MATCH_MIN && from == 0; m--)
        if (n > m)
            from = find_again(token, n, m);
    if (from == 0)
        return 0;
    /* Beyond the end of the text the guesses themselves go on: that continues a period. */
    for (uint32_t i = 0; i < n_max; i++)
        token[n + i] = token[from + i];
    return n_max;
}

uint32_t guess_wanted(guess_state *s) {
    if (s->n_wait > 0) {
        s->n_wait--;
        return 0;
    }
    return s->n_next ? s->n_next : BEGIN;
}

void guess_result(guess_state *s, uint32_t n, uint32_t n_accepted) {
    s->n_next = n_accepted == n ? 2 * n : n_accepted + 1;
    if (s->n_next > GUESS_MAX)
        s->n_next = GUESS_MAX;
    s->n_missed = n_accepted > 0 ? 0 : s->n_missed + 1;
    if (s->n_missed > 1)
        s->n_wait = 1u << (s->n_missed < 6 ? s->n_missed : 6);
}

bool guess_pays(guess_gain *g) {
    if (g->n_wait == 0)
        return true;
    if (--g->n_wait == 0)
        g->tokens = g->ns = 0; /* a new trial */
    return false;
}

void guess_add_step(guess_gain *g, uint32_t n_tokens, uint32_t n_guesses, uint64_t ns) {
    if (n_guesses == 0) {
        g->plain_tokens += (n_tokens - g->plain_tokens) * FADE;
        g->plain_ns += ((double)ns - g->plain_ns) * FADE;
        return;
    }
    g->tokens += n_tokens;
    g->ns += (double)ns;
    bool enough = g->tokens >= 16 && g->plain_ns > 0;
    if (!enough)
        return;
    if (g->tokens * g->plain_ns < g->plain_tokens * g->ns) {
        g->n_wait_next = g->n_wait_next == 0         ? WAIT_MIN
                         : g->n_wait_next < WAIT_MAX ? 2 * g->n_wait_next
                                                     : WAIT_MAX;
        g->n_wait = g->n_wait_next;
    } else {
        g->n_wait_next = 0;
    }
    g->tokens /= 2;
    g->ns /= 2;
}
