/* The quality of every encoder: the error on 1,000 seeded blocks of three distributions, against
 * what it was when this was written and against plain rounding; and that importance is heard. */
#include "base/f16.h"
#include "cm.h"
#include "quant/format.h"
#include "quant/round.h"
#include "sample.h"

#include <stdbool.h>
#include <stdlib.h>

enum { BLOCKS = 1000, NORMAL = 0, LAPLACE, STUDENT, DISTRIBUTIONS, N_MAX = BLOCKS * 256 };

static const char *const names[DISTRIBUTIONS] = {"normal", "Laplace", "Student-t(3)"};

static double normal(uint64_t *seed) { /* Box and Muller */
    double u = sample_uniform(seed), v = sample_uniform(seed);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

static void fill(int distribution, float *x, size_t n) {
    uint64_t seed = 101 + (uint64_t)distribution;
    for (size_t i = 0; i < n; i++) {
        double v = normal(&seed);
        if (distribution == LAPLACE)
            v = log(sample_uniform(&seed)) * (v < 0.0 ? 1.0 : -1.0);
        if (distribution == STUDENT) {
            double a = normal(&seed), b = normal(&seed), c = normal(&seed);
            v /= sqrt((a * a + b * b + c * c) / 3.0);
        }
        x[i] = (float)(0.02 * v);
    }
}

/* Relative error by type and distribution when this was written. */
static const struct recorded {
    lnr_type type;
    double error[DISTRIBUTIONS];
} recorded[] = {
    {LNR_TYPE_F32, {0, 0, 0}},
    {LNR_TYPE_F16, {0.00020796, 0.00020782, 0.00020662}},
    {LNR_TYPE_BF16, {0.001664, 0.0016644, 0.0016899}},
    {LNR_TYPE_Q4_0, {0.081382, 0.10231, 0.12455}},
    {LNR_TYPE_Q4_1, {0.070444, 0.082669, 0.08971}},
    {LNR_TYPE_Q5_0, {0.040363, 0.051443, 0.065724}},
    {LNR_TYPE_Q5_1, {0.034033, 0.039596, 0.043724}},
    {LNR_TYPE_Q8_0, {0.0053665, 0.0067502, 0.0085482}},
    {LNR_TYPE_IQ4_NL, {0.073433, 0.084966, 0.099254}},
    {LNR_TYPE_MXFP4, {0.1111, 0.1224, 0.13889}},
    {LNR_TYPE_Q2_K, {0.26847, 0.29908, 0.28612}},
    {LNR_TYPE_Q3_K, {0.14345, 0.16836, 0.17317}},
    {LNR_TYPE_Q4_K, {0.070796, 0.083811, 0.086999}},
    {LNR_TYPE_Q5_K, {0.034931, 0.041362, 0.043618}},
    {LNR_TYPE_Q6_K, {0.017264, 0.021121, 0.024244}},
    {LNR_TYPE_IQ4_XS, {0.07406, 0.085666, 0.09725}},
};

/* ---- plain rounding: scales from the groups' extremes, nothing searched ---- */

/* Groups of `group` weights with q from `lowest` to `highest`; K types' scales in steps of a
 * `levels`-th of the largest; `minima` are the types with one. */
typedef struct plain {
    lnr_type type;
    int group, lowest, highest, levels;
    bool minima;
} plain;

static const plain plains[] = {
    {LNR_TYPE_Q2_K, 16, 0, 3, 15, true},       {LNR_TYPE_Q3_K, 16, -4, 3, -32, false},
    {LNR_TYPE_Q4_K, 32, 0, 15, 63, true},      {LNR_TYPE_Q5_K, 32, 0, 31, 63, true},
    {LNR_TYPE_Q6_K, 16, -32, 31, -128, false}, {LNR_TYPE_Q4_0, 32, -8, 7, 0, false},
    {LNR_TYPE_Q5_0, 32, -16, 15, 0, false},    {LNR_TYPE_Q4_1, 32, 0, 15, 0, true},
    {LNR_TYPE_Q5_1, 32, 0, 31, 0, true},
};

static float rounded_half(float v) {
    return lnr_f16_to_f32(lnr_f32_to_f16(v));
}

/* A block's worth of groups: value = scale * q - min. */
static void plain_block(const plain *p, const float *x, int n_groups, float *out) {
    float scale[16], min[16], scale_top = 0.0f, min_top = 0.0f;
    for (int j = 0; j < n_groups; j++) {
        const float *v = x + j * p->group;
        float least = v[0], most = v[0];
        for (int i = 0; i < p->group; i++) {
            least = fminf(least, v[i]);
            most = fmaxf(most, v[i]);
        }
        if (p->levels != 0)
            least = fminf(least, 0.0f); /* K types cannot add */
        float extreme = -least > most ? least : most;
        scale[j] = p->minima ? (most - least) / (float)p->highest : extreme / (float)p->lowest;
        min[j] = p->minima ? -least : 0.0f;
        scale_top = fabsf(scale[j]) > fabsf(scale_top) ? scale[j] : scale_top;
        min_top = fmaxf(min_top, min[j]);
    }
    float d = p->levels ? rounded_half(scale_top / (float)p->levels) : 0.0f;
    float dmin = p->levels ? rounded_half(min_top / (float)p->levels) : 0.0f;
    int low = p->levels < 0 ? p->levels : 0, high = p->levels < 0 ? -p->levels - 1 : p->levels;
    for (int j = 0; j < n_groups; j++) {
        float s =
            p->levels ? d * (float)quant_round(scale[j] / d, low, high) : rounded_half(scale[j]);
        float m = !p->minima  ? 0.0f
                  : p->levels ? dmin * (float)quant_round(min[j] / dmin, low, high)
                              : rounded_half(min[j]);
        for (int i = j * p->group; i < (j + 1) * p->group; i++)
            out[i] =
                s == 0.0f ? -m : s * (float)quant_round((x[i] + m) / s, p->lowest, p->highest) - m;
    }
}

/* ---- tests ---- */

static float x[N_MAX], y[N_MAX], importance[N_MAX];
static uint8_t blocks[N_MAX * 4];

static double error_of(lnr_type type, size_t n, const float *weights) {
    const lnr_format *f = lnr_format_find(type);
    f->encode(x, weights, n, blocks);
    f->decode(blocks, n, y);
    return relative_error(x, y, n);
}

static size_t count(lnr_type type) {
    size_t block = lnr_type_block_weights(type);
    return BLOCKS * (block == 1 ? 32 : block);
}

static void check_plain(const plain *p, int distribution, double ours) {
    size_t n = count(p->type), block = lnr_type_block_weights(p->type);
    for (size_t b = 0; b < n; b += block)
        plain_block(p, x + b, (int)block / p->group, y + b);
    double theirs = relative_error(x, y, n);
    if (!(ours < theirs))
        fail_msg("%s, %s: %.6f, plain rounding %.6f", lnr_type_name(p->type), names[distribution],
                 ours, theirs);
}

static void errors_do_not_rise_and_beat_plain_rounding(void **state) {
    (void)state;
    for (int d = 0; d < DISTRIBUTIONS; d++) {
        fill(d, x, N_MAX);
        for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; i++) {
            lnr_type type = recorded[i].type;
            double error = error_of(type, count(type), NULL);
            if (!(error <= recorded[i].error[d] * 1.005))
                fail_msg("%s, %s: %.6f, was %.6f", lnr_type_name(type), names[d], error,
                         recorded[i].error[d]);
            for (size_t p = 0; p < sizeof plains / sizeof plains[0]; p++)
                if (plains[p].type == type)
                    check_plain(&plains[p], d, error);
        }
    }
}

