/* top-k, top-p and min-p without sorting.
 *
 * The one idea: top-k and top-p are the same selection, "the largest logits until their amounts
 * reach a sum", where a candidate's amount is 1 or its weight. The place of the cut is found by
 * radix: count the amounts by the upper bits of the logit, find the bin in which the sum is
 * reached, drop what lies below, and look at the next bits of what is left. */
#include "sample/truncate.h"

#include "base/bits.h"

#include <stdbool.h>
#include <string.h>

/* An unsigned number in the order of the logits; -0 and +0 are the same. */
static uint32_t order_key(float logit) {
    uint32_t u = lnr_f32_bits(logit + 0.0f);
    return u >> 31 ? ~u : u | 0x80000000u;
}

static uint64_t amount(const candidate *t, bool by_weight) {
    return by_weight ? t->weight : 1;
}

/* Drops candidates whose key, cut to mask, is below floor. */
static void drop_below(candidates *c, uint32_t mask, uint32_t floor) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n; i++)
        if ((order_key(c->item[i].logit) & mask) >= floor)
            c->item[n++] = c->item[i];
    c->n = n;
}

/* Drops candidates with this key after those, in order of id, that reach need. */
static void drop_ties(candidates *c, uint32_t key, uint64_t need, bool by_weight) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        if (order_key(c->item[i].logit) == key) {
            if (need == 0)
                continue;
            uint64_t a = amount(&c->item[i], by_weight);
            need -= a < need ? a : need;
        }
        c->item[n++] = c->item[i];
    }
    c->n = n;
}

/* Keeps the largest until their amounts reach need; 1 <= need <= the sum of all amounts. */
static void keep_largest(candidates *c, uint64_t need, bool by_weight, truncate_scratch *scratch) {
    static const struct {
        uint32_t shift, mask; /* mask: the bits known after this level */
    } level[] = {{21, 0xffe00000u}, {10, 0xfffffc00u}, {0, 0xffffffffu}};
    uint64_t *bin = scratch->bin;
    uint32_t known = 0, prefix = 0; /* the cut's key has prefix in its known bits */
    for (size_t l = 0; l < sizeof level / sizeof level[0]; l++) {
        memset(bin, 0, sizeof scratch->bin);
        for (uint32_t i = 0; i < c->n; i++) {
            uint32_t key = order_key(c->item[i].logit);
            if ((key & known) == prefix)
                bin[(key & level[l].mask & ~known) >> level[l].shift] +=
                    amount(&c->item[i], by_weight);
        }
        uint32_t b = TRUNCATE_BINS - 1;
        while (bin[b] < need)
            need -= bin[b--];
        known = level[l].mask;
        prefix |= b << level[l].shift;
        drop_below(c, known, prefix);
    }
    drop_ties(c, prefix, need, by_weight);
}

void truncate_top_k(candidates *c, uint32_t k, truncate_scratch *scratch) {
    if (k < c->n)
        keep_largest(c, k, false, scratch);
}

void truncate_top_p(candidates *c, float p, truncate_scratch *scratch) {
    double share = (double)p * (double)candidates_total(c);
    uint64_t need = (uint64_t)share;
    need += (double)need < share;
    /* Below p = 1 the share stays below the total, also after rounding: 1 - p is at least 2^-24. */
    if (p < 1.0f)
        keep_largest(c, need, true, scratch);
}

void truncate_min_p(candidates *c, float p) {
    double least = (double)p * (double)CANDIDATE_WEIGHT_ONE;
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n; i++)
        if ((double)c->item[i].weight >= least)
            c->item[n++] = c->item[i];
    c->n = n;
}
