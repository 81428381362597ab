/* What the machine grants this process: CPUs, CPU quota, memory, time. Figures come from /proc and
 * the cgroup (version 2, then 1) and are absent (0) where the system does not tell. */
#define _GNU_SOURCE
#include "os/os.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CGROUP "/sys/fs/cgroup"

uint64_t os_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void os_wall_clock(int64_t *unix_seconds, int32_t *utc_offset_seconds) {
    time_t now = time(NULL);
    struct tm local;
    *unix_seconds = (int64_t)now;
    *utc_offset_seconds = localtime_r(&now, &local) ? (int32_t)local.tm_gmtoff : 0;
}

static cpu_set_t granted_cpus;

static void read_granted_cpus(void) {
    if (sched_getaffinity(0, sizeof granted_cpus, &granted_cpus) != 0)
        CPU_ZERO(&granted_cpus);
}

unsigned os_cpus(int *cpus, unsigned n_max) {
    /* Asked once: later the calling thread may be bound to one CPU by ourselves. */
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_granted_cpus);
    unsigned n = 0;
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET((size_t)i, &granted_cpus))
            continue;
        if (cpus && n < n_max)
            cpus[n] = i;
        n++;
    }
    if (n == 0 && cpus && n_max)
        cpus[0] = -1; /* unknown: bound nowhere */
    return n ? n : 1;
}

/* Reads a small text file; false if it is not there. */
static bool read_text(const char *path, char *text, size_t capacity) {
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return false;
    size_t n = fread(text, 1, capacity - 1, f);
    fclose(f);
    text[n] = '\0';
    return n > 0;
}

static bool read_number(const char *path, uint64_t *out) {
    char text[64], *end;
    if (!read_text(path, text, sizeof text) || text[0] < '0' || text[0] > '9')
        return false; /* "max" and "-1" mean: no limit */
    *out = strtoull(text, &end, 10);
    return end != text;
}

double os_cpu_quota(void) {
    char text[64];
    double quota, period;
    if (read_text(CGROUP "/cpu.max", text, sizeof text))
        return sscanf(text, "%lf %lf", &quota, &period) == 2 && period > 0 ? quota / period : 0;
    uint64_t us, per;
    if (read_number(CGROUP "/cpu/cpu.cfs_quota_us", &us) &&
        read_number(CGROUP "/cpu/cpu.cfs_period_us", &per) && per > 0)
        return (double)us / (double)per;
    return 0;
}

void os_huge_pages(char *mode, size_t capacity) {
    char text[128]; /* "always [madvise] never" */
    mode[0] = '\0';
    if (!read_text("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof text))
        return;
    const char *from = strchr(text, '['), *to = from ? strchr(from, ']') : NULL;
    if (to)
        snprintf(mode, capacity, "%.*s", (int)(to - from - 1), from + 1);
}

/* A line "Name:  123 kB" of /proc/meminfo or /proc/self/status, in bytes; 0 if absent. */
static uint64_t proc_bytes(const char *path, const char *name) {
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return 0;
    char line[256];
    uint64_t kib = 0;
    size_t n = strlen(name);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, name, n) == 0 && line[n] == ':') {
            kib = strtoull(line + n + 1, NULL, 10);
            break;
        }
    fclose(f);
    return kib * 1024;
}

static bool cgroup_memory(uint64_t *limit, uint64_t *used) {
    return (read_number(CGROUP "/memory.max", limit) &&
            read_number(CGROUP "/memory.current", used)) ||
           (read_number(CGROUP "/memory/memory.limit_in_bytes", limit) &&
            read_number(CGROUP "/memory/memory.usage_in_bytes", used));
}

uint64_t os_memory_total(void) {
    uint64_t machine = proc_bytes("/proc/meminfo", "MemTotal"), limit, used;
    return cgroup_memory(&limit, &used) && limit < machine ? limit : machine;
}

uint64_t os_memory_available(void) {
    uint64_t machine = proc_bytes("/proc/meminfo", "MemAvailable"), limit, used;
    if (!cgroup_memory(&limit, &used))
        return machine;
    uint64_t left = limit > used ? limit - used : 0;
    return left < machine ? left : machine;
}

uint64_t os_memory_resident(void) {
    return proc_bytes("/proc/self/status", "VmRSS");
}

#if defined(__x86_64__)
static bool tiles_granted;

static void request_tiles(void) {
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 }; /* asm/prctl.h, Linux 5.16 */
    tiles_granted = syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

bool os_tiles_request(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, request_tiles);
    return tiles_granted;
}
#else
bool os_tiles_request(void) {
    return false;
}
#endif
