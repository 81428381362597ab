/* The build, the processor, and which kernels run on it. */
#ifndef LANNER_MACHINE_H
#define LANNER_MACHINE_H

#include <lanner/status.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Number of the arithmetic: results of two builds with the same number are equal to the bit. */
#define LNR_ARITH_VERSION 1

LNR_API const char *lnr_version(void); /* "0.1.0" */

/* Limits every kernel to an instruction set level: "scalar", "avx2", "avxvnni", "avx512",
 * "avx512vnni", "amx". To be called before the first model is loaded; results do not depend on it.
 * LNR_E_ARGUMENT for an unknown name (the line lists the valid ones), LNR_E_UNSUPPORTED if this
 * processor or build lacks the level, LNR_E_BUSY after a model was loaded. Threads: one, at start.
 */
LNR_API LNR_NODISCARD lnr_status lnr_isa_limit(const char *level, lnr_error *err);

/* The level in use: the limit, or the highest that this machine has. Static string. Threads: any.
 */
LNR_API const char *lnr_isa(void);

/* Calls fn once for each operation with the full name of the kernel that serves it, such as
 * ("gemm_q4_k", "lnr_gemm_q4_k_q8a256_16x6_avx512vnni"). Threads: any. */
LNR_API void lnr_kernels_each(void (*fn)(const char *op, const char *kernel, void *user),
                              void *user);

/* Names of the backends of this build, ended by NULL: "cpu". Static. */
LNR_API const char *const *lnr_backends(void);

#ifdef __cplusplus
}
#endif
#endif
