/* sample/options: every range at its ends and just outside, the chain by name, structs of another
 * length, and what a request keeps. */
#include "sample/options.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static lnr_sampler_options off(void) {
    lnr_sampler_options o;
    sampler_options_off(&o);
    return o;
}

static void expect_refused(const lnr_sampler_options *o, const char *name) {
    lnr_error err;
    assert_int_equal(sampler_options_check(o, &err), LNR_E_ARGUMENT);
    if (strncmp(err.text, name, strlen(name)) != 0 || !strstr(err.text, "allowed"))
        fail_msg("for %s: %s", name, err.text);
}

static void floats_have_ranges(void **state) {
    (void)state;
#define ROW(member, lowest, low_bad, highest, high_bad)                                            \
    { #member, offsetof(lnr_sampler_options, member), lowest, low_bad, highest, high_bad }
    const float tiny = 1e-45f, above_1 = 1.0000001f;
    const struct {
        const char *name;
        size_t offset;
        float lowest, low_bad, highest, high_bad;
    } rows[] = {
        ROW(temperature, 0, -tiny, FLT_MAX, INFINITY),
        ROW(top_p, tiny, 0, 1, above_1),
        ROW(min_p, 0, -tiny, 1, above_1),
        ROW(dynatemp_range, 0, -tiny, FLT_MAX, INFINITY),
        ROW(dynatemp_exponent, tiny, 0, 100, 100.00001f),
        ROW(top_n_sigma, 0, -tiny, FLT_MAX, INFINITY),
        ROW(tfs_z, tiny, 0, 1, above_1),
        ROW(typical_p, tiny, 0, 1, above_1),
        ROW(xtc_probability, 0, -tiny, 1, above_1),
        ROW(xtc_threshold, 0, -tiny, 1, above_1),
        ROW(repeat_penalty, tiny, 0, 1e6f, INFINITY),
        ROW(frequency_penalty, -100, -100.00001f, 100, 100.00001f),
        ROW(presence_penalty, -100, -100.00001f, 100, 100.00001f),
        ROW(dry_multiplier, 0, -tiny, 1e6f, INFINITY),
        ROW(dry_base, 1, 0.9999999f, 100, 100.00001f),
        ROW(mirostat_tau, tiny, 0, 100, 100.00001f),
        ROW(mirostat_eta, tiny, 0, 1, above_1),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lnr_sampler_options o = off();
        float *value = (void *)((char *)&o + rows[i].offset);
        *value = rows[i].lowest;
        assert_int_equal(sampler_options_check(&o, NULL), LNR_OK);
        *value = rows[i].highest;
        assert_int_equal(sampler_options_check(&o, NULL), LNR_OK);
        *value = rows[i].low_bad;
        expect_refused(&o, rows[i].name);
        *value = rows[i].high_bad;
        expect_refused(&o, rows[i].name);
        *value = NAN;
        expect_refused(&o, rows[i].name);
    }
}

static void integers_and_lists_have_ranges(void **state) {
    (void)state;
    const lnr_logit_bias bad_bias[] = {{1, 1}, {2, NAN}}, inf_bias = {3, INFINITY},
                         negative = {-1, 1}, ban = {1, -INFINITY};
    const char *const empty[] = {""}, *const twice[] = {"top_k", "min_p", "top_k"},
                      *const unknown[] = {"top_q"};
    lnr_sampler_options o = off();
    o.penalty_last_n = -2;
    expect_refused(&o, "penalty_last_n");
    o = off();
    o.dry_penalty_last_n = -2;
    expect_refused(&o, "dry_penalty_last_n");
    o = off();
    o.dry_allowed_length = 0;
    expect_refused(&o, "dry_allowed_length");
    o = off();
    o.mirostat = 3;
    expect_refused(&o, "mirostat");
    o = off();
    o.dry_breakers = empty;
    o.n_dry_breakers = 1;
    expect_refused(&o, "dry_breakers");
    o = off();
    o.n_logit_bias = 2;
    o.logit_bias = bad_bias;
    expect_refused(&o, "logit_bias");
    o.n_logit_bias = 1;
    o.logit_bias = &inf_bias;
    expect_refused(&o, "logit_bias");
    o.logit_bias = &ban;
    assert_int_equal(sampler_options_check(&o, NULL), LNR_OK);
    lnr_error err;
    o.logit_bias = &negative;
    assert_int_equal(sampler_options_check(&o, &err), LNR_E_ARGUMENT);
    o = off();
    o.samplers = twice;
    o.n_samplers = 3;
    expect_refused(&o, "samplers names 'top_k' twice");
    o.samplers = unknown;
    o.n_samplers = 1;
    expect_refused(&o, "samplers names 'top_q'");
}

static void expect_chain(const lnr_sampler_options *o, const char *want) {
    sampler_config c;
    char got[200] = "";
    assert_int_equal(sampler_config_init(&c, o, 100, NULL), LNR_OK);
    for (uint32_t i = 0; i < c.n_chain; i++) {
        strcat(got, sample_step_names()[c.chain[i]]);
        strcat(got, " ");
    }
    assert_string_equal(got, want);
    sampler_config_deinit(&c);
}

static void the_chain_has_what_is_on(void **state) {
    (void)state;
    const char *const order[] = {"temp", "typ_p", "penalties", "min_p"};
    lnr_sampler_options o = off();
    expect_chain(&o, "");
    sampler_options_defaults(&o);
    expect_chain(&o, "top_k top_p min_p temperature ");
    o.repeat_penalty = 1.1f;
    o.dry_multiplier = 1;
    o.top_n_sigma = 1;
    o.tfs_z = o.typical_p = 0.9f;
    o.xtc_probability = 0.5f;
    expect_chain(&o,
                 "penalties dry top_n_sigma top_k tfs_z typical_p top_p min_p xtc temperature ");
    o.samplers = order;
    o.n_samplers = 4;
    expect_chain(&o, "temperature typical_p penalties min_p ");
    o.n_samplers = 0;
    expect_chain(&o, "");
    o.mirostat = 2;
    expect_chain(&o, "penalties dry ");
    o.mirostat = 0;
    o.samplers = NULL;
    o.temperature = 0;
    expect_chain(&o, "penalties dry ");
    o.penalty_last_n = o.dry_penalty_last_n = 0;
    expect_chain(&o, "");
    o.temperature = 1;
    o.xtc_threshold = 0.51f;
    expect_chain(&o, "top_n_sigma top_k tfs_z typical_p top_p min_p ");
}

static void a_shorter_struct_has_the_rest_off(void **state) {
    (void)state;
    lnr_sampler_options o = off(), known;
    lnr_error err;
    o.top_k = 7;
    o.tfs_z = 0.5f; /* beyond the end of the shorter struct */
    o.struct_size = offsetof(lnr_sampler_options, dynatemp_range);
    assert_int_equal(sampler_options_take(&o, &known, NULL), LNR_OK);
    assert_int_equal(known.top_k, 7);
    assert_true(known.tfs_z == 1.0f && known.repeat_penalty == 1.0f);
    assert_int_equal(sampler_options_check(&known, NULL), LNR_OK);
    struct {
        lnr_sampler_options o;
        char more[8];
    } longer = {.o = off()};
    longer.o.struct_size = sizeof longer;
    assert_int_equal(sampler_options_take(&longer.o, &known, NULL), LNR_OK);
    longer.more[3] = 1;
    assert_int_equal(sampler_options_take(&longer.o, &known, &err), LNR_E_ARGUMENT);
    o.struct_size = 0;
    assert_int_equal(sampler_options_take(&o, &known, &err), LNR_E_ARGUMENT);
}

static void a_request_keeps_copies(void **state) {
    (void)state;
    lnr_logit_bias bias[] = {{1, 2.0f}, {99, -INFINITY}};
    lnr_sampler_options o = off();
    sampler_config c;
    lnr_error err;
    o.logit_bias = bias;
    o.n_logit_bias = 2;
    assert_int_equal(sampler_config_init(&c, &o, 100, NULL), LNR_OK);
    bias[1].token = 5;
    assert_int_equal(c.bias[1].token, 99);
    assert_null(c.o.logit_bias);
    assert_null(c.o.dry_breakers);
    sampler_config_deinit(&c);
    bias[1].token = 100;
    assert_int_equal(sampler_config_init(&c, &o, 100, &err), LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "token 100, 0 to 99 allowed"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_have_ranges),
        cmocka_unit_test(integers_and_lists_have_ranges),
        cmocka_unit_test(the_chain_has_what_is_on),
        cmocka_unit_test(a_shorter_struct_has_the_rest_off),
        cmocka_unit_test(a_request_keeps_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
