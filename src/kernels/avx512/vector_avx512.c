/* Operations on one vector on AVX512. */
#include "kernels/avx512/simd_avx512.h"

#define RMS_NORM  lnr_rms_norm_f32_f32_1x16_avx512
#define SILU_MUL  lnr_silu_mul_f32_f32_1x16_avx512
#define GELU_MUL  lnr_gelu_mul_f32_f32_1x16_avx512
#define SOFTCAP   lnr_softcap_f32_f32_1x16_avx512
#define ADD       lnr_add_f32_f32_1x16_avx512
#define SCALE     lnr_scale_f32_f32_1x16_avx512
#define NARROW    lnr_narrow_f32_f16_1x16_avx512
#define ROPE_NEOX lnr_rope_neox_f32_f32_1x16_avx512

#include "kernels/simd/vector.h"
