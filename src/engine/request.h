/* A request: one prompt, its answer so far, and the ring through which tokens reach the consumer.
 *
 * Three parties: the submitter (creates, cancels, releases), the engine's owner thread (advances
 * it) and one consumer (reads events). What they share is atomic; everything else belongs to the
 * owner thread from submit to DONE. Two references: the user's and the engine's. */
#ifndef LNR_ENGINE_REQUEST_H
#define LNR_ENGINE_REQUEST_H

#include "cache/kv_sequence.h"
#include "engine/choice.h"
#include "engine/guess.h"

#include <lanner/engine.h>
#include <stdatomic.h>

#define REQUEST_RING 64u /* events; a power of two */

/* Rung by other threads when the owner may have something new to do; see lnr_engine_wait. */
typedef struct engine_bell {
    _Atomic uint32_t n_rings;
} engine_bell;

void bell_ring(engine_bell *b);

struct lnr_request {
    atomic_uint n_refs;
    atomic_bool cancelled;

    /* Tokens for the consumer. tail - head of them wait; each index is written by one side only. */
    int32_t ring[REQUEST_RING];
    atomic_uint head;  /* written by the consumer */
    atomic_uint tail;  /* written by the owner */
    atomic_bool done;  /* result is complete; set after the last token went into the ring */
    bool done_read;    /* consumer's */
    lnr_event result;  /* the DONE event */
    engine_bell *bell; /* the engine's; not touched once done is set */

    lnr_request_options options; /* the pointers to arrays are not valid any more */
    choice_request choice;       /* set up by the engine after request_create */
    uint32_t n_scores, n_scored; /* PROMPT events to be told in all, and so far */
    uint64_t number;             /* in the order of submitting */
    int32_t *token;              /* (n_tokens_max): prompt, then answer. owned */
    uint32_t n_prompt, n_tokens, n_tokens_max;
    kv_sequence kv;     /* kv.n_tokens of the tokens are computed */
    uint64_t leader;    /* 1 + number of the request that computes a prefix for this one; 0: none */
    uint32_t n_led;     /* of so many tokens */
    uint32_t n_granted; /* prompt tokens in the step being built */
    guess_state guess;
    bool alone; /* failed together with others: to be tried by itself */
    uint64_t submitted_ns, started_ns, first_ns, last_ns;
};

lnr_status request_create(const lnr_request_options *o, uint32_t n_ctx, engine_bell *bell,
                          lnr_request **out, lnr_error *err);
void request_unref(lnr_request *r);
void request_cancel(lnr_request *r); /* any thread */

/* Which of two goes first: higher priority, then age. */
bool request_before(const lnr_request *a, const lnr_request *b);
bool request_cancelled(const lnr_request *r);
bool request_out_of_time(const lnr_request *r, uint64_t now_ns);

/* Owner: places of the ring that are free, and putting a token there. */
uint32_t request_room(const lnr_request *r);
void request_push(lnr_request *r, int32_t token);

/* Owner: closes the request. The sequence must have given its blocks back. */
void request_finish(lnr_request *r, lnr_finish why, const lnr_error *error);

bool request_next(lnr_request *r, lnr_event *out);

#endif
