/* include/lanner/machine.h and status.h's place in the library. */
#include <lanner/machine.h>

#include "backend/cpu/cpu.h"

#include <stdio.h>

const char *lnr_version(void) {
    return LNR_VERSION;
}

lnr_status lnr_isa_limit(const char *level, lnr_error *err) {
    return cpu_isa_limit(level, err);
}

const char *lnr_isa(void) {
    return cpu_isa();
}

void lnr_kernels_each(void (*fn)(const char *op, const char *kernel, void *user), void *user) {
    const lnr_kernels *k = cpu_kernels();
    for (size_t i = 0; i < LNR_KERNEL_SLOTS; i++) {
        char op[64];
        const lnr_kernel_row *row = k->row[i];
        snprintf(op, sizeof op, "%s_%s_%s", row->op, row->weight, row->act);
        fn(op, row->name, user);
    }
}

const char *const *lnr_backends(void) {
    static const char *const names[] = {"cpu", NULL};
    return names;
}
