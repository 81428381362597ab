/* See select.h. */
#include "kernels/select.h"

#include "cpu/features.h"

static const lnr_kernel_row rows[] = {
#define KERNEL(op, weight, act, n_rows, n_cols, isa, needs)                                        \
    {LNR_KERNEL_##op##_##weight##_##act,                                                           \
     #op,                                                                                          \
     #weight,                                                                                      \
     #act,                                                                                         \
     #isa,                                                                                         \
     "lnr_" #op "_" #weight "_" #act "_" #n_rows "x" #n_cols "_" #isa,                             \
     needs,                                                                                        \
     (void (*)(void))lnr_##op##_##weight##_##act##_##n_rows##x##n_cols##_##isa},
#include "kernels/kernels.def"
#undef KERNEL
};

enum { N_ROWS = sizeof rows / sizeof rows[0] };

const lnr_kernel_row *kernels_rows(size_t *n_rows) {
    *n_rows = N_ROWS;
    return rows;
}

void kernels_select(uint32_t features, lnr_kernels *out) {
    for (size_t i = 0; i < N_ROWS; i++)
        if ((features & rows[i].needs) == rows[i].needs)
            out->row[rows[i].slot] = &rows[i];
#define LNR_SLOT_scalar(op, weight, act)                                                           \
    out->op##_##weight##_##act = (lnr_##op##_fn *)out->row[LNR_KERNEL_##op##_##weight##_##act]->run;
#define KERNEL(op, weight, act, n_rows, n_cols, isa, needs) LNR_SLOT_##isa(op, weight, act)
#include "kernels/kernels.def"
#undef KERNEL
#undef LNR_SLOT_scalar
}

lnr_gemm_fn *kernels_gemm(const lnr_kernels *t, lnr_type type) {
#define X(TYPE, lower, act, ACT)                                                                   \
    if (type == LNR_TYPE_##TYPE)                                                                   \
        return t->gemm_##lower##_##act;
    LNR_FORMAT_LIST(X)
#undef X
    return NULL;
}

lnr_quantize_fn *kernels_quantize(const lnr_kernels *t, lnr_act act) {
    switch (act) {
    case LNR_ACT_Q8A32:
        return t->quantize_f32_q8a32;
    case LNR_ACT_Q8A256:
        return t->quantize_f32_q8a256;
    case LNR_ACT_F32:
        break;
    }
    return NULL;
}