static void every_format_is_recorded(void **state) {
    (void)state;
    size_t n = 0;
#define X(TYPE, lower, act, ACT) n += lnr_format_find(LNR_TYPE_##TYPE) != NULL;
    LNR_FORMAT_LIST(X)
#undef X
    assert_int_equal(n, sizeof recorded / sizeof recorded[0]);
}

static double weighted_error(const float *w, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)w[i] * ((double)y[i] - (double)x[i]) * ((double)y[i] - (double)x[i]);
    return sum;
}

/* A few columns that matter a hundred times as much come out better when the encoder knows. */
static void importance_is_heard(void **state) {
    (void)state;
    uint64_t seed = 7;
    enum { N = N_MAX / 10 };
    fill(NORMAL, x, N);
    for (size_t i = 0; i < N; i++)
        importance[i] = sample_bits(&seed) % 8 ? 1.0f : 100.0f;
    for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; i++) {
        lnr_type type = recorded[i].type;
        size_t n = count(type) / 10;
        if (lnr_type_block_weights(type) == 1 || type == LNR_TYPE_Q8_0)
            continue; /* no choice to make */
        error_of(type, n, NULL);
        double deaf = weighted_error(importance, n);
        error_of(type, n, importance);
        double heard = weighted_error(importance, n);
        if (!(heard < 0.97 * deaf))
            fail_msg("%s: weighted error %g with importance, %g without", lnr_type_name(type),
                     heard, deaf);
    }
}

static void useless_importance_does_no_harm(void **state) {
    (void)state;
    fill(NORMAL, x, 16 * 256);
    for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; i++)
        for (int kind = 0; kind < 3; kind++) {
            size_t n = lnr_type_block_weights(recorded[i].type) == 256 ? 16 * 256 : 16 * 32;
            for (size_t j = 0; j < n; j++)
                importance[j] = kind == 0 ? 0.0f : kind == 1 ? 1e-38f : 1e30f;
            double error = error_of(recorded[i].type, n, importance);
            assert_true(error < 0.5); /* Q2_K's own is 0.3 */
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_do_not_rise_and_beat_plain_rounding),
        cmocka_unit_test(every_format_is_recorded),
        cmocka_unit_test(importance_is_heard),
        cmocka_unit_test(useless_importance_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
