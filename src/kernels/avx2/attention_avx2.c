/* Attention on AVX2: 16 positions x 4 queries. */
#include "kernels/avx2/simd_avx2.h"

#define GROUP      4
#define ATTN_CHUNK lnr_attn_chunk_f16_f32_16x4_avx2
#define ATTN_MERGE lnr_attn_merge_f32_f32_1x8_avx2

#include "kernels/simd/attention.h"
