/* Sizes of the tensor types, and that a hostile row length cannot wrap them. */
#include "cm.h"
#include "quant/type.h"

static void rows_have_the_sizes_of_the_format(void **state) {
    (void)state;
    uint64_t bytes;
    assert_true(lnr_type_row_bytes(LNR_TYPE_Q4_K, 2048, &bytes));
    assert_int_equal(bytes, 8 * 144);
    assert_true(lnr_type_row_bytes(LNR_TYPE_Q6_K, 256, &bytes));
    assert_int_equal(bytes, 210);
    assert_true(lnr_type_row_bytes(LNR_TYPE_Q8_0, 96, &bytes));
    assert_int_equal(bytes, 3 * 34);
    assert_true(lnr_type_row_bytes(LNR_TYPE_F32, 7, &bytes));
    assert_int_equal(bytes, 28);
    assert_true(lnr_type_row_bytes(LNR_TYPE_Q4_K, 0, &bytes));
    assert_int_equal(bytes, 0);
}

static void rows_without_a_size_are_refused(void **state) {
    (void)state;
    uint64_t bytes;
    assert_false(lnr_type_row_bytes(LNR_TYPE_Q4_K, 255, &bytes));
    assert_false(lnr_type_row_bytes(LNR_TYPE_Q8_0, 33, &bytes));
    assert_false(lnr_type_row_bytes(LNR_TYPE_F32, UINT64_MAX / 2, &bytes));
    assert_false(lnr_type_row_bytes((lnr_type)4, 256, &bytes));
    assert_false(lnr_type_row_bytes((lnr_type)4000, 256, &bytes));
}

static void ids_outside_the_list_are_unknown(void **state) {
    (void)state;
    assert_true(lnr_type_known(12));
    assert_false(lnr_type_known(4)); /* removed from the format */
    assert_false(lnr_type_known(LNR_TYPE_IDS));
    assert_false(lnr_type_known(UINT32_MAX));
    assert_string_equal(lnr_type_name(LNR_TYPE_Q4_K), "Q4_K");
    assert_string_equal(lnr_type_name((lnr_type)5), "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_have_the_sizes_of_the_format),
        cmocka_unit_test(rows_without_a_size_are_refused),
        cmocka_unit_test(ids_outside_the_list_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
