/* What a step costs on this machine, as measured while running, and how many prompt tokens it may
 * therefore take.
 *
 * A step that also answers requests must not keep them waiting for longer than the bound. Its time
 * is taken as that of a plain step (no prompt tokens) plus a cost per prompt token. Both follow the
 * measurements; a rise at once, a fall slowly, because a step that comes too late is worse than a
 * chunk that is too small. */
#ifndef LNR_ENGINE_COST_H
#define LNR_ENGINE_COST_H

#include <stdint.h>

#define COST_CHUNK_MIN 16u /* prompt tokens per step, however slow the machine */

typedef struct step_cost {
    double plain_ns;  /* 0: not measured yet */
    double prompt_ns; /* per prompt token; 0: not measured yet */
} step_cost;

/* A step of n_tokens, n_prompt of them prompt tokens, took ns. */
void cost_add(step_cost *c, uint32_t n_tokens, uint32_t n_prompt, uint64_t ns);

/* Prompt tokens that a step may take beside answers: COST_CHUNK_MIN to n_max. */
uint32_t cost_chunk(const step_cost *c, uint32_t max_stall_ms, uint32_t n_max);

/* The bound that can be kept: max_stall_ms, or more where a plain step and the smallest chunk take
 * longer. */
uint32_t cost_bound_ms(const step_cost *c, uint32_t max_stall_ms);

#endif
