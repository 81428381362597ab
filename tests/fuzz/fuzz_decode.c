/* Fuzzes the weight formats: the first byte picks one, the second how many rows, the rest is their
 * blocks. Whatever the bits, decoding, packing and unpacking stay inside their memory, agree to the
 * bit, and encoding what was decoded gives blocks that decode again. */
#include "fuzz.h"

#include "base/bits.h"
#include "quant/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX 4 /* per row */

static void require(int condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "broken promise: %s\n", what);
    abort();
}

/* The idx-th type with a format, counted round. */
static const lnr_format *pick(uint8_t idx) {
    static const lnr_type types[] = {
#define X(type, name, act, kind) LNR_TYPE_##type,
        LNR_FORMAT_LIST(X)
#undef X
    };
    return lnr_format_find(types[idx % (sizeof types / sizeof types[0])]);
}

static int same(float a, float b) {
    return (a != a && b != b) || lnr_f32_bits(a) == lnr_f32_bits(b);
}

/* n_rows rows of n_cols: from the panel each comes back as the decoder has it. */
static void check_rows(const lnr_format *f, const uint8_t *rows, size_t n_rows, size_t n_cols,
                       size_t row_bytes) {
    uint8_t *panel = malloc(LNR_PANEL_ROWS * row_bytes); /* its ends are guarded by the sanitizer */
    uint8_t *again = malloc(row_bytes);
    float *direct = malloc(n_cols * sizeof *direct), *unpacked = malloc(n_cols * sizeof *unpacked);
    require(panel && again && direct && unpacked, "memory");
    f->pack(rows, n_rows, n_cols, panel);
    for (size_t r = 0; r < LNR_PANEL_ROWS; r++) {
        f->unpack(panel, n_cols, r, unpacked);
        if (r < n_rows)
            f->decode(rows + r * row_bytes, n_cols, direct);
        for (size_t i = 0; r < n_rows && i < n_cols; i++)
            require(same(direct[i], unpacked[i]), "unpack of pack is decode");
    }
    f->encode(direct, NULL, n_cols, again); /* of the last row; NaN and Inf included */
    f->decode(again, n_cols, unpacked);
    free(unpacked);
    free(direct);
    free(again);
    free(panel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    const lnr_format *f = pick(data[0]);
    size_t n_rows = data[1] % LNR_PANEL_ROWS + 1, block_bytes = lnr_type_block_bytes(f->type);
    size_t n_blocks = (size - 2) / block_bytes / n_rows;
    if (n_blocks == 0)
        return 0;
    if (n_blocks > BLOCKS_MAX)
        n_blocks = BLOCKS_MAX;
    uint8_t *rows = malloc(n_rows * n_blocks * block_bytes);
    require(rows != NULL, "memory");
    memcpy(rows, data + 2, n_rows * n_blocks * block_bytes);
    check_rows(f, rows, n_rows, n_blocks * lnr_type_block_weights(f->type), n_blocks * block_bytes);
    free(rows);
    return 0;
}
