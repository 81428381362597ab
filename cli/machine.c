/* `lanner machine`: what this machine is, and what it does at most. Speeds of models are set beside
 * these limits, so they are measured and not read from a data sheet. */
#include "cli/machine.h"

#include "app/format.h"
#include "base/alloc.h"
#include "cli/cli.h"

#include <lanner/machine.h>
#include <lanner/measure.h>

#include <inttypes.h>

#define ATTEMPTS   5 /* of which the best counts */
#define LEVELS_MAX 16
#define COUNTS_MAX 12 /* numbers of threads: 1, 2, 4 ... and all */

typedef struct machine_options {
    bool json;
} machine_options;

static const app_option options[] = {
    {.name = "json",
     .kind = APP_FLAG,
     .offset = offsetof(machine_options, json),
     .help = "print one JSON object"},
};

static const app_command table = {
    .name = "machine",
    .arguments = "",
    .summary = "measure what this machine does at most",
    .details =
        "Measures how fast this machine reads memory and how many multiply-adds it does, beside "
        "what the system tells about it. It takes a few seconds and should have the machine for "
        "itself: whatever else runs makes the limits look smaller.\n",
    .option = options,
    .n_options = sizeof options / sizeof options[0],
};

typedef struct level_peaks {
    const char *name;
    double macs[2][2]; /* [kind][one thread, all threads], per second */
    double clock_hz;   /* right after the int8 products of one thread: wide vectors lower it */
} level_peaks;

typedef struct limits {
    lnr_machine_info info;
    lnr_meter_info meter;
    uint32_t n_threads[COUNTS_MAX];
    lnr_bandwidth memory[COUNTS_MAX], cached; /* cached: half of the second level, one thread */
    uint64_t cached_bytes;
    size_t n_counts, n_levels;
    level_peaks level[LEVELS_MAX];
} limits;

/* ---- measuring
 * ---------------------------------------------------------------------------------- */

static lnr_status best_bandwidth(lnr_meter *m, uint32_t n_threads, uint64_t set, lnr_bandwidth *out,
                                 lnr_error *err) {
    *out = (lnr_bandwidth){0};
    for (int i = 0; i < ATTEMPTS; i++) {
        lnr_bandwidth b;
        LNR_TRY(lnr_meter_bandwidth(m, n_threads, set, &b, err));
        if (b.bytes_per_s > out->bytes_per_s)
            *out = b;
    }
    return LNR_OK;
}

static lnr_status measure_memory(limits *l, lnr_error *err) {
    lnr_meter *m;
    LNR_TRY(lnr_meter_create(0, &m, err));
    lnr_status st = LNR_OK;
    for (uint32_t n = 1; st == LNR_OK && l->n_counts < COUNTS_MAX; n *= 2) {
        if (n > l->info.n_threads || l->n_counts + 1 == COUNTS_MAX)
            n = l->info.n_threads;
        l->n_threads[l->n_counts] = n;
        st = best_bandwidth(m, n, 0, &l->memory[l->n_counts++], err);
        if (n == l->info.n_threads)
            break;
    }
    l->cached_bytes = l->info.cache[1].bytes / 2;
    if (st == LNR_OK && l->cached_bytes)
        st = best_bandwidth(m, 1, l->cached_bytes, &l->cached, err);
    lnr_meter_get_info(m, &l->meter);
    lnr_meter_destroy(m);
    return st;
}

static lnr_status measure_peaks(limits *l, lnr_error *err) {
    const char *name;
    bool usable;
    for (size_t i = 0; (name = lnr_isa_level(i, &usable)) && l->n_levels < LEVELS_MAX; i++) {
        if (!usable)
            continue;
        level_peaks *level = &l->level[l->n_levels++];
        level->name = name;
        LNR_TRY(lnr_measure_peak(LNR_PEAK_INT8, name, 1, &level->macs[LNR_PEAK_INT8][0], err));
        level->clock_hz = lnr_measure_clock();
        for (int kind = 0; kind < 2; kind++)
            for (int all = kind == LNR_PEAK_INT8; all < 2; all++)
                LNR_TRY(lnr_measure_peak((lnr_peak_kind)kind, name, all ? l->info.n_threads : 1,
                                         &level->macs[kind][all], err));
    }
    return LNR_OK;
}

