/* See queue.h. */
#include "engine/queue.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <string.h>

lnr_status queue_init(request_queue *q, uint32_t n_max, uint32_t n_returned_max, lnr_error *err) {
    *q = (request_queue){.n_max = n_max};
    q->lock = os_mutex_create();
    q->item = lnr_alloc_array((size_t)n_max + n_returned_max, sizeof *q->item);
    if (q->lock == NULL || q->item == NULL) {
        queue_deinit(q);
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a queue of %" PRIu32 " requests", n_max);
    }
    return LNR_OK;
}

void queue_deinit(request_queue *q) {
    LNR_ASSERT(q->n == 0);
    os_mutex_destroy(q->lock);
    lnr_free(q->item);
    *q = (request_queue){0};
}

static void insert(request_queue *q, lnr_request *r) {
    uint32_t at = q->n++;
    for (; at > 0 && request_before(r, q->item[at - 1]); at--)
        q->item[at] = q->item[at - 1];
    q->item[at] = r;
}

bool queue_add(request_queue *q, lnr_request *r) {
    os_mutex_lock(q->lock);
    bool room = q->n < q->n_max;
    if (room) {
        r->number = q->n_submitted++;
        insert(q, r);
    }
    os_mutex_unlock(q->lock);
    return room;
}

void queue_return(request_queue *q, lnr_request *r) {
    os_mutex_lock(q->lock);
    insert(q, r);
    os_mutex_unlock(q->lock);
}

lnr_request *queue_first(request_queue *q) {
    os_mutex_lock(q->lock);
    lnr_request *r = q->n > 0 ? q->item[0] : NULL;
    os_mutex_unlock(q->lock);
    return r;
}

lnr_request *queue_find_ended(request_queue *q, uint64_t now_ns) {
    lnr_request *found = NULL;
    os_mutex_lock(q->lock);
    for (uint32_t i = 0; i < q->n && found == NULL; i++)
        if (request_cancelled(q->item[i]) || request_out_of_time(q->item[i], now_ns))
            found = q->item[i];
    os_mutex_unlock(q->lock);
    return found;
}

void queue_remove(request_queue *q, const lnr_request *r) {
    os_mutex_lock(q->lock);
    for (uint32_t i = 0; i < q->n; i++)
        if (q->item[i] == r) {
            memmove(q->item + i, q->item + i + 1, (--q->n - i) * sizeof *q->item);
            break;
        }
    os_mutex_unlock(q->lock);
}

uint32_t queue_n(request_queue *q) {
    os_mutex_lock(q->lock);
    uint32_t n = q->n;
    os_mutex_unlock(q->lock);
    return n;
}
