/* sample/mirostat through the sampler: the mean surprise goes to tau, the cut is where its formula
 * says, and the state can be put back. */
#include "sample/mirostat.h"

#include "sample/sampler.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { N = 2000, ROWS = 50 };

static float *row[ROWS];
static sampler *s;

static sampler_config config_of(uint32_t version, float tau, float temperature) {
    lnr_sampler_options o;
    sampler_config c;
    sampler_options_off(&o);
    o.mirostat = version;
    o.mirostat_tau = tau;
    o.temperature = temperature;
    o.seed = 3;
    assert_int_equal(sampler_config_init(&c, &o, N, NULL), LNR_OK);
    return c;
}

static int32_t pick(const sampler_config *c, sampler_state *state, uint32_t position) {
    static int32_t none[100000];
    sampler_result out;
    sampler_input in = {.logits = row[position % ROWS], .history = {none, NULL, position, 0}};
    assert_int_equal(sampler_pick(s, c, &in, state, &out, NULL), LNR_OK);
    return out.token;
}

/* -log2 p in the whole row, in double. */
static double surprise(const float *l, int32_t token, double temperature) {
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += exp(((double)l[i] - (double)l[token]) / temperature);
    return log2(sum);
}

static void the_mean_surprise_goes_to_tau(void **state) {
    (void)state;
    const float taus[] = {3.5f, 4.0f, 4.5f};
    for (uint32_t version = 1; version <= 2; version++)
        for (size_t t = 0; t < 3; t++) {
            sampler_config c = config_of(version, taus[t], 1.3f);
            sampler_state st;
            sampler_state_init(&st, &c);
            assert_true(st.mu == 2 * (double)taus[t]);
            double sum = 0;
            for (uint32_t at = 0; at < 1500; at++)
                sum += surprise(row[at % ROWS], pick(&c, &st, at), 1.3f);
            if (fabs(sum / 1500 - (double)taus[t]) > 0.1)
                fail_msg("version %u, tau %g: mean surprise %g", version, (double)taus[t],
                         sum / 1500);
            sampler_config_deinit(&c);
        }
}

/* Version 2 lets through exactly the tokens with a surprise up to mu; mu moves by eta times the
 * error. */
static void version_2_cuts_at_mu(void **state) {
    (void)state;
    sampler_config c = config_of(2, 5.0f, 0.9f);
    for (uint32_t at = 0; at < 400; at++) {
        sampler_state st = {.mu = 1.0 + at % 9};
        double mu = st.mu;
        const float *l = row[at % ROWS];
        int32_t token = pick(&c, &st, at), best = 0;
        for (int32_t i = 1; i < N; i++)
            best = l[i] > l[best] ? i : best;
        double bits = surprise(l, token, 0.9f);
        assert_true(bits <= mu + 1e-4 || token == best);
        assert_true(fabs(st.mu - (mu - (double)0.1f * (bits - 5.0))) < 1e-4);
    }
    sampler_config_deinit(&c);
}

static void state_can_be_put_back(void **state) {
    (void)state;
    for (uint32_t version = 1; version <= 2; version++) {
        sampler_config c = config_of(version, 3.0f, 1.0f);
        sampler_state st, saved = {0};
        int32_t first[20];
        sampler_state_init(&st, &c);
        for (uint32_t at = 0; at < 30; at++) {
            if (at == 10)
                saved = st;
            int32_t token = pick(&c, &st, at);
            if (at >= 10)
                first[at - 10] = token;
        }
        double mu = st.mu;
        st = saved;
        for (uint32_t at = 10; at < 30; at++)
            assert_int_equal(pick(&c, &st, at), first[at - 10]);
        assert_true(st.mu == mu);
        sampler_config_deinit(&c);
    }
}

static void flat_and_single_rows_are_no_trouble(void **state) {
    (void)state;
    float *saved = row[0], *flat = calloc(N, sizeof *flat), *one = calloc(N, sizeof *one);
    assert_non_null(flat);
    assert_non_null(one);
    for (int i = 1; i < N; i++)
        one[i] = -INFINITY;
    for (uint32_t version = 1; version <= 2; version++) {
        sampler_config c = config_of(version, 5.0f, 1e-30f);
        sampler_state st;
        sampler_state_init(&st, &c);
        row[0] = flat;
        for (uint32_t at = 0; at < 100; at++)
            pick(&c, &st, at * ROWS);
        row[0] = one;
        for (uint32_t at = 0; at < 100; at++)
            assert_int_equal(pick(&c, &st, at * ROWS), 0);
        assert_true(isfinite(st.mu));
        sampler_config_deinit(&c);
    }
    row[0] = saved;
    free(flat);
    free(one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_surprise_goes_to_tau),
        cmocka_unit_test(version_2_cuts_at_mu),
        cmocka_unit_test(state_can_be_put_back),
        cmocka_unit_test(flat_and_single_rows_are_no_trouble),
    };
    logit_ops ops = ops_of(lnr_cpu_features());
    if (sampler_create(N, 100000, &ops, &s, NULL) != LNR_OK)
        return 1;
    for (uint64_t r = 0; r < ROWS; r++)
        row[r] = random_logits(N, r, false);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sampler_destroy(s);
    for (int r = 0; r < ROWS; r++)
        free(row[r]);
    return failed;
}
