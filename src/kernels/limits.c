/* The list of limits.h. */
#include "kernels/limits.h"

#include "cpu/features.h"

static const lnr_limit_row rows[] = {
#define KERNEL(...)
#define LIMIT(op, isa, needs) {LNR_LIMIT_##op, #isa, needs, (void (*)(void))lnr_##op##_##isa},
#include "kernels/kernels.def"
#undef LIMIT
#undef KERNEL
};

const lnr_limit_row *kernels_limits(size_t *n_rows) {
    *n_rows = sizeof rows / sizeof rows[0];
    return rows;
}
