/* IQ4_NL product on AMX. */
#include "kernels/avx512vnni/iq4_nl_avx512vnni.h"
#include "kernels/kernels.h"

#define GEMM_NAME lnr_gemm_iq4_nl_q8a32_16x16_amx
#define GEMM_FEW  lnr_gemm_iq4_nl_q8a32_32x6_avx512vnni
#define OFFSET    128

#include "kernels/amx/finish_scale_amx.h"

#include "kernels/amx/gemm_narrow_amx.h"
