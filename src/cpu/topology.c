/* See topology.h. The topology is hwloc's; caches of one level are taken for equal. */
#include "cpu/topology.h"

#include "os/os.h"

#include <hwloc.h>
#include <stdio.h>

static uint32_t count(hwloc_topology_t t, hwloc_obj_type_t type) {
    int n = hwloc_get_nbobjs_by_type(t, type);
    return n > 0 ? (uint32_t)n : 0;
}

static void read_name(hwloc_topology_t t, cpu_topology *out) {
    hwloc_obj_t package = hwloc_get_obj_by_type(t, HWLOC_OBJ_PACKAGE, 0);
    const char *name = package ? hwloc_obj_get_info_by_name(package, "CPUModel") : NULL;
    if (name)
        snprintf(out->name, sizeof out->name, "%s", name);
}

static void read_caches(hwloc_topology_t t, cpu_topology *out) {
    static const hwloc_obj_type_t types[CPU_CACHES_MAX] = {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE,
                                                           HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE,
                                                           HWLOC_OBJ_L5CACHE};
    for (int i = 0; i < CPU_CACHES_MAX; i++) {
        hwloc_obj_t cache = hwloc_get_obj_by_type(t, types[i], 0);
        if (cache == NULL)
            continue;
        out->cache[i].count = count(t, types[i]);
        out->cache[i].bytes = cache->attr->cache.size;
        out->last_cache_bytes = out->cache[i].count * out->cache[i].bytes;
    }
}

bool cpu_topology_read(cpu_topology *out) {
    hwloc_topology_t t;
    *out = (cpu_topology){0};
    if (hwloc_topology_init(&t) != 0)
        return false;
    bool loaded = hwloc_topology_load(t) == 0;
    if (loaded) {
        out->n_cores = count(t, HWLOC_OBJ_CORE);
        out->n_cpus = count(t, HWLOC_OBJ_PU);
        out->n_numa = count(t, HWLOC_OBJ_NUMANODE);
        read_name(t, out);
        read_caches(t, out);
    }
    hwloc_topology_destroy(t);
    return loaded;
}

/* CHAIN additions of a register: one of a constant would not do, newer processors fold those. */
#define CHAIN 100
#if defined(__x86_64__)
#define ADDITIONS ".rept 100\n\tadd %1, %0\n\t.endr"
#elif defined(__aarch64__)
#define ADDITIONS ".rept 100\n\tadd %0, %0, %1\n\t.endr"
#endif

double cpu_clock_hz(void) {
#ifdef ADDITIONS
    /* About 25 us a run; the best one was not interrupted. In all less than the 0.6 ms after which
     * a core that was slowed down for wide vectors speeds up again. */
    enum { RUNS = 8, REPEAT = 1000 };
    uint64_t x = 1, step = 3, best = UINT64_MAX;
    for (int run = 0; run < RUNS; run++) {
        uint64_t start = os_now_ns();
        for (int i = 0; i < REPEAT; i++)
            __asm__ volatile(ADDITIONS : "+r"(x) : "r"(step));
        uint64_t ns = os_now_ns() - start;
        best = ns < best ? ns : best;
    }
    return (double)CHAIN * REPEAT * 1e9 / (double)best;
#else
    return 0;
#endif
}
