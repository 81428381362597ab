/* The int8 peak with VNNI: vpdpbusd into independent sums, for every vector width.
 *
 * The including file brings integer vectors vi with vi_load and vi_store, vi_dot4 (sum + 4 products
 * in each 32-bit lane), SUMS, and the name PEAK_I8. Two products a cycle with a latency of 5 need
 * more than 10 sums. */
#include "kernels/inline.h"
#include "kernels/limits.h"
#include "kernels/simd/unknown.h"

uint64_t PEAK_I8(size_t n, const void *x, const void *y, uint64_t *macs) {
    vi a = vi_load(x), b = vi_load(y), sum[SUMS];
    uint32_t word[SUMS][sizeof(vi) / 4];
    uint64_t total = 0;
    LNR_EACH(i, SUMS) {
        sum[i] = vi_zero();
        LNR_UNKNOWN(sum[i]);
    }
    for (size_t round = 0; round < n; round++) /* at most 2^20 times 4 in each sum */
        LNR_EACH(i, SUMS) {
            sum[i] = vi_dot4(sum[i], a, b);
        }
    LNR_EACH(i, SUMS) { /* unrolled, or gcc would keep the sums in memory */
        vi_store(word[i], sum[i]);
    }
    for (int i = 0; i < SUMS; i++)
        for (size_t j = 0; j < sizeof(vi) / 4; j++)
            total += word[i][j];
    *macs = (uint64_t)n * SUMS * sizeof(vi);
    return total;
}
