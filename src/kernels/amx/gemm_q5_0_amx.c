/* Q5_0 product on AMX. */
#include "kernels/avx512vnni/q5_0_avx512vnni.h"
#include "kernels/kernels.h"

#define GEMM_NAME lnr_gemm_q5_0_q8a32_16x16_amx
#define GEMM_FEW  lnr_gemm_q5_0_q8a32_32x6_avx512vnni
#define OFFSET    16

#include "kernels/amx/finish_scale_amx.h"

#include "kernels/amx/gemm_narrow_amx.h"
