/* Products with float weights on AVX2: 2 x 6 sums, a weight and a broadcast of 16 registers. */
#include "kernels/avx2/simd_avx2.h"

#define TILE_PANELS 1
#define FEW_COLS    1
#define GEMM_F32    lnr_gemm_f32_f32_16x6_avx2
#define GEMM_F16    lnr_gemm_f16_f32_16x6_avx2
#define GEMM_BF16   lnr_gemm_bf16_f32_16x6_avx2

#include "kernels/simd/gemm_float.h"
