/* The limits of this machine, measured: how fast threads read memory or a cache, and how many
 * multiply-adds they do in registers.
 *
 * Neighbours on the same machine can only make a limit look smaller, so the best of several
 * attempts counts; and since they come and go, whoever sets a speed beside a limit measures both in
 * the same second. The public names are in include/lanner/measure.h. */
#ifndef LNR_MEASURE_METER_H
#define LNR_MEASURE_METER_H

#include "base/fail.h"
#include "cpu/features.h"

#include <lanner/measure.h>

lnr_status meter_create(uint64_t max_bytes, lnr_meter **out, lnr_error *err);
void meter_destroy(lnr_meter *m);
void meter_get_info(const lnr_meter *m, lnr_meter_info *out);
lnr_status meter_bandwidth(lnr_meter *m, uint32_t n_threads, uint64_t working_set,
                           lnr_bandwidth *out, lnr_error *err);

/* Whether processor and build have the level's loops; others have no peak. */
bool meter_has_level(lnr_isa isa);
lnr_status meter_peak(lnr_peak_kind kind, const char *level, uint32_t n_threads, double *macs_per_s,
                      lnr_error *err);

#endif
