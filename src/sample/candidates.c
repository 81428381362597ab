/* The candidate list: weighing, drawing, finding. Each sum is one walk in order of id. */
#include "sample/candidates.h"

#include "base/math.h"
#include "base/rng.h"

float candidates_best(const candidates *c) {
    float best = c->item[0].logit;
    for (uint32_t i = 1; i < c->n; i++)
        best = c->item[i].logit > best ? c->item[i].logit : best;
    return best;
}

void candidates_weigh(candidates *c, float temperature) {
    float best = candidates_best(c);
    for (uint32_t i = 0; i < c->n; i++) {
        double x = ((double)c->item[i].logit - (double)best) / (double)temperature;
        /* e^-30 is below half a unit, so the weight would round to 0: most of a vocabulary. */
        c->item[i].weight =
            x < -30.0 ? 0 : (uint64_t)(lnr_exp(x) * (double)CANDIDATE_WEIGHT_ONE + 0.5);
    }
}

uint64_t candidates_total(const candidates *c) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < c->n; i++)
        total += c->item[i].weight;
    return total;
}

int32_t candidates_draw(const candidates *c, uint64_t random) {
    uint64_t left = lnr_rng_scale(random, candidates_total(c)); /* below the total: the walk ends */
    uint32_t i = 0;
    while (left >= c->item[i].weight)
        left -= c->item[i++].weight;
    return c->item[i].id;
}

/* -sum p ln p with ln p = x - ln(sum exp x), x = (logit - best) / temperature <= 0. */
double candidates_entropy(const candidates *c, float temperature) {
    double best = (double)candidates_best(c), total = (double)candidates_total(c), mean = 0;
    for (uint32_t i = 0; i < c->n; i++)
        if (c->item[i].weight > 0)
            mean += (double)c->item[i].weight *
                    (((double)c->item[i].logit - best) / (double)temperature);
    double entropy = lnr_log(total / (double)CANDIDATE_WEIGHT_ONE) - mean / total;
    return entropy > 0.0 ? entropy : 0.0;
}

candidate *candidates_find(const candidates *c, int32_t id) {
    uint32_t low = 0, high = c->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (c->item[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->n && c->item[low].id == id ? &c->item[low] : NULL;
}