/* ---- telling
 * ------------------------------------------------------------------------------------ */

void machine_add_facts(app_json *j) {
    lnr_machine_info info;
    lnr_machine_get_info(&info);
    app_json_cstr(j, "cpu", info.cpu);
    app_json_uint(j, "cores", info.n_cores);
    app_json_uint(j, "cpus", info.n_cpus);
    app_json_uint(j, "cpus_granted", info.n_granted);
    if (info.cpu_quota > 0)
        app_json_double(j, "cpu_quota", info.cpu_quota);
    else
        app_json_null(j, "cpu_quota");
    app_json_array(j, "caches");
    for (uint64_t i = 0; i < LNR_CACHE_LEVELS_MAX; i++)
        if (info.cache[i].count) {
            app_json_object(j, NULL);
            app_json_uint(j, "level", i + 1);
            app_json_uint(j, "count", info.cache[i].count);
            app_json_uint(j, "bytes", info.cache[i].bytes);
            app_json_end(j);
        }
    app_json_end(j);
    app_json_uint(j, "numa_nodes", info.n_numa);
    app_json_uint(j, "memory_bytes", info.memory_bytes);
    app_json_uint(j, "free_bytes", info.free_bytes);
    app_json_cstr(j, "huge_pages", info.huge_pages);
    app_json_cstr(j, "isa", lnr_isa());
}

static void json_memory(app_json *j, const limits *l) {
    app_json_object(j, "bandwidth");
    app_json_uint(j, "buffer_bytes", l->meter.bytes);
    if (l->meter.bounded_by)
        app_json_cstr(j, "buffer_bounded_by", l->meter.bounded_by);
    else
        app_json_null(j, "buffer_bounded_by");
    app_json_array(j, "memory");
    for (size_t i = 0; i < l->n_counts; i++) {
        app_json_object(j, NULL);
        app_json_uint(j, "threads", l->n_threads[i]);
        app_json_double(j, "gbps", l->memory[i].bytes_per_s * 1e-9);
        app_json_cstr(j, "how", l->memory[i].how);
        app_json_end(j);
    }
    app_json_end(j);
    if (l->cached_bytes) {
        app_json_object(j, "cached");
        app_json_uint(j, "threads", 1);
        app_json_uint(j, "bytes", l->cached_bytes);
        app_json_double(j, "gbps", l->cached.bytes_per_s * 1e-9);
        app_json_end(j);
    }
    app_json_end(j);
}

static void add_json(const limits *l, lnr_buf *out) {
    app_json j;
    app_json_init(&j);
    app_json_object(&j, NULL);
    machine_add_facts(&j);
    app_json_double(&j, "clock_ghz", l->level[0].clock_hz * 1e-9);
    app_json_uint(&j, "threads", l->info.n_threads);
    json_memory(&j, l);
    app_json_array(&j, "peaks");
    for (size_t i = 0; i < l->n_levels; i++) {
        const level_peaks *p = &l->level[i];
        app_json_object(&j, NULL);
        app_json_cstr(&j, "isa", p->name);
        app_json_double(&j, "clock_ghz", p->clock_hz * 1e-9);
        app_json_double(&j, "int8_gmacs_1", p->macs[LNR_PEAK_INT8][0] * 1e-9);
        app_json_double(&j, "int8_gmacs", p->macs[LNR_PEAK_INT8][1] * 1e-9);
        app_json_double(&j, "f32_gmacs_1", p->macs[LNR_PEAK_F32][0] * 1e-9);
        app_json_double(&j, "f32_gmacs", p->macs[LNR_PEAK_F32][1] * 1e-9);
        app_json_end(&j);
    }
    app_json_end(&j);
    app_json_end(&j);
    *out = j.text;
    buf_add_char(out, '\n');
}

