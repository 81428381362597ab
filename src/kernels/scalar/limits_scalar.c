/* What plain C does at most, as the compiler builds it for the baseline: dot products from L1, and
 * reading by words. The bound of the scalar level is this, not one multiplication per cycle, since
 * the compiler vectorises the scalar kernels in the same way. */
#include "kernels/limits.h"

enum { PARTS = 32 };

uint64_t lnr_peak_i8_scalar(size_t n, const void *x, const void *y, uint64_t *macs) {
    const int8_t *a = x, *b = y;
    uint64_t sum = 0;
    for (size_t round = 0; round < n; round++) {
        int32_t part = 0;
        size_t shift = round % 2; /* keeps a round from being the last one's result again */
        for (size_t i = 0; i < LNR_PEAK_VALUES - PARTS; i++)
            part += a[i + shift] * b[i];
        sum += (uint64_t)part;
    }
    *macs = (uint64_t)n * (LNR_PEAK_VALUES - PARTS);
    return sum;
}

uint64_t lnr_peak_f32_scalar(size_t n, const void *x, const void *y, uint64_t *macs) {
    const float *a = x, *b = y;
    uint64_t sum = 0;
    for (size_t round = 0; round < n; round++) {
        float part[PARTS] = {0};
        size_t shift = round % 2;
        for (size_t i = 0; i < LNR_PEAK_VALUES - PARTS; i += PARTS)
            for (size_t j = 0; j < PARTS; j++)
                part[j] += a[i + j + shift] * b[i + j];
        for (size_t j = 0; j < PARTS; j++)
            sum += (uint64_t)part[j];
    }
    *macs = (uint64_t)n * (LNR_PEAK_VALUES - PARTS);
    return sum;
}

uint64_t lnr_read_scalar(const void *p, size_t n, lnr_read_mode mode) {
    enum { WORDS = 16, AHEAD_BYTES = 1024 };
    size_t n_streams = mode == LNR_READ_STREAMS ? 4 : 1, stream = n / sizeof(uint64_t) / n_streams;
    const uint64_t *word = p;
    uint64_t sum[WORDS] = {0}, all = 0;
    for (size_t i = 0; i < stream; i += WORDS)
        for (size_t s = 0; s < n_streams; s++) {
            const uint64_t *at = word + s * stream + i;
            if (mode == LNR_READ_PREFETCH) {
                __builtin_prefetch((const char *)at + AHEAD_BYTES);
                __builtin_prefetch((const char *)at + AHEAD_BYTES + 64);
            }
            for (size_t j = 0; j < WORDS; j++)
                sum[j] ^= at[j];
        }
    for (size_t j = 0; j < WORDS; j++)
        all ^= sum[j];
    return all;
}
