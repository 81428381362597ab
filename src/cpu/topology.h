/* What the processor is made of: cores, caches, NUMA nodes, and how fast it ticks. */
#ifndef LNR_CPU_TOPOLOGY_H
#define LNR_CPU_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#define CPU_CACHES_MAX 5 /* data or unified caches, level 1 to 5 */

typedef struct cpu_topology {
    char name[96]; /* "Intel(R) Xeon(R) Processor", or "" */
    uint32_t n_cores, n_cpus, n_numa;
    struct {
        uint32_t count; /* 0: there is no such level */
        uint64_t bytes; /* of one */
    } cache[CPU_CACHES_MAX];
    uint64_t last_cache_bytes; /* of all caches of the last level together; 0: unknown */
} cpu_topology;

/* False (and zeros) if the system does not tell. As seen by this process: in a virtual machine what
 * the host chose to show. */
bool cpu_topology_read(cpu_topology *out);

/* Cycles per second of the calling thread's core now, by a chain of additions that each wait for
 * the one before; 0 where nobody wrote that chain yet. Takes 0.2 ms: what ran just before it, such
 * as wide vectors, still shows. */
double cpu_clock_hz(void);

#endif
