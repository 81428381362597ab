/* Attention on AVX2: 16 positions or dimensions x 6 queries. */
#include "kernels/avx2/simd_avx2.h"

#define GROUP       6
#define FEW         2
#define SCORES_F32  lnr_attn_scores_f32_f32_16x6_avx2
#define SCORES_F16  lnr_attn_scores_f16_f32_16x6_avx2
#define SCORES_Q8_0 lnr_attn_scores_q8_0_f32_16x6_avx2
#define VALUES_F32  lnr_attn_values_f32_f32_16x6_avx2
#define VALUES_F16  lnr_attn_values_f16_f32_16x6_avx2
#define VALUES_Q8_0 lnr_attn_values_q8_0_f32_16x6_avx2
#define SOFTMAX     lnr_attn_softmax_f32_f32_1x8_avx2
#define MERGE       lnr_attn_merge_f32_f32_1x8_avx2

#include "kernels/simd/attention.h"
