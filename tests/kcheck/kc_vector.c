/* Operations on one vector, in all lengths up to a few vectors. */
#include "kc.h"

#include "base/f16.h"

#include <math.h>
#include <string.h>

/* One call of any of them: in, in2 and the result, which starts as a copy of in. */
typedef struct call {
    const lnr_kernel_row *row;
    const float *in, *in2, *in3;
    float *out;
    size_t n;
    float number;
} call;

typedef void runner(void *);

static void run_rms_norm(void *arg) {
    call *c = arg;
    ((lnr_rms_norm_fn *)c->row->run)(c->in, c->in2, c->n, c->number, c->out);
}

static void run_rms_norm_in_place(void *arg) {
    call *c = arg;
    ((lnr_rms_norm_fn *)c->row->run)(c->out, c->in2, c->n, c->number, c->out);
}

/* silu_mul and gelu_mul have the same type */
static void run_gated(void *arg) {
    call *c = arg;
    ((lnr_silu_mul_fn *)c->row->run)(c->in, c->in2, c->n, c->out);
}

static void run_gated_in_place(void *arg) {
    call *c = arg;
    ((lnr_silu_mul_fn *)c->row->run)(c->out, c->in2, c->n, c->out);
}

static void run_softcap(void *arg) {
    call *c = arg;
    ((lnr_softcap_fn *)c->row->run)(c->out, c->n, c->number);
}

static void run_add(void *arg) {
    call *c = arg;
    ((lnr_add_fn *)c->row->run)(c->out, c->in2, c->n);
}

static void run_scale(void *arg) {
    call *c = arg;
    ((lnr_scale_fn *)c->row->run)(c->out, c->n, c->number);
}

static void run_narrow(void *arg) { /* halves in the front of the result, the rest as it was */
    call *c = arg;
    ((lnr_narrow_fn *)c->row->run)(c->in, c->n, (uint16_t *)(void *)c->out);
}

/* rope_norm and rope_neox have the same type */
static void run_rope(void *arg) {
    call *c = arg;
    ((lnr_rope_norm_fn *)c->row->run)(c->out, c->n, c->in2, c->in3);
}

static void check(kc *k, runner *run, size_t n, kc_pattern p, float number) {
    float *in = kc_place(k, 0, n * sizeof *in), *in2 = kc_place(k, 1, n * sizeof *in);
    float *in3 = kc_place(k, 2, n * sizeof *in), *want = kc_place(k, 3, n * sizeof *in);
    kc_floats(k, p, in, n);
    kc_floats(k, p == KC_nan || p == KC_inf ? KC_random : p, in2, n);
    kc_floats(k, KC_random, in3, n);
    if (run == run_rope) { /* cosines and sines: half as many, at the ends of their regions */
        in2 += n - n / 2;
        in3 += n - n / 2;
    }
    for (size_t row = 0; row < k->n_rows; row++) {
        float *out = row ? kc_place(k, 4, n * sizeof *out) : want;
        call c = {k->row[row], in, in2, in3, out, n, number};
        memcpy(out, in, n * sizeof *out);
        if (!kc_guard(k, row, run, &c))
            continue;
        ptrdiff_t at = kc_differs(want, out, n);
        kc_outcome(k, row, at < 0 && kc_canary_intact(out), "n = %zu, %s: value %td", n,
                   kc_pattern_name(p), at);
    }
}

static void check_lengths(kc *k, runner *run, size_t step, float number) {
    for (kc_pattern p = 0; p < KC_N_PATTERNS; p++) {
        for (size_t n = 0; n <= 70; n += step)
            check(k, run, n, p, number);
        check(k, run, 2048, p, number);
        check(k, run, 4090, p, number);
    }
}

void kc_check_rms_norm(kc *k) {
    check_lengths(k, run_rms_norm, 1, 1e-6f);
    check_lengths(k, run_rms_norm_in_place, 1, 1e-5f);
}

/* Floats around every half, as bits: ties, both neighbours, overflow, denormals, NaNs. */
static void narrow_all(kc *k) {
    enum { N = 64 };
    float in[N];
    for (uint32_t high = 0; high < 0x10000; high++) {
        uint16_t want[N], got[N];
        for (uint32_t i = 0; i < N; i++) {
            static const uint32_t low[] = {0,      1,      0xfff,  0x1000, 0x1001, 0x1fff,
                                           0x2000, 0x3000, 0x2fff, 0x3001, 0x5000, 0x7000,
                                           0x8000, 0x9000, 0xb000, 0xffff};
            in[i] =
                lnr_f32_from_bits((high << 16 | low[i % 16]) + (i >= 16 ? kc_random(k) % 99 : 0));
        }
        for (size_t row = 0; row < k->n_rows; row++) {
            ((lnr_narrow_fn *)k->row[row]->run)(in, N, row ? got : want);
            if (row && memcmp(want, got, sizeof got) != 0)
                kc_outcome(k, row, false, "bits %x....", high);
        }
    }
}

/* The scalar row against the formula by its name, in doubles. */
static void gelu_truth(kc *k) {
    for (int i = -2000; i <= 2000; i++) {
        float x = (float)i / 160.0f, one = 1.0f, y;
        call c = {k->row[0], &x, &one, NULL, &y, 1, 0.0f};
        if (!kc_guard(k, 0, run_gated, &c))
            return;
        double d = (double)x;
        double want = 0.5 * d * (1.0 + tanh(sqrt(2.0 / acos(-1.0)) * (d + 0.044715 * d * d * d)));
        kc_outcome(k, 0, fabs((double)y - want) <= 4e-6 * fabs(want) + 1e-15,
                   "gelu(%g) is %g, not %g", d, (double)y, want);
    }
}

void kc_check_silu_mul(kc *k) {
    check_lengths(k, run_gated, 1, 0.0f);
    check_lengths(k, run_gated_in_place, 1, 0.0f);
}

void kc_check_gelu_mul(kc *k) {
    gelu_truth(k);
    check_lengths(k, run_gated, 1, 0.0f);
    check_lengths(k, run_gated_in_place, 1, 0.0f);
}

void kc_check_softcap(kc *k) {
    check_lengths(k, run_softcap, 1, 30.0f);
    check_lengths(k, run_softcap, 7, 0x1p-140f);
}

void kc_check_add(kc *k) {
    check_lengths(k, run_add, 1, 0.0f);
}

void kc_check_scale(kc *k) {
    check_lengths(k, run_scale, 1, 0.3f);
}

void kc_check_narrow(kc *k) {
    narrow_all(k);
    check_lengths(k, run_narrow, 1, 0.0f);
}

void kc_check_rope(kc *k) {
    check_lengths(k, run_rope, 2, 0.0f);
}
