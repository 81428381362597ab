/* Speculation: tokens tried ahead, guessed from the request's own text.
 *
 * What followed the last few tokens the last time they occurred often follows them again: in code,
 * in quotations, in lists. The guessed tokens are computed along with the last one, in the same
 * step. Each position is then sampled from its own logits as always; a guess only saves a step if
 * it is what was sampled anyway, so the answer never changes. How much to try follows from what was
 * accepted, whether to try at all from the clock. */
#ifndef LNR_ENGINE_GUESS_H
#define LNR_ENGINE_GUESS_H

#include <stdbool.h>
#include <stdint.h>

#define GUESS_MAX 16u /* tokens ahead of one request */

/* Of a request. */
typedef struct guess_state {
    uint32_t n_next;   /* guesses to make; 0: not begun */
    uint32_t n_missed; /* attempts in a row that nothing came of */
    uint32_t n_wait;   /* steps to let pass first */
} guess_state;

/* Of the engine: what steps with guesses brought, against steps without. */
typedef struct guess_gain {
    double tokens, ns;             /* of the steps with guesses, the older fading away */
    double plain_tokens, plain_ns; /* of those without */
    uint32_t n_wait;               /* steps to let pass, because it did not pay */
    uint32_t n_wait_next;          /* and the next time */
} guess_gain;

/* Writes up to n_max guesses behind the n tokens; how many. */
uint32_t guess_tokens(int32_t *token, uint32_t n, uint32_t n_max);

/* How many guesses a request should make now. */
uint32_t guess_wanted(guess_state *s);
/* Of n guesses n_accepted came true. */
void guess_result(guess_state *s, uint32_t n, uint32_t n_accepted);

/* Whether guessing is worth while at present. Once per step. */
bool guess_pays(guess_gain *g);
/* A step gave n_tokens answers, of n_guesses guesses, in ns. */
void guess_add_step(guess_gain *g, uint32_t n_tokens, uint32_t n_guesses, uint64_t ns);

#endif
