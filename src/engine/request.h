/* A request: one prompt, its answer so far, and the ring through which tokens reach the consumer.
 *
 * Three parties: the submitter (creates, cancels, releases), the engine's owner thread (advances
 * it) and one consumer (reads events). What they share is atomic; everything else belongs to the
 * owner thread from submit to DONE. Two references: the user's and the engine's. */
#ifndef LNR_ENGINE_REQUEST_H
#define LNR_ENGINE_REQUEST_H

#include "cache/kv_pool.h"
#include "engine/choice.h"

#include <lanner/engine.h>
#include <stdatomic.h>

#define REQUEST_RING 64u /* events; a power of two */

struct lnr_request {
    atomic_uint n_refs;
    atomic_bool cancelled;

    /* Tokens for the consumer. tail - head of them wait; each index is written by one side only. */
    int32_t ring[REQUEST_RING];
    atomic_uint head; /* written by the consumer */
    atomic_uint tail; /* written by the owner */
    atomic_bool done; /* result is complete; set after the last token went into the ring */
    bool done_read;   /* consumer's */
    lnr_event result; /* the DONE event */

    lnr_request_options options; /* the pointers to arrays are not valid any more */
    choice_request choice;       /* set up by the engine after request_create */
    int32_t *token;              /* (n_tokens_max): prompt, then answer. owned */
    uint32_t n_prompt, n_tokens, n_tokens_max;
    kv_sequence kv; /* kv.n_tokens of the tokens are computed */
    uint64_t submitted_ns, started_ns, first_ns, last_ns;
};

lnr_status request_create(const lnr_request_options *o, uint32_t n_ctx, lnr_request **out,
                          lnr_error *err);
void request_unref(lnr_request *r);

/* Owner: room for one more token, and putting it there. */
bool request_has_room(const lnr_request *r);
void request_push(lnr_request *r, int32_t token);

/* Owner: closes the request. The sequence must have given its blocks back. */
void request_finish(lnr_request *r, lnr_finish why, const lnr_error *error);

bool request_next(lnr_request *r, lnr_event *out);

#endif
