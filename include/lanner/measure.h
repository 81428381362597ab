/* Measuring: this machine's limits, what a piece of work reached of them, and what can be said from
 * a few noisy samples. */
#ifndef LANNER_MEASURE_H
#define LANNER_MEASURE_H

#include <lanner/status.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the machine
 * -------------------------------------------------------------------------------- */

#define LNR_CACHE_LEVELS_MAX 5

typedef struct lnr_machine_info {
    char cpu[96];             /* the processor's name, "" if unknown */
    uint32_t n_cores, n_cpus; /* of the machine, as far as this process sees it */
    uint32_t n_granted;       /* CPUs this process may run on */
    double cpu_quota;         /* CPUs' worth of time that the cgroup grants; 0: no quota */
    uint32_t n_threads;       /* that computing uses if nothing else is asked for */
    uint32_t n_numa;          /* memory nodes */
    struct {
        uint32_t count; /* of data caches of this level; 0: none */
        uint64_t bytes; /* of one */
    } cache[LNR_CACHE_LEVELS_MAX];
    uint64_t memory_bytes, free_bytes; /* that this process may use, and of it what is free now */
    char huge_pages[16];               /* "always", "madvise", "never"; "" if unknown */
} lnr_machine_info;

/* What the system does not tell is 0 or "". Threads: any. */
LNR_API void lnr_machine_get_info(lnr_machine_info *out);

/* The instruction set levels in ascending order; NULL past the last. *usable (may be NULL) tells
 * whether this processor and build have the level's measuring loops. Threads: any. */
LNR_API const char *lnr_isa_level(size_t idx, bool *usable);

/* ---- its limits
 * --------------------------------------------------------------------------------- */

/* The memory that bandwidth is measured on. */
typedef struct lnr_meter lnr_meter;

typedef struct lnr_meter_info {
    uint64_t bytes; /* of random data so far; once memory was measured, all there will be */
    uint64_t last_cache_bytes; /* all caches of the last level; 0: unknown */
    const char *bounded_by; /* why bytes is less than four times that: "memory", "time", "request";
                               NULL: it is not */
} lnr_meter_info;

/* Takes memory to measure bandwidth on; it is filled with random data once it is needed. In all
 * four times the last-level caches (64 MiB of cache are assumed where the system does not tell),
 * but no more than max_bytes (0: no such bound), than a quarter of the free memory, or than can be
 * filled in 3 seconds. LNR_E_NOMEM. */
LNR_API LNR_NODISCARD lnr_status lnr_meter_create(uint64_t max_bytes, lnr_meter **out,
                                                  lnr_error *err);
LNR_API void lnr_meter_destroy(lnr_meter *m); /* NULL allowed */
LNR_API void lnr_meter_get_info(const lnr_meter *m, lnr_meter_info *out);

typedef struct lnr_bandwidth {
    double bytes_per_s;
    const char *how; /* the fastest way of reading: "plain", "prefetched" or "4 streams" */
} lnr_bandwidth;

/* How fast n_threads read together. working_set 0, or more than the last-level caches: memory, each
 * call on other parts of it; else a region of that size again and again. Tens of milliseconds.
 * LNR_E_ARGUMENT, LNR_E_NOMEM. One thread at a time per meter. */
LNR_API LNR_NODISCARD lnr_status lnr_meter_bandwidth(lnr_meter *m, uint32_t n_threads,
                                                     uint64_t working_set, lnr_bandwidth *out,
                                                     lnr_error *err);

typedef enum lnr_peak_kind { LNR_PEAK_INT8, LNR_PEAK_F32 } lnr_peak_kind;

/* Multiply-adds per second of n_threads together, in registers, by the fastest instructions of a
 * level and those below it. Milliseconds. LNR_E_ARGUMENT (no such level), LNR_E_UNSUPPORTED (this
 * processor or build lacks it), LNR_E_NOMEM. Threads: any. */
LNR_API LNR_NODISCARD lnr_status lnr_measure_peak(lnr_peak_kind kind, const char *level,
                                                  uint32_t n_threads, double *macs_per_s,
                                                  lnr_error *err);

/* Cycles per second of the calling thread's core now, as what ran just before has left it; 0 if
 * unknown. */
LNR_API double lnr_measure_clock(void);

/* ---- work beside limits
 * ------------------------------------------------------------------------- */

typedef struct lnr_work {
    uint64_t bytes; /* read */
    uint64_t int8_macs, f32_macs;
    double seconds;
} lnr_work;

typedef struct lnr_limits {
    double bytes_per_s, int8_macs_per_s, f32_macs_per_s;
} lnr_limits;

typedef struct lnr_roofline {
    double bytes_per_s;
    double roofline_pct; /* of the bandwidth */
    double peak_pct; /* of the time, what the multiply-adds alone would have taken at their peaks */
} lnr_roofline;

/* Nothing is clamped: more than 100 per cent means that work or limit was measured wrongly. Figures
 * whose limit or time is 0 are 0. */
LNR_API void lnr_roofline_of(const lnr_work *w, const lnr_limits *l, lnr_roofline *out);

/* ---- statistics
 * --------------------------------------------------------------------------------- */

#define LNR_SAMPLES_MAX 100

typedef struct lnr_estimate {
    double value, low, high; /* high and low enclose the true value ... */
    double coverage;         /* ... with at least this probability: 0.95 or more if there are enough
                                samples, else what the widest interval reaches; 0 for one sample */
} lnr_estimate;

/* The median with the exact interval by order statistics (95 per cent from 6 samples on).
 * LNR_E_ARGUMENT (no samples, too many, not finite). Threads: any. */
LNR_API LNR_NODISCARD lnr_status lnr_stat_median(const double *samples, size_t n, lnr_estimate *out,
                                                 lnr_error *err);

/* By which factor b is larger than a: the median of all quotients, with the exact interval of
 * Mann and Whitney's test (95 per cent from 4 samples each on). Samples above 0.
 * LNR_E_ARGUMENT, LNR_E_NOMEM. Threads: any. */
LNR_API LNR_NODISCARD lnr_status lnr_stat_ratio(const double *a, size_t n_a, const double *b,
                                                size_t n_b, lnr_estimate *out, lnr_error *err);

#ifdef __cplusplus
}
#endif
#endif
