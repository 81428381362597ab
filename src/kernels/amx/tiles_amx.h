/* Setting up the tile registers: 0-3 results, 4-5 activations, 6-7 weights.
 *
 * They are configured at the start of a kernel call and given back at its end, so that no call
 * leaves state in the thread and context switches stay cheap. */
#ifndef LNR_KERNELS_AMX_TILES_AMX_H
#define LNR_KERNELS_AMX_TILES_AMX_H

#include "kernels/inline.h"

#include <immintrin.h>
#include <stdatomic.h>

enum { PLANE = 4096 }; /* bytes of 256 weights of 16 rows */

/* As LDTILECFG reads it. */
typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t n_rows[16];
} tile_config;

_Static_assert(sizeof(tile_config) == 64, "layout of a tile configuration");

/* For steps of 64 k, and of 32. Constants, since gcc believes the instruction to read but a
 * pointer's size of them. */
static const tile_config tiles_of_64 = {
    1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
static const tile_config tiles_of_32 = {
    1, 0, {0}, {64, 64, 64, 64, 32, 32, 64, 64}, {16, 16, 16, 16, 16, 16, 8, 8}};

/* Between stores to memory and a tile load from it: gcc does not know that the load reads it. */
LNR_INLINE void tiles_fence(void) {
    atomic_signal_fence(memory_order_seq_cst);
}

/* Fetches part i of n of the weights unpacked next, from `at` on, to L2; unpacking is too short a
 * burst to wait for memory. At the end of a matrix `at` may be beyond it: a prefetch never faults.
 */
LNR_INLINE void fetch_part(uintptr_t at, size_t bytes, size_t i, size_t n) {
    for (size_t b = bytes * i / n / 64; b < bytes * (i + 1) / n / 64; b++)
        _mm_prefetch((const char *)(at + 64 * b), _MM_HINT_T1);
}

#endif
