/* Who may run: places, KV room, and what to do when there is none.
 *
 * A request starts when blocks for its prompt and its longest answer can be promised, so that it
 * never has to stop for want of room; with `overcommit` its prompt and one more block suffice, and
 * whoever goes last gives way when room runs out after all. The queue's first is never passed by a
 * later one, so none waits for ever. */
#include "engine/state.h"

#include "backend/backend.h"

/* Fewer tokens are sooner computed than waited for. */
#define LED_MIN 32u

/* ---- the list of active requests
 * ----------------------------------------------------------------- */

static void activate(lnr_engine *e, lnr_request *r) {
    uint32_t at = e->n_active++;
    for (; at > 0 && request_before(r, e->active[at - 1]); at--)
        e->active[at] = e->active[at - 1];
    e->active[at] = r;
}

void admission_preempt_last(lnr_engine *e) {
    lnr_request *r = e->active[--e->n_active];
    kv_sequence_close(&r->kv, &e->kv, r->token);
    r->result.n_preempted++;
    e->stats.now.n_preempted++;
    queue_return(&e->queue, r);
}

/* ---- prefixes that are being computed
 * ------------------------------------------------------------ */

static uint32_t n_common(const lnr_request *a, const lnr_request *b) {
    uint32_t n = a->n_tokens < b->n_tokens ? a->n_tokens : b->n_tokens, i = 0;
    while (i < n && a->token[i] == b->token[i])
        i++;
    return i;
}

/* If another request is about to compute what r will need, r leaves that to it. */
static void find_leader(const lnr_engine *e, lnr_request *r) {
    r->leader = 0;
    r->n_led = r->kv.n_tokens + LED_MIN - 1;
    bool can = !r->kv.apart && r->n_scored == r->n_scores && r->kv.n_tokens % KV_BLOCK_TOKENS == 0;
    for (uint32_t i = 0; i < e->n_active && can; i++) {
        const lnr_request *o = e->active[i];
        if (o->kv.apart || request_before(r, o))
            continue;
        uint32_t n = n_common(o, r);
        n = n < r->n_tokens ? n : r->n_tokens - 1;
        if (n > r->n_led && n > o->kv.n_tokens) {
            r->n_led = n;
            r->leader = o->number + 1;
        }
    }
}

static void copy_part(lnr_engine *e, const kv_match *m) {
    if (m->copy_to != KV_NONE)
        e->model->backend->kv_copy(e->pass, m->copy_from, m->copy_to);
}

static void note_reuse(lnr_request *r) {
    if (r->result.n_preempted > 0)
        return; /* the figures are about the prompt as it came */
    r->result.n_reused = r->kv.n_tokens;
    if (r->result.n_same < r->kv.n_tokens)
        r->result.n_same = r->kv.n_tokens;
}

void admission_follow(lnr_engine *e, lnr_request *r) {
    const lnr_request *leader = NULL;
    for (uint32_t i = 0; i < e->n_active; i++)
        if (e->active[i]->number + 1 == r->leader)
            leader = e->active[i];
    bool more = leader && leader->kv.n_tokens < r->n_led && request_room(leader) > 0;
    kv_match match;
    kv_sequence_match_full(&r->kv, &e->kv, r->token, r->n_led);
    if (!more) {
        r->leader = 0;
        if (leader && leader->kv.n_tokens >= r->n_led)
            (void)kv_sequence_copy_part(&r->kv, &e->kv, &leader->kv, r->n_led, &match);
        else
            kv_sequence_match(&r->kv, &e->kv, r->token, r->n_led, &match);
        copy_part(e, &match);
    }
    note_reuse(r);
}

/* ---- admission
 * ----------------------------------------------------------------------------------- */

static void note_match(lnr_request *r, const kv_match *m) {
    static const lnr_miss names[] = {[KV_MISS_NONE] = LNR_MISS_NONE,
                                     [KV_MISS_NEW] = LNR_MISS_NEW,
                                     [KV_MISS_EDITED] = LNR_MISS_EDITED,
                                     [KV_MISS_EVICTED] = LNR_MISS_EVICTED};
    if (r->result.n_preempted == 0) {
        r->result.n_same = m->n_same;
        r->result.miss = r->kv.apart || r->n_scores ? LNR_MISS_OFF : names[m->miss];
    }
    note_reuse(r);
}

/* Takes what is cached of r's tokens and promises the rest; false: not enough room. */
static bool start(lnr_engine *e, lnr_request *r) {
    kv_match match;
    uint32_t need = r->n_tokens_max;
    if (e->overcommit && r->n_tokens + KV_BLOCK_TOKENS < need)
        need = r->n_tokens + KV_BLOCK_TOKENS;
    /* The last token is always computed: its logits are what the next one is drawn from. So are
     * those of a prompt that have not been told yet. */
    uint32_t n_max = r->n_scored < r->n_scores ? r->n_scored : r->n_tokens - 1;
    kv_sequence_match(&r->kv, &e->kv, r->token, n_max, &match);
    if (!kv_sequence_promise(&r->kv, &e->kv, need)) {
        kv_sequence_close(&r->kv, &e->kv, r->token);
        return false;
    }
    copy_part(e, &match);
    note_match(r, &match);
    find_leader(e, r);
    return true;
}

/* Whether r goes before the last of the active, by priority alone: age does not take a place. */
static bool outranks_last(const lnr_engine *e, const lnr_request *r) {
    return e->n_active > 0 && r->options.priority > e->active[e->n_active - 1]->options.priority;
}

void admission_run(lnr_engine *e) {
    for (lnr_request *r; (r = queue_first(&e->queue)) != NULL;) {
        if (e->n_active < e->n_sessions && start(e, r)) {
            queue_remove(&e->queue, r);
            activate(e, r);
        } else if (outranks_last(e, r)) {
            admission_preempt_last(e);
        } else {
            return;
        }
    }
}
