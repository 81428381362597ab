/* Truncations without sorting, but for the tail-free cut; see truncate.h.
 *
 * The one idea: top-k, top-p and typical are the same selection, "the first by some key until their
 * amounts reach a sum", where a candidate's amount is 1 or its weight. The place of the cut is
 * found by radix: count the amounts by the upper bits of the key, find the bin in which the sum is
 * reached, and look at the next bits of what lies in it. */
#include "sample/truncate.h"

#include "base/math.h"

#include <stdbool.h>
#include <string.h>

/* What candidates are ordered by: the logit, or (typical) how near the surprise is to its mean. */
typedef struct selector {
    bool typical, by_weight;
    double best, temperature; /* typical: surprise - mean = offset - (logit - best) / temperature */
    double offset;
} selector;

static uint32_t key_of(const selector *s, const candidate *t) {
    if (!s->typical)
        return order_key(t->logit);
    double distance = s->offset - ((double)t->logit - s->best) / s->temperature;
    return order_key(-(float)(distance < 0.0 ? -distance : distance));
}

static uint64_t amount(const selector *s, const candidate *t) {
    return s->by_weight ? t->weight : 1;
}

/* Keeps what has a larger key, and the first n_ties with this one. */
typedef struct cut {
    uint32_t key, n_ties;
} cut;

/* Lists up to this long are sorted by insertion: cheaper than clearing bins. */
#define FEW 64u

/* Writes (key, order of id) packed into one number each, largest first; c->n <= FEW. */
static void sort_few(const candidates *c, const selector *s, uint64_t packed[FEW]) {
    for (uint32_t i = 0; i < c->n; i++) {
        uint64_t p = (uint64_t)key_of(s, &c->item[i]) << 32 | (FEW - 1 - i);
        uint32_t at = i;
        for (; at > 0 && packed[at - 1] < p; at--)
            packed[at] = packed[at - 1];
        packed[at] = p;
    }
}

static uint32_t unpack_index(uint64_t packed) {
    return FEW - 1 - (uint32_t)packed;
}

static cut find_cut_of_few(const candidates *c, const selector *s, uint64_t need) {
    uint64_t packed[FEW];
    uint32_t last = 0;
    cut at = {0};
    sort_few(c, s, packed);
    for (uint64_t sum = amount(s, &c->item[unpack_index(packed[0])]); sum < need;)
        sum += amount(s, &c->item[unpack_index(packed[++last])]);
    at.key = (uint32_t)(packed[last] >> 32);
    for (uint32_t i = 0; i <= last; i++)
        at.n_ties += packed[i] >> 32 == at.key;
    return at;
}

/* The cut at which the amounts reach need; 1 <= need <= the sum of all amounts. */
static cut find_cut(const candidates *c, const selector *s, uint64_t need, uint64_t *bin) {
    if (c->n <= FEW)
        return find_cut_of_few(c, s, need);
    static const uint32_t shifts[] = {21, 10, 0};
    uint32_t known = 0, prefix = 0; /* the cut's key has prefix in its known bits */
    for (size_t l = 0; l < sizeof shifts / sizeof shifts[0]; l++) {
        uint32_t mask = ~0u << shifts[l];
        memset(bin, 0, ORDER_BINS * sizeof *bin);
        for (uint32_t i = 0; i < c->n; i++) {
            uint32_t key = key_of(s, &c->item[i]);
            if ((key & known) == prefix)
                bin[(key & mask & ~known) >> shifts[l]] += amount(s, &c->item[i]);
        }
        uint32_t b = ORDER_BINS - 1;
        while (bin[b] < need)
            need -= bin[b--];
        known = mask;
        prefix |= b << shifts[l];
    }
    cut at = {.key = prefix};
    for (uint32_t i = 0; need > 0; i++)
        if (key_of(s, &c->item[i]) == prefix) {
            uint64_t a = amount(s, &c->item[i]);
            need -= a < need ? a : need;
            at.n_ties++;
        }
    return at;
}

static void apply_cut(candidates *c, const selector *s, cut at) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t key = key_of(s, &c->item[i]);
        if (key < at.key || (key == at.key && at.n_ties == 0))
            continue;
        at.n_ties -= key == at.key;
        c->item[n++] = c->item[i];
    }
    c->n = n;
}

/* Both keep a beginning of the same order: the longer one. */
static cut longer(cut a, cut b) {
    if (a.key != b.key)
        return a.key < b.key ? a : b;
    return a.n_ties > b.n_ties ? a : b;
}

/* Keeps the first until their amounts reach need, and at least min_keep. */
static void keep_first(candidates *c, const selector *s, uint64_t need, uint32_t min_keep,
                       truncate_scratch *scratch) {
    if (min_keep >= c->n)
        return;
    cut at = find_cut(c, s, need, scratch->bin);
    if (min_keep > 1) {
        selector count = *s;
        count.by_weight = false;
        at = longer(at, find_cut(c, &count, min_keep, scratch->bin));
    }
    apply_cut(c, s, at);
}

void truncate_top_k(candidates *c, uint32_t k, truncate_scratch *scratch) {
    if (k < c->n)
        keep_first(c, &(selector){0}, k, 0, scratch);
}

/* p of the total, rounded up: at least 1. Below p = 1 it stays below the total, also after
 * rounding: 1 - p is at least 2^-24. */
static uint64_t share_of(const candidates *c, float p) {
    double share = (double)p * (double)candidates_total(c);
    uint64_t need = (uint64_t)share;
    return need + ((double)need < share);
}

void truncate_top_p(candidates *c, float p, uint32_t min_keep, truncate_scratch *scratch) {
    if (p < 1.0f)
        keep_first(c, &(selector){.by_weight = true}, share_of(c, p), min_keep, scratch);
}

