/* Q5_K product on AVX512-VNNI: Q4_K's with a fifth bit. */
#include "kernels/avx512vnni/q5_k_avx512vnni.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define GEMM_NAME lnr_gemm_q5_k_q8a256_32x6_avx512vnni

#include "kernels/avx512vnni/gemm_int_avx512vnni.h"
