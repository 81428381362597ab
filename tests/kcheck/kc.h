/* kcheck: every row of kernels.def against the scalar row of its operation, by bits.
 *
 * A check makes one case (sizes, a pattern, inputs), runs the scalar kernel once and then every
 * other row of the slot on the same inputs. Inputs and outputs end at a page that nobody may touch,
 * so a read or write beyond an end is a fault, which is caught and charged to the row that runs. */
#ifndef TESTS_KCHECK_KC_H
#define TESTS_KCHECK_KC_H

#include "kernels/select.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the numbers of a case look like. */
#define KC_PATTERNS(X)                                                                             \
    X(random) X(zero) X(max) X(min) X(alternate) X(denormal) X(huge) X(nan) X(inf) X(period) X(wild)

typedef enum kc_pattern {
#define X(name) KC_##name,
    KC_PATTERNS(X)
#undef X
        KC_N_PATTERNS
} kc_pattern;

enum { KC_REGIONS = 8, KC_ROWS_MAX = 16 };

typedef struct kc {
    uint64_t rng;
    /* the rows of the slot under check, [0] the scalar one */
    const lnr_kernel_row *row[KC_ROWS_MAX];
    size_t n_rows;
    size_t n_cases[KC_ROWS_MAX];
    size_t n_failed[KC_ROWS_MAX];
    char *region[KC_REGIONS]; /* each KC_REGION_BYTES, ending at a no-access page */
} kc;

#define KC_REGION_BYTES ((size_t)2 << 20)

/* ---- numbers (kc_numbers.c) ---- */

uint32_t kc_random(kc *k);                     /* 32 random bits */
size_t kc_below(kc *k, size_t n);              /* 0..n-1 */
float kc_float(kc *k, kc_pattern p, size_t i); /* i-th value of a pattern */
void kc_floats(kc *k, kc_pattern p, float *out, size_t n);
uint16_t kc_half(kc *k, kc_pattern p, size_t i);
void kc_panel_blocks(kc *k, lnr_type type, kc_pattern p, void *panel, size_t n_blocks);
void kc_activations(kc *k, lnr_act act, kc_pattern p, void *x, size_t n_k);
const char *kc_pattern_name(kc_pattern p);

/* ---- memory and comparison (kc_run.c) ---- */

/* The last `bytes` bytes of a region; the 64 bytes before them are a canary. Filled with canary. */
void *kc_place(kc *k, int region, size_t bytes);
bool kc_canary_intact(const void *p); /* p from kc_place */

/* What a check compares: n results of a row with the scalar's, any NaN equal to any NaN. Returns
 * -1, or the index of the first difference. */
ptrdiff_t kc_differs(const float *want, const float *got, size_t n);

/* Runs fn(arg) with faults caught; false and a line if there was one. */
bool kc_guard(kc *k, size_t row, void (*fn)(void *), void *arg);

/* Notes the outcome of a case; format describes the case, printed for a failure only. */
void kc_outcome(kc *k, size_t row, bool passed, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- checks, one per operation: all cases for the rows in k ---- */

void kc_check_gemm(kc *k);
void kc_check_quantize(kc *k);
void kc_check_rms_norm(kc *k);
void kc_check_silu_mul(kc *k);
void kc_check_gelu_mul(kc *k);
void kc_check_softcap(kc *k);
void kc_check_add(kc *k);
void kc_check_scale(kc *k);
void kc_check_narrow(kc *k);
void kc_check_rope(kc *k);
void kc_check_attn_block(kc *k); /* scores, values */
void kc_check_attn_softmax(kc *k);
void kc_check_attn_merge(kc *k);
void kc_check_logits(kc *k);

/* ---- speed ---- */

/* A loop that does nothing but the multiplications of a row's level; run NULL: no limit known. */
typedef struct kc_peak {
    void (*run)(void);
    double macs; /* of one run */
} kc_peak;

kc_peak kc_peak_of(const lnr_kernel_row *row);

/* Of one thread among n_threads, in units of 1e9 per second; 0: not measured. */
typedef struct kc_gemm_speed {
    double read;   /* bytes of a plain read of weights in memory */
    double one;    /* the same weights times one token */
    double some;   /* times 8 tokens: bytes that 8 single tokens would have read */
    double cached; /* one token, weights in cache */
    double many;   /* multiplications with 252 tokens */
    double peak;   /* bare multiplications */
} kc_gemm_speed;

kc_gemm_speed kc_bench_gemm(kc *k, const lnr_kernel_row *row, size_t n_threads);

/* Prints the row's speed; false if it is not worth its place beside the scalar row. */
bool kc_bench(kc *k, const lnr_kernel_row *row, size_t n_threads);

#endif
