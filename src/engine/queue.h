/* Requests that wait for a place: a bounded list, first those of higher priority, among equals the
 * one submitted first.
 *
 * Any thread adds; only the owner takes out, so what the owner saw first is still there when it
 * comes to take it. A request that had to give its place up again (preemption) keeps its number and
 * so goes before all that came later. */
#ifndef LNR_ENGINE_QUEUE_H
#define LNR_ENGINE_QUEUE_H

#include "engine/request.h"
#include "os/os.h"

typedef struct request_queue {
    os_mutex *lock;     /* owned; guards the rest but n_max */
    lnr_request **item; /* (n_max + n_returned_max), n in use. owned; each holds a reference */
    uint32_t n, n_max;
    uint64_t n_submitted; /* so far: the next one's number */
} request_queue;

/* n_max requests may wait; n_returned_max more may come back. */
lnr_status queue_init(request_queue *q, uint32_t n_max, uint32_t n_returned_max, lnr_error *err);
void queue_deinit(request_queue *q); /* must be empty */

bool queue_add(request_queue *q, lnr_request *r); /* any thread; false: full */

/* Owner: */
void queue_return(request_queue *q, lnr_request *r);
lnr_request *queue_first(request_queue *q);                       /* NULL: empty */
lnr_request *queue_find_ended(request_queue *q, uint64_t now_ns); /* cancelled, or out of time */
void queue_remove(request_queue *q, const lnr_request *r);
uint32_t queue_n(request_queue *q); /* any thread */

#endif
