/* Operations on a row of logits on AVX2. */
#include "kernels/avx2/simd_avx2.h"

#define BLOCK_MAX     lnr_block_max_f32_f32_1x8_avx2
#define BLOCK_MOMENTS lnr_block_moments_f32_f32_1x8_avx2
#define BLOCK_EXP     lnr_block_exp_f32_f32_1x8_avx2

#include "kernels/simd/logits.h"
