/* The loops of limits.h that every vector width shares, written once: fused multiply-adds of
 * floats, and reading.
 *
 * SUMS independent sums cover the latency of an fma (4 cycles, two per cycle, and more on others).
 *
 * The including file brings the vectors of simd_<isa>.h, integer vectors vi with vi_load, vi_xor
 * and vi_store, and the names PEAK_F32 and READ. */
#include "kernels/limits.h"
#include "kernels/simd/unknown.h"

enum { SUMS = 12, LOADS = 8, AHEAD_BYTES = 2048 };

uint64_t PEAK_F32(size_t n, const void *x, const void *y, uint64_t *macs) {
    vf a = vf_load(x), b = vf_load(y), sum[SUMS];
    float lane[SUMS][LANES];
    uint64_t total = 0;
    LNR_EACH(i, SUMS) {
        sum[i] = vf_set1(0.0f);
        LNR_UNKNOWN(sum[i]);
    }
    for (size_t round = 0; round < n; round++) /* at most 2^20: each lane's count is exact */
        LNR_EACH(i, SUMS) {
            sum[i] = vf_fma(a, b, sum[i]);
        }
    LNR_EACH(i, SUMS) { /* unrolled, or gcc would keep the sums in memory */
        vf_store(lane[i], sum[i]);
    }
    for (int i = 0; i < SUMS; i++)
        for (int j = 0; j < LANES; j++)
            total += (uint64_t)lane[i][j];
    *macs = (uint64_t)n * SUMS * LANES;
    return total;
}

/* LOADS vectors from each of n_streams places, advancing together. */
LNR_INLINE void read_streams(const char *p, size_t stream, int n_streams, int ahead, vi *sum) {
    for (size_t at = 0; at < stream; at += LOADS / (size_t)n_streams * sizeof(vi))
        LNR_EACH(i, LOADS) {
            const char *from =
                p + (size_t)(i % n_streams) * stream + at + (size_t)(i / n_streams) * sizeof(vi);
            if (ahead && (size_t)i * sizeof(vi) % 64 == 0)
                __builtin_prefetch(from + ahead);
            sum[i] = vi_xor(sum[i], vi_load(from));
        }
}

uint64_t READ(const void *p, size_t n, lnr_read_mode mode) {
    vi sum[LOADS] = {vi_load(p)};
    uint64_t word[sizeof(vi) / sizeof(uint64_t)], all = 0;
    sum[0] = vi_xor(sum[0], sum[0]);
    LNR_EACH(i, LOADS) {
        sum[i] = sum[0];
    }
    if (mode == LNR_READ_STREAMS)
        read_streams(p, n / 4, 4, 0, sum);
    else if (mode == LNR_READ_PREFETCH)
        read_streams(p, n, 1, AHEAD_BYTES, sum);
    else
        read_streams(p, n, 1, 0, sum);
    LNR_EACH(i, LOADS - 1) {
        sum[0] = vi_xor(sum[0], sum[i + 1]);
    }
    vi_store(word, sum[0]);
    for (size_t i = 0; i < sizeof word / sizeof word[0]; i++)
        all ^= word[i];
    return all;
}
