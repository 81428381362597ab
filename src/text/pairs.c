/* See pairs.h. */
#include "text/pairs.h"

#include "base/alloc.h"
#include "base/hash.h"

void pairs_init(pair_table *t) {
    *t = (pair_table){0};
}

void pairs_deinit(pair_table *t) {
    lnr_free(t->entry);
    *t = (pair_table){0};
}

static pair_entry *place(pair_entry *entry, size_t capacity, uint64_t pair) {
    size_t i = (size_t)lnr_hash_seeded(&pair, sizeof pair) & (capacity - 1);
    while (entry[i].pair != pair && entry[i].pair != PAIR_EMPTY)
        i = (i + 1) & (capacity - 1);
    return &entry[i];
}

bool pairs_reserve(pair_table *t, size_t n) {
    size_t capacity = t->capacity ? t->capacity : 16;
    while (capacity / 3 * 2 < n) {
        if (capacity > SIZE_MAX / 4)
            return false;
        capacity *= 2;
    }
    if (capacity == t->capacity)
        return true;
    pair_entry *entry = lnr_alloc_array(capacity, sizeof *entry);
    if (entry == NULL)
        return false;
    for (size_t i = 0; i < capacity; i++)
        entry[i].pair = PAIR_EMPTY;
    for (size_t i = 0; i < t->capacity; i++)
        if (t->entry[i].pair != PAIR_EMPTY)
            *place(entry, capacity, t->entry[i].pair) = t->entry[i];
    lnr_free(t->entry);
    t->entry = entry;
    t->capacity = capacity;
    return true;
}

static uint64_t key(uint32_t left, uint32_t right) {
    return (uint64_t)left << 32 | right;
}

bool pairs_add(pair_table *t, uint32_t left, uint32_t right, uint32_t rank, uint32_t result) {
    if (!pairs_reserve(t, t->count + 1))
        return false;
    pair_entry *e = place(t->entry, t->capacity, key(left, right));
    if (e->pair != PAIR_EMPTY)
        return true;
    *e = (pair_entry){key(left, right), rank, result};
    t->count++;
    return true;
}

const pair_entry *pairs_find(const pair_table *t, uint32_t left, uint32_t right) {
    if (t->count == 0)
        return NULL;
    const pair_entry *e = place(t->entry, t->capacity, key(left, right));
    return e->pair == PAIR_EMPTY ? NULL : e;
}
