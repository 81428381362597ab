/* The candidate list: filling it from logits, weighing, drawing. Each is one walk in order of id.
 */
#include "sample/candidates.h"

#include "base/math.h"
#include "base/rng.h"

#include <float.h>

lnr_status candidates_fill(candidates *c, const float *logits, lnr_error *err) {
    c->n = 0;
    for (uint32_t i = 0; i < c->n_max; i++) {
        float l = logits[i];
        if (!(l <= FLT_MAX))
            return LNR_FAIL(err, LNR_E_NUMERIC, "the logit of token %u is %s", (unsigned)i,
                            l != l ? "NaN" : "+Inf");
        if (l >= -FLT_MAX)
            c->item[c->n++] = (candidate){.logit = l, .id = (int32_t)i};
    }
    if (c->n == 0)
        return LNR_FAIL(err, LNR_E_NUMERIC, "the logits of all %u tokens are -Inf",
                        (unsigned)c->n_max);
    return LNR_OK;
}

void candidates_weigh(candidates *c, float temperature) {
    float best = c->item[0].logit;
    for (uint32_t i = 1; i < c->n; i++)
        best = c->item[i].logit > best ? c->item[i].logit : best;
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
