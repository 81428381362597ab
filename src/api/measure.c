/* include/lanner/measure.h */
#include <lanner/measure.h>

#include "backend/cpu/cpu.h"
#include "cpu/features.h"
#include "cpu/topology.h"
#include "measure/meter.h"
#include "measure/roofline.h"
#include "measure/stats.h"
#include "os/os.h"

#include <string.h>

void lnr_machine_get_info(lnr_machine_info *out) {
    cpu_topology t;
    (void)cpu_topology_read(&t);
    *out = (lnr_machine_info){.n_cores = t.n_cores,
                              .n_cpus = t.n_cpus,
                              .n_granted = os_cpus(NULL, 0),
                              .cpu_quota = os_cpu_quota(),
                              .n_threads = cpu_default_threads(),
                              .n_numa = t.n_numa,
                              .memory_bytes = os_memory_total(),
                              .free_bytes = os_memory_available()};
    memcpy(out->cpu, t.name, sizeof out->cpu);
    for (int i = 0; i < LNR_CACHE_LEVELS_MAX; i++) {
        out->cache[i].count = t.cache[i].count;
        out->cache[i].bytes = t.cache[i].bytes;
    }
    os_huge_pages(out->huge_pages, sizeof out->huge_pages);
}

const char *lnr_isa_level(size_t idx, bool *usable) {
    if (idx >= LNR_ISA_COUNT)
        return NULL;
    lnr_isa isa = (lnr_isa)idx;
    if (usable)
        *usable = meter_has_level(isa);
    return lnr_isa_name(isa);
}

lnr_status lnr_meter_create(uint64_t max_bytes, lnr_meter **out, lnr_error *err) {
    return meter_create(max_bytes, out, err);
}

void lnr_meter_destroy(lnr_meter *m) {
    meter_destroy(m);
}

void lnr_meter_get_info(const lnr_meter *m, lnr_meter_info *out) {
    meter_get_info(m, out);
}

lnr_status lnr_meter_bandwidth(lnr_meter *m, uint32_t n_threads, uint64_t working_set,
                               lnr_bandwidth *out, lnr_error *err) {
    return meter_bandwidth(m, n_threads, working_set, out, err);
}

lnr_status lnr_measure_peak(lnr_peak_kind kind, const char *level, uint32_t n_threads,
                            double *macs_per_s, lnr_error *err) {
    return meter_peak(kind, level, n_threads, macs_per_s, err);
}

double lnr_measure_clock(void) {
    return cpu_clock_hz();
}

void lnr_roofline_of(const lnr_work *w, const lnr_limits *l, lnr_roofline *out) {
    roofline_of(w, l, out);
}

lnr_status lnr_stat_median(const double *samples, size_t n, lnr_estimate *out, lnr_error *err) {
    return stats_median(samples, n, out, err);
}

lnr_status lnr_stat_ratio(const double *a, size_t n_a, const double *b, size_t n_b,
                          lnr_estimate *out, lnr_error *err) {
    return stats_ratio(a, n_a, b, n_b, out, err);
}
