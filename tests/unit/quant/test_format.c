/* Every format through the table: panels give back what rows decode to, bit for bit; sizes; the
 * missing rows of the last panel are zero. */
#include "base/f16.h"
#include "cm.h"
#include "quant/format.h"
#include "sample.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const lnr_type types[] = {
#define X(TYPE, lower, act, ACT) LNR_TYPE_##TYPE,
    LNR_FORMAT_LIST(X)
#undef X
};

enum { N_TYPES = sizeof types / sizeof types[0], ROWS = 37, COLS = 768 };

static float decoded[COLS], unpacked[COLS];

/* Any bytes at all are valid blocks: NaN scales, all bits of the quants. */
static void panels_give_back_the_rows(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (int t = 0; t < N_TYPES; t++) {
        const lnr_format *f = lnr_format_find(types[t]);
        uint64_t row_bytes, panel_bytes;
        assert_true(lnr_type_row_bytes(types[t], COLS, &row_bytes));
        assert_true(lnr_panel_bytes(types[t], ROWS, COLS, &panel_bytes));
        assert_int_equal(panel_bytes, 48 * row_bytes);
        uint8_t *rows = malloc(ROWS * row_bytes), *panels = malloc(panel_bytes);
        for (size_t i = 0; i < ROWS * row_bytes; i++)
            rows[i] = (uint8_t)sample_bits(&seed);
        for (size_t r = 0; r < ROWS; r += LNR_PANEL_ROWS)
            f->pack(rows + r * row_bytes, ROWS - r < 16 ? ROWS - r : 16, COLS,
                    panels + r * row_bytes);
        for (size_t r = 0; r < 48; r++) {
            lnr_panel_unpack_row(types[t], panels, COLS, r, unpacked);
            memset(decoded, 0, sizeof decoded);
            if (r < ROWS)
                f->decode(rows + r * row_bytes, COLS, decoded);
            for (int i = 0; i < COLS; i++) /* rows beyond the last: zero of either sign */
                assert_true(r < ROWS ? lnr_f32_bits(decoded[i]) == lnr_f32_bits(unpacked[i]) ||
                                           (isnan(decoded[i]) && isnan(unpacked[i]))
                                     : unpacked[i] == 0.0f);
        }
        free(rows);
        free(panels);
    }
}

/* Each byte of the file moves some weight, so no byte of a row is lost in a panel. */
static void no_byte_is_lost(void **state) {
    (void)state;
    for (int t = 0; t < N_TYPES; t++) {
        const lnr_format *f = lnr_format_find(types[t]);
        size_t bytes = lnr_type_block_bytes(types[t]), n = lnr_type_block_weights(types[t]);
        uint8_t row[256], panel[256 * 16], other[256 * 16];
        memset(row, 0x35, sizeof row);
        f->pack(row, 1, n, panel);
        for (size_t i = 0; i < bytes; i++)
            for (int bit = 0; bit < 8; bit++) {
                row[i] ^= (uint8_t)(1 << bit);
                f->pack(row, 1, n, other);
                assert_memory_not_equal(panel, other, 16 * bytes);
                row[i] ^= (uint8_t)(1 << bit);
            }
    }
}

static void encoding_survives_anything(void **state) {
    (void)state;
    static const float odd[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-45f, 0.0f, -0.0f};
    float x[256];
    uint8_t blocks[1024];
    for (int t = 0; t < N_TYPES; t++)
        for (int kind = 0; kind < 9; kind++) {
            for (int i = 0; i < 256; i++)
                x[i] = kind < 8 ? odd[kind] : odd[i % 8];
            lnr_format_find(types[t])->encode(x, 256, blocks);
            lnr_format_find(types[t])->decode(blocks, 256, x);
            for (int i = 0; i < 256 && (kind == 6 || kind == 7); i++)
                assert_true(x[i] == 0.0f); /* zeros stay zeros */
        }
}

static void sizes_that_do_not_exist_are_refused(void **state) {
    (void)state;
    uint64_t bytes;
    assert_false(lnr_panel_bytes(LNR_TYPE_Q4_K, 16, 100, &bytes));
    assert_false(lnr_panel_bytes(LNR_TYPE_F32, UINT64_MAX - 3, 4, &bytes));
    assert_false(lnr_panel_bytes(LNR_TYPE_F32, UINT64_MAX / 8, 64, &bytes));
    assert_true(lnr_panel_bytes(LNR_TYPE_Q5_K, 17, 256, &bytes)); /* a size without a format */
    assert_int_equal(bytes, 32 * 176);
    assert_null(lnr_format_find(LNR_TYPE_Q5_K));
    assert_null(lnr_format_find((lnr_type)999));
}

static void activations_have_whole_lines(void **state) {
    (void)state;
    assert_int_equal(lnr_act_stride(LNR_ACT_F32, 3), 64);
    assert_int_equal(lnr_act_stride(LNR_ACT_Q8A32, 64), 128);
    assert_int_equal(lnr_act_stride(LNR_ACT_Q8A256, 512), 640);
    assert_int_equal(lnr_act_stride(LNR_ACT_Q8A256, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_give_back_the_rows),
        cmocka_unit_test(no_byte_is_lost),
        cmocka_unit_test(encoding_survives_anything),
        cmocka_unit_test(sizes_that_do_not_exist_are_refused),
        cmocka_unit_test(activations_have_whole_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
