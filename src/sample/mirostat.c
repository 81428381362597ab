/* See mirostat.h. */
#include "sample/mirostat.h"

#include "base/math.h"

#include <float.h>

#define LN2       0x1.62e42fefa39efp-1
#define N_MEASURE 100u /* tokens from which version 1 estimates the exponent; the paper's m */

double mirostat_start(const lnr_sampler_options *o) {
    return 2.0 * (double)o->mirostat_tau;
}

/* Zipf's exponent by least squares over the ranks: sum t b / sum t^2 with t = ln((i + 2) / (i +
 * 1)), b = ln(p_i / p_{i + 1}). */
static double zipf_exponent(const candidates *c, const uint32_t *order, double temperature) {
    double tb = 0, tt = 0;
    for (uint32_t i = 0; i + 1 < c->n && i + 1 < N_MEASURE; i++) {
        double t = lnr_log((double)(i + 2) / (double)(i + 1));
        double b =
            ((double)c->item[order[i]].logit - (double)c->item[order[i + 1]].logit) / temperature;
        tb += t * b;
        tt += t * t;
    }
    return tt > 0.0 ? tb / tt : 0.0;
}

/* The rank up to which surprises stay below mu, if probabilities follow that exponent: the paper's
 * k = (e 2^mu / (1 - N^-e))^(1 / s), e = s - 1. At s = 1 the limit is 2^mu / ln N. */
static uint32_t rank_of(double s, double mu, uint32_t n_vocab) {
    double e = s - 1.0, power = lnr_exp(mu * LN2);
    if (s < 1e-6 || n_vocab < 2)
        return n_vocab; /* flat: every token is as surprising as any other */
    double ln_n = lnr_log((double)n_vocab);
    double slope = e > 1e-9 || e < -1e-9 ? e / (1.0 - lnr_exp(-e * ln_n)) : 1.0 / ln_n;
    double k = lnr_pow(slope * power, 1.0 / s);
    if (!(k < (double)n_vocab))
        return n_vocab;
    return k < 1.0 ? 1 : (uint32_t)k;
}

void mirostat_truncate(const lnr_sampler_options *o, double mu, logit_row *v, candidates *c,
                       truncate_scratch *scratch, double *ln_total) {
    float best;
    double t = (double)o->temperature;
    (void)logit_row_best(v, &best);
    *ln_total = lnr_log(logit_row_exp_sum(v, best, o->temperature));
    if (o->mirostat == 2) {
        double floor = (double)best + t * (*ln_total - mu * LN2);
        float least = floor >= (double)best       ? best
                      : floor <= -(double)FLT_MAX ? -FLT_MAX
                                                  : order_float_above(floor);
        logit_row_gather(v, least, c);
        if (floor > (double)best)
            truncate_top_k(c, 1, scratch);
        return;
    }
    logit_row_gather(v, logit_row_floor_of_top(v, N_MEASURE, scratch->bin), c);
    truncate_top_k(c, N_MEASURE, scratch);
    candidates_sort(c, scratch);
    uint32_t k = rank_of(zipf_exponent(c, scratch->order[0], t), mu, v->n_vocab);
    if (k > c->n)
        logit_row_gather(v, logit_row_floor_of_top(v, k, scratch->bin), c);
    truncate_top_k(c, k, scratch);
}

double mirostat_next(const lnr_sampler_options *o, double mu, float logit, float best,
                     double ln_total) {
    double x = ((double)logit - (double)best) / (double)o->temperature;
    double surprise = (ln_total - x) / LN2;
    return mu - (double)o->mirostat_eta * (surprise - (double)o->mirostat_tau);
}
