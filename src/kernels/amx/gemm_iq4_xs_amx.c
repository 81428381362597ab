/* IQ4_XS product on AMX; the table is looked up plus 128. */
#include "kernels/avx512vnni/iq4_xs_avx512vnni.h"
#include "kernels/kernels.h"

#define GEMM_NAME lnr_gemm_iq4_xs_q8a256_16x32_amx
#define GEMM_FEW  lnr_gemm_iq4_xs_q8a256_32x6_avx512vnni

#define OFFSET 128
#include "kernels/amx/words_amx.h"

#include "kernels/amx/gemm_wide_amx.h"
