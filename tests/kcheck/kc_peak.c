/* The machine's limits: what its multipliers do when nothing else is in their way.
 *
 * Loops of independent instructions in assembly, since a compiler would delete work without a
 * result. Registers start at zero, so no denormal or overflow slows them. */
#include "kc.h"

#include <string.h>

#if defined(__x86_64__)

enum { REPEAT = 100000 };

/* 12 chains: more than latency times throughput of any of these on any known core. */
#define TWELVE(X)                                                                                  \
    X("0") X("1") X("2") X("3") X("4") X("5") X("6") X("7") X("8") X("9") X("10") X("11")
#define LOOP(body)                                                                                 \
    for (int i = 0; i < REPEAT; i++)                                                               \
    __asm__ volatile(body ::                                                                       \
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
                           "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")
#define ZERO(r) "vpxor %%xmm" r ", %%xmm" r ", %%xmm" r "\n\t"
/* without vzeroupper every SSE instruction after it would pay for the upper halves */
#define PEAK(name, body)                                                                           \
    static void name(void) {                                                                       \
        __asm__ volatile(TWELVE(ZERO) ZERO("12") ZERO("13")::                                      \
                             : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",     \
                               "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13");                \
        LOOP(body);                                                                                \
        __asm__ volatile("vzeroupper" ::: "memory");                                               \
    }

#define FMA_YMM(r)  "vfmadd231ps %%ymm12, %%ymm13, %%ymm" r "\n\t"
#define FMA_ZMM(r)  "vfmadd231ps %%zmm12, %%zmm13, %%zmm" r "\n\t"
#define VNNI_YMM(r) "%{vex%} vpdpbusd %%ymm12, %%ymm13, %%ymm" r "\n\t"
#define VNNI_ZMM(r) "vpdpbusd %%zmm12, %%zmm13, %%zmm" r "\n\t"
/* a product into 16 bits and its sum; the product's register is renamed, so no chain */
#define PAIRS_YMM(r)                                                                               \
    "vpmaddubsw %%ymm12, %%ymm13, %%ymm14\n\t"                                                     \
    "vpaddw %%ymm14, %%ymm" r ", %%ymm" r "\n\t"
#define PAIRS_ZMM(r)                                                                               \
    "vpmaddubsw %%zmm12, %%zmm13, %%zmm14\n\t"                                                     \
    "vpaddw %%zmm14, %%zmm" r ", %%zmm" r "\n\t"

PEAK(fma_ymm, TWELVE(FMA_YMM))
PEAK(fma_zmm, TWELVE(FMA_ZMM))
PEAK(vnni_ymm, TWELVE(VNNI_YMM))
PEAK(vnni_zmm, TWELVE(VNNI_ZMM))
PEAK(pairs_ymm, TWELVE(PAIRS_YMM))
PEAK(pairs_zmm, TWELVE(PAIRS_ZMM))

static const struct {
    const char *isa;
    bool floats;
    kc_peak peak;
} peaks[] = {
    {"avx2", true, {fma_ymm, 12.0 * 8 * REPEAT}},
    {"avx2", false, {pairs_ymm, 12.0 * 32 * REPEAT}},
    {"avxvnni", false, {vnni_ymm, 12.0 * 32 * REPEAT}},
    {"avx512", true, {fma_zmm, 12.0 * 16 * REPEAT}},
    {"avx512", false, {pairs_zmm, 12.0 * 64 * REPEAT}},
    {"avx512vnni", false, {vnni_zmm, 12.0 * 64 * REPEAT}},
};

kc_peak kc_peak_of(const lnr_kernel_row *row) {
    for (size_t i = 0; i < sizeof peaks / sizeof peaks[0]; i++)
        if (strcmp(peaks[i].isa, row->isa) == 0 &&
            peaks[i].floats == (strcmp(row->act, "f32") == 0))
            return peaks[i].peak;
    return (kc_peak){NULL, 0};
}

#else

kc_peak kc_peak_of(const lnr_kernel_row *row) {
    (void)row;
    return (kc_peak){NULL, 0};
}

#endif
