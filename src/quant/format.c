/* See format.h. The only place that knows every format. */
#include "quant/format.h"

#include "base/checked.h"
#include "quant/float.h"
#include "quant/iq4_nl.h"
#include "quant/iq4_xs.h"
#include "quant/mxfp4.h"
#include "quant/q2_k.h"
#include "quant/q3_k.h"
#include "quant/q4_0.h"
#include "quant/q4_1.h"
#include "quant/q4_k.h"
#include "quant/q5_0.h"
#include "quant/q5_1.h"
#include "quant/q5_k.h"
#include "quant/q6_k.h"
#include "quant/q8_0.h"

static const lnr_format formats[] = {
#define X(TYPE, lower, act, ACT)                                                                   \
    {LNR_TYPE_##TYPE, LNR_ACT_##ACT, lower##_decode, lower##_encode, lower##_pack, lower##_unpack},
    LNR_FORMAT_LIST(X)
#undef X
};

const lnr_format *lnr_format_find(lnr_type type) {
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (formats[i].type == type)
            return &formats[i];
    return NULL;
}

bool lnr_panel_bytes(lnr_type type, uint64_t n_rows, uint64_t n_cols, uint64_t *bytes) {
    uint64_t row_bytes, padded;
    return lnr_type_row_bytes(type, n_cols, &row_bytes) &&
           lnr_align_up_u64(n_rows, LNR_PANEL_ROWS, &padded) &&
           lnr_mul_u64(padded, row_bytes, bytes);
}

void lnr_panel_unpack_row(lnr_type type, const void *panels, size_t n_cols, size_t row,
                          float *out) {
    size_t panel_bytes =
        n_cols / lnr_type_block_weights(type) * lnr_type_block_bytes(type) * LNR_PANEL_ROWS;
    const char *panel = (const char *)panels + row / LNR_PANEL_ROWS * panel_bytes;
    lnr_format_find(type)->unpack(panel, n_cols, row % LNR_PANEL_ROWS, out);
}

size_t lnr_act_stride(lnr_act act, size_t n_k) {
    switch (act) {
    case LNR_ACT_Q8A32:
        return lnr_round_up(n_k / 32 * sizeof(lnr_q8a32), 64);
    case LNR_ACT_Q8A256: {
        /* an odd number of cache lines: 16 tokens' rows at a power of two apart would share the few
         * ways of the same L1 sets, which cost AMX 5 % */
        size_t n_lines = n_k / 256 * sizeof(lnr_q8a256) / 64;
        return (n_lines ? n_lines | 1 : 0) * 64;
    }
    case LNR_ACT_F32:
        break;
    }
    return lnr_round_up(n_k * sizeof(float), 64);
}
