/* See features.h. CPUID leaves and bits from Intel's manual, volume 2, CPUID; XCR0 from volume
 * 1, 13.3. */
#include "cpu/features.h"

#include "os/os.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t bits;
} levels[LNR_ISA_COUNT] = {
#define X(name, bits) {#name, bits},
    LNR_ISA_LIST(X)
#undef X
};

#if defined(__x86_64__)
#include <cpuid.h>

/* XGETBV by its bytes: the compiler's own name for it needs -mxsave, which the baseline has not. */
static uint64_t xcr0(void) {
    uint32_t low, high;
    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

uint32_t lnr_cpu_features(void) {
    /* SSE, AVX; and masks, both halves of zmm; configuration and data of tiles */
    enum { XSAVED_YMM = 0x06, XSAVED_ZMM = 0xe6, XSAVED_TILES = 0x60000 };
    uint32_t a, b, c, d, features = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) /* OSXSAVE */
        return 0;
    uint64_t saved = xcr0();
    bool ymm = (saved & XSAVED_YMM) == XSAVED_YMM && (c >> 28 & 1);
    bool zmm = ymm && (saved & XSAVED_ZMM) == XSAVED_ZMM;
    if (ymm && (c >> 12 & 1))
        features |= LNR_CPU_FMA;
    if (ymm && (c >> 29 & 1))
        features |= LNR_CPU_F16C;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return features;
    uint32_t subleaves = a;
    if (ymm && (b >> 5 & 1))
        features |= LNR_CPU_AVX2;
    if (zmm && (b >> 16 & 1) && (b >> 17 & 1) && (b >> 30 & 1) && (b >> 31 & 1)) { /* F DQ BW VL */
        features |= LNR_CPU_AVX512;
        bool vnni = c >> 11 & 1, tiles = (d >> 24 & 1) && (d >> 25 & 1); /* and their bytes */
        if (vnni)
            features |= LNR_CPU_AVX512VNNI;
        if (vnni && tiles && (saved & XSAVED_TILES) == XSAVED_TILES && os_tiles_request())
            features |= LNR_CPU_AMX_INT8;
    }
    if (ymm && subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1))
        features |= LNR_CPU_AVXVNNI;
    return features;
}
#else
uint32_t lnr_cpu_features(void) {
    return 0;
}
#endif

uint32_t lnr_isa_features(lnr_isa isa) {
    uint32_t bits = 0;
    for (int i = 0; i <= (int)isa && i < LNR_ISA_COUNT; i++)
        bits |= levels[i].bits;
    return bits;
}

const char *lnr_isa_name(lnr_isa isa) {
    return (unsigned)isa < LNR_ISA_COUNT ? levels[isa].name : "?";
}

bool lnr_isa_from_name(const char *name, lnr_isa *isa) {
    for (int i = 0; i < LNR_ISA_COUNT; i++)
        if (strcmp(name, levels[i].name) == 0) {
            *isa = (lnr_isa)i;
            return true;
        }
    return false;
}

lnr_isa lnr_isa_highest(uint32_t features) {
    for (int i = LNR_ISA_COUNT - 1; i > 0; i--)
        if ((features & levels[i].bits) == levels[i].bits)
            return (lnr_isa)i;
    return LNR_ISA_scalar;
}
