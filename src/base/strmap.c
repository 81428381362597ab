/* Open-addressing string map; see strmap.h. */
#include "base/strmap.h"

#include "base/alloc.h"
#include "base/hash.h"

void strmap_init(strmap *m) {
    *m = (strmap){0};
}

void strmap_deinit(strmap *m) {
    lnr_free(m->entry);
    *m = (strmap){0};
}

static strmap_entry *place(strmap_entry *entry, size_t capacity, lnr_str key, uint32_t hash) {
    size_t i = hash & (capacity - 1);
    while (entry[i].key.p && !(entry[i].hash == hash && lnr_str_equal(entry[i].key, key)))
        i = (i + 1) & (capacity - 1);
    return &entry[i];
}

bool strmap_reserve(strmap *m, size_t n) {
    size_t capacity = m->capacity ? m->capacity : 16;
    while (capacity / 4 * 3 < n) {
        if (capacity > SIZE_MAX / 4)
            return false;
        capacity *= 2;
    }
    if (capacity == m->capacity)
        return true;
    strmap_entry *entry = lnr_alloc_array(capacity, sizeof *entry);
    if (entry == NULL)
        return false;
    for (size_t i = 0; i < m->capacity; i++)
        if (m->entry[i].key.p)
            *place(entry, capacity, m->entry[i].key, m->entry[i].hash) = m->entry[i];
    lnr_free(m->entry);
    m->entry = entry;
    m->capacity = capacity;
    return true;
}

bool strmap_add(strmap *m, lnr_str key, uint32_t *value, bool *found) {
    if (!strmap_reserve(m, m->count + 1))
        return false;
    uint32_t hash = (uint32_t)lnr_hash_seeded(key.p, key.n);
    strmap_entry *e = place(m->entry, m->capacity, key, hash);
    *found = e->key.p != NULL;
    if (*found) {
        *value = e->value;
        return true;
    }
    *e = (strmap_entry){key, hash, *value};
    m->count++;
    return true;
}

bool strmap_find(const strmap *m, lnr_str key, uint32_t *value) {
    if (m->count == 0)
        return false;
    uint32_t hash = (uint32_t)lnr_hash_seeded(key.p, key.n);
    const strmap_entry *e = place(m->entry, m->capacity, key, hash);
    if (e->key.p == NULL)
        return false;
    *value = e->value;
    return true;
}
