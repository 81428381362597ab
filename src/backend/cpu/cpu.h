/* The CPU backend: weights in panels of 16 rows, a pinned team of workers, kernels picked once at
 * start.
 *
 * Every result has the same bits for every instruction set, number of workers and size of a
 * micro-batch: workers share out rows, heads and tokens, never the terms of a sum (design.md
 * section 4). */
#ifndef LNR_BACKEND_CPU_CPU_H
#define LNR_BACKEND_CPU_CPU_H

#include "backend/backend.h"
#include "kernels/select.h"

extern const lnr_backend lnr_backend_cpu;

/* One per CPU granted to this process. */
uint32_t cpu_default_threads(void);

/* The kernels in use; picked at the first call and never changed after it. Threads: any. */
const lnr_kernels *cpu_kernels(void);

/* Limits the kernels to a level; before the first call of cpu_kernels only. Errors as
 * lnr_isa_limit. */
lnr_status cpu_isa_limit(const char *level, lnr_error *err);
const char *cpu_isa(void); /* the level in use */

#endif
