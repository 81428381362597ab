/* The int8 peak without VNNI: vpmaddubsw and a 16-bit addition, as the integer kernels do it, for
 * every vector width. Sums are widened before they could overflow, which is rare enough to cost
 * nothing.
 *
 * The including file brings integer vectors vi with vi_load and vi_store, vi_pairs (v * x, adjacent
 * products added), vi_add16, and the name PEAK_I8. */
#include "kernels/limits.h"
#include "kernels/simd/unknown.h"

enum { SUMS_I8 = 6, ROUNDS = 8192 }; /* of at most 2 in each 16-bit sum */

LNR_INLINE uint64_t rounds(size_t n, vi a, vi b) {
    vi sum[SUMS_I8];
    uint16_t word[SUMS_I8][sizeof(vi) / 2];
    uint64_t total = 0;
    LNR_EACH(i, SUMS_I8) {
        sum[i] = vi_zero();
        LNR_UNKNOWN(sum[i]);
    }
    for (size_t round = 0; round < n; round++)
        LNR_EACH(i, SUMS_I8) {
            LNR_UNKNOWN(a); /* else the product would be computed once before the loop */
            sum[i] = vi_add16(sum[i], vi_pairs(a, b));
        }
    LNR_EACH(i, SUMS_I8) { /* unrolled, or gcc would keep the sums in memory */
        vi_store(word[i], sum[i]);
    }
    for (int i = 0; i < SUMS_I8; i++)
        for (size_t j = 0; j < sizeof(vi) / 2; j++)
            total += word[i][j];
    return total;
}

uint64_t PEAK_I8(size_t n, const void *x, const void *y, uint64_t *macs) {
    vi a = vi_load(x), b = vi_load(y);
    uint64_t total = 0;
    for (size_t done = 0; done < n; done += ROUNDS)
        total += rounds(n - done < ROUNDS ? n - done : ROUNDS, a, b);
    *macs = (uint64_t)n * SUMS_I8 * sizeof(vi);
    return total;
}
