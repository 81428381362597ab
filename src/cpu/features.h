/* What this CPU can do, as bits that the list of kernels asks for.
 *
 * A bit is set only if the CPU has the instructions and the operating system saves their registers;
 * for AMX that takes a request, which the first look at the features makes.
 * A level of instruction sets is a name for a set of bits: "at most this". */
#ifndef LNR_CPU_FEATURES_H
#define LNR_CPU_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#define LNR_CPU_AVX2       1u
#define LNR_CPU_FMA        2u
#define LNR_CPU_F16C       4u
#define LNR_CPU_AVXVNNI    8u
#define LNR_CPU_AVX512     16u /* F, BW, DQ and VL */
#define LNR_CPU_AVX512VNNI 32u
#define LNR_CPU_AMX_INT8   64u /* tiles and their products of bytes */

/* What a kernel built for a level may use. */
#define LNR_CPU_LEVEL_AVX2       (LNR_CPU_AVX2 | LNR_CPU_FMA | LNR_CPU_F16C)
#define LNR_CPU_LEVEL_AVXVNNI    (LNR_CPU_LEVEL_AVX2 | LNR_CPU_AVXVNNI)
#define LNR_CPU_LEVEL_AVX512     (LNR_CPU_LEVEL_AVX2 | LNR_CPU_AVX512)
#define LNR_CPU_LEVEL_AVX512VNNI (LNR_CPU_LEVEL_AVX512 | LNR_CPU_AVX512VNNI)
#define LNR_CPU_LEVEL_AMX        (LNR_CPU_LEVEL_AVX512VNNI | LNR_CPU_AMX_INT8)

/* name, the bits it adds to the level before it */
#define LNR_ISA_LIST(X)                                                                            \
    X(scalar, 0u)                                                                                  \
    X(avx2, LNR_CPU_LEVEL_AVX2)                                                                    \
    X(avxvnni, LNR_CPU_AVXVNNI)                                                                    \
    X(avx512, LNR_CPU_AVX512)                                                                      \
    X(avx512vnni, LNR_CPU_AVX512VNNI)                                                              \
    X(amx, LNR_CPU_AMX_INT8)

typedef enum lnr_isa {
#define X(name, bits) LNR_ISA_##name,
    LNR_ISA_LIST(X)
#undef X
        LNR_ISA_COUNT
} lnr_isa;

/* The bits of this machine; the same at every call. */
uint32_t lnr_cpu_features(void);

/* All bits that a level allows. */
uint32_t lnr_isa_features(lnr_isa isa);

const char *lnr_isa_name(lnr_isa isa);
bool lnr_isa_from_name(const char *name, lnr_isa *isa);

/* The highest level whose own bits a machine with these features has; scalar if it has none. */
lnr_isa lnr_isa_highest(uint32_t features);

#endif
