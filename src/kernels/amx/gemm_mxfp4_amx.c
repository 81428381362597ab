/* MXFP4 product on AMX. */
#include "kernels/avx512vnni/mxfp4_avx512vnni.h"
#include "kernels/kernels.h"

#define GEMM_NAME lnr_gemm_mxfp4_q8a32_16x16_amx
#define GEMM_FEW  lnr_gemm_mxfp4_q8a32_32x6_avx512vnni
#define OFFSET    12

#include "kernels/amx/finish_scale_amx.h"

#include "kernels/amx/gemm_narrow_amx.h"