static void text_facts(const limits *l, lnr_buf *out) {
    const lnr_machine_info *info = &l->info;
    buf_printf(out, "processor   %s, %" PRIu32 " cores, %" PRIu32 " CPUs, %.2f GHz measured\n",
               info->cpu[0] ? info->cpu : "unknown", info->n_cores, info->n_cpus,
               l->level[0].clock_hz * 1e-9);
    buf_add_str(out, "caches     ");
    for (int i = 0; i < LNR_CACHE_LEVELS_MAX; i++)
        if (info->cache[i].count) {
            buf_printf(out, " L%d %" PRIu32 " x ", i + 1, info->cache[i].count);
            app_add_size(out, info->cache[i].bytes);
        }
    buf_printf(out, "\nmemory      ");
    app_add_size(out, info->memory_bytes);
    buf_add_str(out, ", ");
    app_add_size(out, info->free_bytes);
    buf_printf(out, " free, %" PRIu32 " NUMA node%s, huge pages: %s\n", info->n_numa,
               info->n_numa == 1 ? "" : "s", info->huge_pages[0] ? info->huge_pages : "unknown");
    buf_printf(out, "granted     %" PRIu32 " CPUs, ", info->n_granted);
    if (info->cpu_quota > 0)
        buf_printf(out, "%.2f CPUs of time", info->cpu_quota);
    else
        buf_add_str(out, "no quota");
    buf_printf(out, "\nlevel       %s\n", lnr_isa());
}

static void text_memory(const limits *l, lnr_buf *out) {
    buf_add_str(out, "\nreading memory (");
    app_add_size(out, l->meter.bytes);
    buf_add_str(out, " of random data, the best of three ways");
    if (l->meter.bounded_by)
        buf_printf(out, "; bounded by %s, four times the last cache would be more",
                   l->meter.bounded_by);
    buf_add_str(out, ")\n");
    for (size_t i = 0; i < l->n_counts; i++)
        buf_printf(out, "  %4" PRIu32 " thread%-2s %8.1f GB/s  %s\n", l->n_threads[i],
                   l->n_threads[i] == 1 ? "" : "s", l->memory[i].bytes_per_s * 1e-9,
                   l->memory[i].how);
    if (l->cached_bytes) {
        buf_printf(out, "  1 thread, ");
        app_add_size(out, l->cached_bytes);
        buf_printf(out, " from its cache: %.1f GB/s\n", l->cached.bytes_per_s * 1e-9);
    }
}

static void add_text(const limits *l, lnr_buf *out) {
    text_facts(l, out);
    text_memory(l, out);
    buf_printf(out, "\nmultiply-adds, 10^9 per second\n%-12s %10s %10s %10s %10s %10s\n", "  level",
               "int8, 1", "a cycle", "f32, 1", "int8, all", "f32, all");
    for (size_t i = 0; i < l->n_levels; i++) {
        const level_peaks *p = &l->level[i];
        double cycle = p->clock_hz > 0 ? p->macs[LNR_PEAK_INT8][0] / p->clock_hz : 0;
        buf_printf(out, "  %-10s %10.1f %10.1f %10.1f %10.1f %10.1f\n", p->name,
                   p->macs[LNR_PEAK_INT8][0] * 1e-9, cycle, p->macs[LNR_PEAK_F32][0] * 1e-9,
                   p->macs[LNR_PEAK_INT8][1] * 1e-9, p->macs[LNR_PEAK_F32][1] * 1e-9);
    }
}

static int measure_and_tell(const machine_options *o, limits *l) {
    lnr_error err;
    lnr_machine_get_info(&l->info);
    if (measure_peaks(l, &err) || measure_memory(l, &err))
        return cli_fail(&err);
    lnr_buf text;
    buf_init(&text);
    if (o->json)
        add_json(l, &text);
    else
        add_text(l, &text);
    int code = cli_write_buf(&text);
    buf_deinit(&text);
    return code;
}

static int machine_main(int n_words, char **words) {
    machine_options o = {0};
    app_parsed parsed;
    int code;
    if (!cli_parse(&table, n_words, words, &o, &parsed, &code))
        return code;
    limits *l = lnr_new(limits);
    if (l == NULL) {
        lnr_error err;
        LNR_FAIL(&err, LNR_E_NOMEM, "no memory to start");
        return cli_fail(&err);
    }
    code = measure_and_tell(&o, l);
    lnr_free(l);
    return code;
}

const cli_command cli_machine = {&table, machine_main};
