/* Q4_K product on AVX512-VNNI. */
#include "kernels/avx512vnni/q4_k_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q4_k_q8a256_32x6_avx512vnni

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
