/* What can be said from a few noisy measurements: medians with exact intervals.
 *
 * Nothing is assumed about the noise (it is not normal: neighbours only ever slow things down).
 * Where few samples do not reach 95 per cent, the widest interval is given with what it covers. */
#ifndef LNR_MEASURE_STATS_H
#define LNR_MEASURE_STATS_H

#include "base/fail.h"

#include <lanner/measure.h>

/* See lnr_stat_median and lnr_stat_ratio. */
lnr_status stats_median(const double *sample, size_t n, lnr_estimate *out, lnr_error *err);
lnr_status stats_ratio(const double *a, size_t n_a, const double *b, size_t n_b, lnr_estimate *out,
                       lnr_error *err);

#endif
