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
            lnr_format_find(types[t])->encode(x, NULL, 256, blocks);
            lnr_format_find(types[t])->decode(blocks, 256, x);
            for (int i = 0; i < 256 && (kind == 6 || kind == 7); i++)
                assert_true(x[i] == 0.0f); /* zeros stay zeros */
        }
}

/* Files must not depend on who compiled lanner: the bytes' hashes (FNV-1a) when this was written.
 */
static void encoders_give_the_same_bytes_everywhere(void **state) {
    (void)state;
    static const struct {
        lnr_type type;
        uint32_t plain, weighted;
    } hashes[] = {
        {LNR_TYPE_F32, 0xa1f8976d, 0xa1f8976d},    {LNR_TYPE_F16, 0xc69d9470, 0xc69d9470},
        {LNR_TYPE_BF16, 0x7c36b4fe, 0x7c36b4fe},   {LNR_TYPE_Q4_0, 0x81bcdfda, 0xcb5610b0},
        {LNR_TYPE_Q4_1, 0xe7e70ce8, 0x48694e59},   {LNR_TYPE_Q5_0, 0xd39081ba, 0x0a979494},
        {LNR_TYPE_Q5_1, 0xd610d1d9, 0x7e845d52},   {LNR_TYPE_Q8_0, 0xf7bc3b24, 0xf7bc3b24},
        {LNR_TYPE_IQ4_NL, 0x8db9f81c, 0x5c7894e6}, {LNR_TYPE_MXFP4, 0x1d0135b9, 0x8a02fd42},
        {LNR_TYPE_Q2_K, 0xa4206556, 0x6bd2df26},   {LNR_TYPE_Q3_K, 0x48fd7680, 0xdd0f7be0},
        {LNR_TYPE_Q4_K, 0xb3df0438, 0x66b2f971},   {LNR_TYPE_Q5_K, 0x58875cff, 0x7fced158},
        {LNR_TYPE_Q6_K, 0xfdfa4714, 0x575eb133},   {LNR_TYPE_IQ4_XS, 0x61ad45f4, 0x998eef8a},
    };
    float x[2048], importance[2048];
    static uint8_t blocks[2048 * 4];
    uint64_t seed = 9;
    for (int i = 0; i < 2048;
         i++) { /* products only: no function that a libm may round otherwise */
        double u = 2.0 * sample_uniform(&seed) - 1.0, v = sample_uniform(&seed);
        x[i] = (float)(u * u * u);
        importance[i] = (float)(v * v);
    }
    assert_int_equal(sizeof hashes / sizeof hashes[0], N_TYPES);
    for (int t = 0; t < N_TYPES; t++)
        for (int weighted = 0; weighted < 2; weighted++) {
            uint32_t hash = 2166136261u;
            uint64_t bytes;
            assert_true(lnr_type_row_bytes(hashes[t].type, 2048, &bytes));
            lnr_format_find(hashes[t].type)->encode(x, weighted ? importance : NULL, 2048, blocks);
            for (uint64_t i = 0; i < bytes; i++)
                hash = (hash ^ blocks[i]) * 16777619u;
            if (hash != (weighted ? hashes[t].weighted : hashes[t].plain))
                fail_msg("%s%s: 0x%08x", lnr_type_name(hashes[t].type),
                         weighted ? ", weighted" : "", hash);
        }
}

static void sizes_that_do_not_exist_are_refused(void **state) {
    (void)state;
    uint64_t bytes;
    assert_false(lnr_panel_bytes(LNR_TYPE_Q4_K, 16, 100, &bytes));
    assert_false(lnr_panel_bytes(LNR_TYPE_F32, UINT64_MAX - 3, 4, &bytes));
    assert_false(lnr_panel_bytes(LNR_TYPE_F32, UINT64_MAX / 8, 64, &bytes));
    assert_true(lnr_panel_bytes(LNR_TYPE_IQ2_S, 17, 256, &bytes)); /* a size without a format */
    assert_int_equal(bytes, 32 * 82);
    assert_null(lnr_format_find(LNR_TYPE_IQ2_S));
    assert_null(lnr_format_find((lnr_type)999));
}

static void activations_have_whole_lines(void **state) {
    (void)state;
    assert_int_equal(lnr_act_stride(LNR_ACT_F32, 3), 64);
    assert_int_equal(lnr_act_stride(LNR_ACT_Q8A32, 64), 128);
    assert_int_equal(lnr_act_stride(LNR_ACT_Q8A256, 512), 704);
    assert_int_equal(lnr_act_stride(LNR_ACT_Q8A256, 768), 960);
    assert_int_equal(lnr_act_stride(LNR_ACT_Q8A256, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_give_back_the_rows),
        cmocka_unit_test(no_byte_is_lost),
        cmocka_unit_test(encoding_survives_anything),
        cmocka_unit_test(encoders_give_the_same_bytes_everywhere),
        cmocka_unit_test(sizes_that_do_not_exist_are_refused),
        cmocka_unit_test(activations_have_whole_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
