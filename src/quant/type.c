/* See type.h. */
#include "quant/type.h"

#include "base/checked.h"

typedef struct type_info {
    const char *name;
    size_t weights, bytes;
} type_info;

static const type_info infos[LNR_TYPE_IDS] = {
#define X(name, id, weights, bytes) [id] = {#name, weights, bytes},
    LNR_TYPE_LIST(X)
#undef X
};

static const type_info *info(lnr_type type) {
    static const type_info unknown = {"?", 0, 0};
    return lnr_type_known((uint32_t)type) ? &infos[type] : &unknown;
}

bool lnr_type_known(uint32_t id) {
    return id < LNR_TYPE_IDS && infos[id].name != NULL;
}

const char *lnr_type_name(lnr_type type) {
    return info(type)->name;
}

size_t lnr_type_block_weights(lnr_type type) {
    return info(type)->weights;
}

size_t lnr_type_block_bytes(lnr_type type) {
    return info(type)->bytes;
}

bool lnr_type_row_bytes(lnr_type type, uint64_t n_cols, uint64_t *bytes) {
    const type_info *t = info(type);
    return t->weights != 0 && n_cols % t->weights == 0 &&
           lnr_mul_u64(n_cols / t->weights, t->bytes, bytes);
}
