/* See cost.h. */
#include "engine/cost.h"

static void follow(double *value, double measured) {
    double weight = *value == 0 || measured > *value ? 1.0 : 1.0 / 16;
    *value += (measured - *value) * weight;
}

void cost_add(step_cost *c, uint32_t n_tokens, uint32_t n_prompt, uint64_t ns) {
    if (n_prompt == 0) {
        follow(&c->plain_ns, (double)ns);
        return;
    }
    /* Few tokens say little about the cost of one: reading the weights outweighs them. */
    if (n_prompt < COST_CHUNK_MIN)
        return;
    double plain =
        n_tokens > n_prompt ? c->plain_ns : 0; /* a step of prompts alone: all is theirs */
    double rest = (double)ns - plain;
    follow(&c->prompt_ns, rest > 1 ? rest / n_prompt : 1.0 / n_prompt);
}

uint32_t cost_chunk(const step_cost *c, uint32_t max_stall_ms, uint32_t n_max) {
    double left = (double)max_stall_ms * 1e6 - c->plain_ns;
    double n = c->prompt_ns > 0 && left > 0 ? left / c->prompt_ns : 0;
    if (n < COST_CHUNK_MIN)
        n = COST_CHUNK_MIN;
    return n < n_max ? (uint32_t)n : n_max;
}

uint32_t cost_bound_ms(const step_cost *c, uint32_t max_stall_ms) {
    double least = (c->plain_ns + COST_CHUNK_MIN * c->prompt_ns) / 1e6;
    return least > max_stall_ms ? (uint32_t)(least + 1) : max_stall_ms;
}
