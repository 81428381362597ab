/* Q4_K product on AMX. */
#include "kernels/avx512vnni/q4_k_avx512vnni.h"
#include "kernels/kernels.h"

#define GEMM_NAME lnr_gemm_q4_k_q8a256_16x32_amx
#define GEMM_FEW  lnr_gemm_q4_k_q8a256_32x6_avx512vnni

#include "kernels/amx/split_scale_amx.h"

#include "kernels/amx/gemm_wide_amx.h"
