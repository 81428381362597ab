/* Operations on a row of logits on AVX512. */
#include "kernels/avx512/simd_avx512.h"

#define BLOCK_MAX     lnr_block_max_f32_f32_1x16_avx512
#define BLOCK_MOMENTS lnr_block_moments_f32_f32_1x16_avx512
#define BLOCK_EXP     lnr_block_exp_f32_f32_1x16_avx512

#include "kernels/simd/logits.h"