void truncate_typical(candidates *c, float p, float temperature, uint32_t min_keep,
                      truncate_scratch *scratch) {
    double total = (double)candidates_total(c) / (double)CANDIDATE_WEIGHT_ONE;
    selector s = {.typical = true,
                  .by_weight = true,
                  .best = (double)candidates_best(c),
                  .temperature = (double)temperature,
                  .offset = lnr_log(total) - candidates_entropy(c, temperature)};
    keep_first(c, &s, share_of(c, p), min_keep, scratch);
}

/* Keeps the n_kept largest of the list, for truncations that keep a beginning of it. */
static void keep_count(candidates *c, uint32_t n_kept, uint32_t min_keep,
                       truncate_scratch *scratch) {
    uint32_t n = n_kept > min_keep ? n_kept : min_keep;
    truncate_top_k(c, n > 0 ? n : 1, scratch);
}

void truncate_below(candidates *c, float floor, uint32_t min_keep, truncate_scratch *scratch) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n; i++)
        n += c->item[i].logit >= floor;
    keep_count(c, n, min_keep, scratch);
}

void truncate_min_p(candidates *c, float p, uint32_t min_keep, truncate_scratch *scratch) {
    double least = (double)p * (double)CANDIDATE_WEIGHT_ONE;
    uint32_t n = 0;
    if (min_keep > 1) {
        for (uint32_t i = 0; i < c->n; i++)
            n += (double)c->item[i].weight >= least;
        if (n < min_keep) {
            keep_count(c, n, min_keep, scratch);
            return;
        }
        n = 0;
    }
    for (uint32_t i = 0; i < c->n; i++)
        if ((double)c->item[i].weight >= least)
            c->item[n++] = c->item[i];
    c->n = n;
}

/* By radix, least digit first: stable, so that equal keys stay in order of id. */
void candidates_sort(const candidates *c, truncate_scratch *scratch) {
    static const uint32_t shifts[] = {0, 11, 22};
    uint64_t *bin = scratch->bin;
    uint32_t *from = scratch->order[1], *to = scratch->order[0];
    if (c->n <= FEW) {
        uint64_t packed[FEW];
        sort_few(c, &(selector){0}, packed);
        for (uint32_t i = 0; i < c->n; i++)
            to[i] = unpack_index(packed[i]);
        return;
    }
    for (uint32_t i = 0; i < c->n; i++)
        from[i] = i;
    for (size_t l = 0; l < sizeof shifts / sizeof shifts[0]; l++) {
        memset(bin, 0, sizeof scratch->bin);
        for (uint32_t i = 0; i < c->n; i++)
            bin[~order_key(c->item[i].logit) >> shifts[l] & (ORDER_BINS - 1)]++;
        for (uint64_t b = 0, at = 0; b < ORDER_BINS; b++) {
            uint64_t n = bin[b];
            bin[b] = at;
            at += n;
        }
        for (uint32_t i = 0; i < c->n; i++) {
            uint32_t digit = ~order_key(c->item[from[i]].logit) >> shifts[l] & (ORDER_BINS - 1);
            to[bin[digit]++] = from[i];
        }
        uint32_t *other = from;
        from = to;
        to = other;
    } /* an odd number of passes: the last wrote order[0] */
}

/* |w0 - 2 w1 + w2| of the candidates from the i-th in descending order. */
static uint64_t bend(const candidates *c, const uint32_t *order, uint32_t i) {
    uint64_t a = c->item[order[i]].weight + c->item[order[i + 2]].weight;
    uint64_t b = 2 * c->item[order[i + 1]].weight;
    return a > b ? a - b : b - a;
}

void truncate_tail_free(candidates *c, float z, uint32_t min_keep, truncate_scratch *scratch) {
    if (c->n <= 2)
        return;
    const uint32_t *order = scratch->order[0];
    uint32_t n_bends = c->n - 2, kept = 0;
    uint64_t total = 0, sum = 0;
    candidates_sort(c, scratch);
    for (uint32_t i = 0; i < n_bends; i++)
        total += bend(c, order, i); /* below 3 * CANDIDATE_WEIGHT_ONE: weights descend */
    bool straight = total == 0;     /* then every bend counts the same */
    double limit = (double)z * (straight ? (double)n_bends : (double)total);
    while (kept < n_bends) {
        sum += straight ? 1 : bend(c, order, kept);
        if ((double)sum > limit)
            break;
        kept++;
    }
    if (kept < n_bends)
        keep_count(c, kept, min_keep, scratch);
}

void truncate_top_choices(candidates *c, float threshold, uint32_t min_keep) {
    double least = (double)threshold * (double)candidates_total(c);
    uint32_t n_likely = 0, last = 0, n = 0;
    for (uint32_t i = 0; i < c->n; i++)
        if ((double)c->item[i].weight >= least) {
            n_likely++;
            if (n_likely == 1 || c->item[i].logit <= c->item[last].logit)
                last = i; /* the least probable; of equals the one with the highest id */
        }
    if (n_likely < 2 || c->n - (n_likely - 1) < min_keep)
        return;
    for (uint32_t i = 0; i < c->n; i++)
        if (i == last || (double)c->item[i].weight < least)
            c->item[n++] = c->item[i];
    c->n = n;
}

double candidates_deviation(const candidates *c) {
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < c->n; i++)
        sum += (double)c->item[i].logit;
    double mean = sum / c->n;
    for (uint32_t i = 0; i < c->n; i++) {
        double d = (double)c->item[i].logit - mean;
        squares += d * d;
    }
    return __builtin_sqrt(squares / c->n);
}
