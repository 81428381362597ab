/* Attention on AVX512: 32 positions x 6 queries. */
#include "kernels/avx512/simd_avx512.h"

#define GROUP      6
#define ATTN_CHUNK lnr_attn_chunk_f16_f32_32x6_avx512
#define ATTN_MERGE lnr_attn_merge_f32_f32_1x16_avx512

#include "kernels/simd/attention.h"
