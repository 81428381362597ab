/* See merge.h. */
#include "text/merge.h"

#include "base/alloc.h"
#include "base/checked.h"

#include <string.h>

#define NONE UINT32_MAX

void merger_init(merger *m, const pair_table *pairs) {
    *m = (merger){.pairs = pairs, .short_max = MERGE_SHORT_MAX};
}

void merger_deinit(merger *m) {
    lnr_free(m->heap);
    lnr_free(m->symbol);
    *m = (merger){0};
}

void merger_clear(merger *m) {
    m->n = 0;
}

/* Makes *p, an array of *capacity items, hold n; false when memory is short. */
static bool grow(void **p, size_t *capacity, size_t n, size_t item_bytes) {
    if (n <= *capacity)
        return true;
    size_t wanted = *capacity < 32 ? 64 : *capacity * 2;
    void *bigger = lnr_realloc_array(*p, wanted < n ? n : wanted, item_bytes);
    if (bigger == NULL)
        return false;
    *p = bigger;
    *capacity = wanted < n ? n : wanted;
    return true;
}

bool merger_add(merger *m, uint32_t symbol) {
    if (m->n == m->capacity) {
        void *p = m->symbol;
        if (m->n >= NONE - 1 || !grow(&p, &m->capacity, m->n + 1, sizeof *m->symbol))
            return false;
        m->symbol = p;
    }
    m->symbol[m->n++] = (merge_symbol){.symbol = symbol, .n = 1};
    return true;
}

/* ---- short runs -------------------------------------------------------------------------------
 */

static void look_up(const merger *m, size_t i, uint32_t *rank, uint32_t *result) {
    const pair_entry *e = pairs_find(m->pairs, m->symbol[i].symbol, m->symbol[i + 1].symbol);
    rank[i] = e ? e->rank : NONE;
    result[i] = e ? e->result : 0;
}

/* rank[i], result[i]: the merge of symbols i and i + 1. NONE is no rank: a table has fewer entries.
 */
static void run_short(merger *m) {
    uint32_t rank[MERGE_SHORT_MAX], result[MERGE_SHORT_MAX];
    for (size_t i = 0; i + 1 < m->n; i++)
        look_up(m, i, rank, result);
    while (m->n > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < m->n; i++)
            if (rank[i] < rank[best])
                best = i;
        if (rank[best] == NONE)
            break;
        m->symbol[best].symbol = result[best];
        m->symbol[best].n += m->symbol[best + 1].n;
        size_t n_after = m->n - best - 2;
        memmove(&m->symbol[best + 1], &m->symbol[best + 2], n_after * sizeof *m->symbol);
        if (n_after) {
            memmove(&rank[best + 1], &rank[best + 2], (n_after - 1) * sizeof *rank);
            memmove(&result[best + 1], &result[best + 2], (n_after - 1) * sizeof *result);
        }
        m->n--;
        if (best > 0)
            look_up(m, best - 1, rank, result);
        if (n_after)
            look_up(m, best, rank, result);
    }
}

/* ---- long runs --------------------------------------------------------------------------------
 */

static bool heap_push(merger *m, merge_candidate c) {
    void *p = m->heap;
    if (!grow(&p, &m->heap_capacity, m->n_heap + 1, sizeof *m->heap))
        return false;
    m->heap = p;
    size_t i = m->n_heap++;
    for (; i > 0 && m->heap[(i - 1) / 2].order > c.order; i = (i - 1) / 2, m->n_heap_steps++)
        m->heap[i] = m->heap[(i - 1) / 2];
    m->heap[i] = c;
    m->n_heap_steps++;
    return true;
}

static merge_candidate heap_pop(merger *m) {
    merge_candidate top = m->heap[0], last = m->heap[--m->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < m->n_heap; i = child, m->n_heap_steps++) {
        if (child + 1 < m->n_heap && m->heap[child + 1].order < m->heap[child].order)
            child++;
        if (m->heap[child].order >= last.order)
            break;
        m->heap[i] = m->heap[child];
    }
    m->heap[i] = last;
    m->n_heap_steps++;
    return top;
}

static bool propose(merger *m, uint32_t left) {
    uint32_t right = m->symbol[left].next;
    if (right == NONE)
        return true;
    const merge_symbol *l = &m->symbol[left], *r = &m->symbol[right];
    const pair_entry *e = pairs_find(m->pairs, l->symbol, r->symbol);
    if (e == NULL)
        return true;
    return heap_push(m, (merge_candidate){(uint64_t)e->rank << 32 | left, l->n + r->n, e->result});
}

/* At most n - 1 merges, each proposing two pairs: the heap sees less than 3 n candidates. */
static bool run_long(merger *m) {
    m->n_heap = 0;
    for (size_t i = 0; i < m->n; i++) {
        m->symbol[i].prev = i ? (uint32_t)i - 1 : NONE;
        m->symbol[i].next = i + 1 < m->n ? (uint32_t)i + 1 : NONE;
    }
    for (size_t i = 0; i < m->n; i++)
        if (!propose(m, (uint32_t)i))
            return false;
    while (m->n_heap) {
        merge_candidate c = heap_pop(m);
        uint32_t left = (uint32_t)c.order;
        merge_symbol *l = &m->symbol[left];
        /* Boundaries only vanish, so the same left end and the same extent mean the same pair. */
        if (l->n == 0 || l->next == NONE || l->n + m->symbol[l->next].n != c.n)
            continue;
        merge_symbol *r = &m->symbol[l->next];
        l->symbol = c.result;
        l->n = c.n;
        l->next = r->next;
        if (r->next != NONE)
            m->symbol[r->next].prev = left;
        r->n = 0;
        if ((l->prev != NONE && !propose(m, l->prev)) || !propose(m, left))
            return false;
    }
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++)
        if (m->symbol[i].n)
            m->symbol[n++] = m->symbol[i];
    m->n = n;
    return true;
}

bool merger_run(merger *m) {
    if (m->n > m->short_max)
        return run_long(m);
    run_short(m);
    return true;
}
