/* Attention on AVX512: 32 positions or dimensions x 12 queries. */
#include "kernels/avx512/simd_avx512.h"

#define GROUP       12
#define FEW         3
#define SCORES_F32  lnr_attn_scores_f32_f32_32x12_avx512
#define SCORES_F16  lnr_attn_scores_f16_f32_32x12_avx512
#define SCORES_Q8_0 lnr_attn_scores_q8_0_f32_32x12_avx512
#define VALUES_F32  lnr_attn_values_f32_f32_32x12_avx512
#define VALUES_F16  lnr_attn_values_f16_f32_32x12_avx512
#define VALUES_Q8_0 lnr_attn_values_q8_0_f32_32x12_avx512
#define SOFTMAX     lnr_attn_softmax_f32_f32_1x16_avx512
#define MERGE       lnr_attn_merge_f32_f32_1x16_avx512

#include "kernels/simd/attention.h"
