/* A hash map from byte strings to 32-bit values: vocabularies, tensor names, metadata keys.
 *
 * Open addressing with linear probing over a seeded hash; keys are borrowed, so they must outlive
 * the map. The seed comes from the process, so that a hostile file cannot prepare collisions. */
#ifndef LNR_BASE_STRMAP_H
#define LNR_BASE_STRMAP_H

#include "base/slice.h"

#include <stdint.h>

typedef struct strmap_entry {
    lnr_str key;   /* key.p == NULL: empty place */
    uint32_t hash; /* kept, so that growing does not read the keys again */
    uint32_t value;
} strmap_entry;

typedef struct strmap {
    strmap_entry *entry; /* (capacity); owned */
    size_t capacity;     /* 0 or a power of two */
    size_t count;
} strmap;

void strmap_init(strmap *m);
void strmap_deinit(strmap *m);

/* Makes room for n entries in all; false when memory is short. */
bool strmap_reserve(strmap *m, size_t n);

/* Adds key unless it is there. *found tells which; *value is then the stored one, else the new one
 * is stored. False when memory is short. key.p must not be NULL. */
bool strmap_add(strmap *m, lnr_str key, uint32_t *value, bool *found);

bool strmap_find(const strmap *m, lnr_str key, uint32_t *value);

#endif
