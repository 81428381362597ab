/* Products with float weights on AVX512: 2 x 6 sums, 2 weights and a broadcast of 32 registers. */
#include "kernels/avx512/simd_avx512.h"

#define TILE_PANELS 2
#define FEW_COLS    3
#define GEMM_F32    lnr_gemm_f32_f32_32x6_avx512
#define GEMM_F16    lnr_gemm_f16_f32_32x6_avx512
#define GEMM_BF16   lnr_gemm_bf16_f32_32x6_avx512

#include "kernels/simd/gemm_float.h"
