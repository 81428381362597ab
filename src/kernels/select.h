/* Which kernel runs: the last row of kernels.def that the allowed CPU features cover.
 *
 * kernels_select is a pure function of the features; a process picks once and keeps the table. */
#ifndef LNR_KERNELS_SELECT_H
#define LNR_KERNELS_SELECT_H

#include "kernels/kernels.h"
#include "quant/format.h"

/* Slots and fields come from the scalar rows: each operation has exactly one. */
#define LNR_SLOT_avx2(...)
#define LNR_SLOT_avxvnni(...)
#define LNR_SLOT_avx512(...)
#define LNR_SLOT_avx512vnni(...)
#define LNR_SLOT_amx(...)

typedef enum lnr_kernel_slot {
#define LNR_SLOT_scalar(op, weight, act)                LNR_KERNEL_##op##_##weight##_##act,
#define KERNEL(op, weight, act, rows, cols, isa, needs) LNR_SLOT_##isa(op, weight, act)
#include "kernels/kernels.def"
#undef LNR_SLOT_scalar
    LNR_KERNEL_SLOTS
} lnr_kernel_slot;

/* One line of kernels.def. */
typedef struct lnr_kernel_row {
    lnr_kernel_slot slot;
    const char *op, *weight, *act, *isa;
    const char *name;  /* the function's: lnr_gemm_q4_k_q8a256_32x6_avx512vnni */
    uint32_t needs;    /* LNR_CPU_ bits */
    void (*run)(void); /* an lnr_<op>_fn, to be cast back */
} lnr_kernel_row;

/* The whole list, in its order. */
const lnr_kernel_row *kernels_rows(size_t *n_rows);

/* The functions that run, by name (t->gemm_q4_k_q8a256), and the rows they come from, by slot. */
typedef struct lnr_kernels {
#define LNR_SLOT_scalar(op, weight, act) lnr_##op##_fn *op##_##weight##_##act;
#include "kernels/kernels.def"
#undef LNR_SLOT_scalar
#undef KERNEL
    const lnr_kernel_row *row[LNR_KERNEL_SLOTS];
} lnr_kernels;

void kernels_select(uint32_t features, lnr_kernels *out);

/* The product and the quantiser for a weight type; NULL for a type without a format, and for the
 * quantiser of types that take floats. */
lnr_gemm_fn *kernels_gemm(const lnr_kernels *t, lnr_type type);
lnr_quantize_fn *kernels_quantize(const lnr_kernels *t, lnr_act act);

#endif
