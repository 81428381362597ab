/* Rules REGEX=TYPE. */
#include "support.h"

#include "tools/keep.h"

static keep_rules *create(const char *rules) {
    keep_rules *k = NULL;
    lnr_error err = {0};
    if (keep_create(rules, &k, &err) != LNR_OK)
        fail_msg("%s", err.text);
    return k;
}

static const char *found(keep_rules *k, const char *name) {
    bool has;
    lnr_type type = LNR_TYPE_F32;
    assert_int_equal(keep_find(k, lnr_str_from(name), &has, &type, NULL), LNR_OK);
    return has ? lnr_type_name(type) : "-";
}

static void first_match(void **state) {
    (void)state;
    keep_rules *k = create("  blk\\.0\\.=Q8_0\tffn_down=Q6_K a=b=F16\n");
    assert_string_equal(found(k, "blk.0.ffn_down.weight"), "Q8_0");
    assert_string_equal(found(k, "blk.10.ffn_down.weight"), "Q6_K");
    assert_string_equal(found(k, "blk.10.ffn_up.weight"), "-");
    lnr_error err;
    assert_int_equal(keep_check_used(k, &err), LNR_E_ARGUMENT);
    assert_says(err, "'a=b=F16'");
    assert_string_equal(found(k, "xa=b"), "F16"); /* the type stands behind the last '=' */
    assert_int_equal(keep_check_used(k, &err), LNR_OK);
    keep_destroy(k);
}

static void none(void **state) {
    (void)state;
    keep_rules *k = create(NULL);
    assert_string_equal(found(k, "output.weight"), "-");
    assert_int_equal(keep_check_used(k, NULL), LNR_OK);
    keep_destroy(k);
    k = create(" \n ");
    assert_string_equal(found(k, ""), "-");
    keep_destroy(k);
    keep_destroy(NULL);
}

static void wrong_rules(void **state) {
    (void)state;
    static const struct {
        const char *rules, *says;
    } cases[] = {
        {"ffn_down", "REGEX=TYPE"}, {"=Q8_0", "REGEX=TYPE"},        {"ok=Q8_0 x=Q9_0", "'Q9_0'"},
        {"x=q8_0", "Q6_K"},         {"x=", "'' is no tensor type"}, {"a(=Q8_0", "character 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        keep_rules *k;
        lnr_error err;
        assert_int_equal(keep_create(cases[i].rules, &k, &err), LNR_E_ARGUMENT);
        assert_null(k);
        assert_says(err, cases[i].says);
    }
}

static void too_many(void **state) {
    (void)state;
    char rules[65 * 7 + 1] = "";
    for (int i = 0; i < 65; i++)
        snprintf(rules + 7 * i, 8, "a=Q8_0 ");
    keep_rules *k;
    lnr_error err;
    assert_int_equal(keep_create(rules, &k, &err), LNR_E_ARGUMENT);
    assert_says(err, "64");
}

/* A pattern that backtracks without end is an error, not a hang. */
static void hostile_pattern(void **state) {
    (void)state;
    keep_rules *k = create("^blk\\.0\\.(a|aa)+[bc]$=Q8_0");
    bool has;
    lnr_type type;
    lnr_error err;
    lnr_str name = lnr_str_from("blk.0.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_int_equal(keep_find(k, name, &has, &type, &err), LNR_E_LIMIT);
    assert_says(err, "gave up");
    keep_destroy(k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_match),     cmocka_unit_test(none),
        cmocka_unit_test(wrong_rules),     cmocka_unit_test(too_many),
        cmocka_unit_test(hostile_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
