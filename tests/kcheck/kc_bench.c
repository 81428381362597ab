/* How fast a row is on one thread: the best of a few runs, since the machine's neighbours only slow
 * things down. Products are measured in kc_bench_gemm.c and judged here; others work on floats in
 * L1 or L2. */
#include "kc.h"

#include "os/os.h"

#include <stdio.h>
#include <string.h>

enum { RUNS = 7 };

static double best_seconds(void (*fn)(void *), void *arg, size_t repeat) {
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        uint64_t start = os_now_ns();
        for (size_t i = 0; i < repeat; i++)
            fn(arg);
        double t = (double)(os_now_ns() - start) * 1e-9 / (double)repeat;
        best = t < best ? t : best;
    }
    return best;
}

/* How fast the scalar row of a product's slot is, measured once. */
static double scalar_many(kc *k, lnr_kernel_slot slot) {
    static double known[LNR_KERNEL_SLOTS];
    size_t n_rows;
    const lnr_kernel_row *rows = kernels_rows(&n_rows);
    for (size_t i = 0; i < n_rows && !(known[slot] > 0); i++)
        if (rows[i].slot == slot)
            known[slot] = kc_bench_gemm(k, &rows[i], 1).many;
    return known[slot];
}

/* A row must be WORTH times as fast as the scalar row at what multiplication bounds. */
static bool bench_gemm(kc *k, const lnr_kernel_row *row, size_t n_threads) {
    static const double WORTH = 1.5;
    bool scalar = strcmp(row->isa, "scalar") == 0;
    kc_gemm_speed s = kc_bench_gemm(k, row, n_threads);
    double ratio = s.many / scalar_many(k, row->slot);
    bool worth = scalar || ratio >= WORTH;
    printf("%-42s %6.2f GB/s", row->name, s.one);
    if (!scalar)
        printf(" %3.0f %% of %.1f, x%.1f for 8, cached %.1f", 100 * s.one / s.read, s.read,
               s.some / s.one, s.cached);
    printf(", %.2f GMAC/s", s.many);
    if (s.peak > 0)
        printf(" %.0f %% of %.0f", 100 * s.many / s.peak, s.peak);
    printf(", x%.1f scalar%s\n", ratio, worth ? "" : ": FAIL, too slow");
    return worth;
}

typedef struct vector_call {
    const lnr_kernel_row *row;
    float *x, *y, *z;
    size_t n;
} vector_call;

static void call_vector(void *arg) {
    vector_call *c = arg;
    const lnr_kernel_row *r = c->row;
    if (strcmp(r->op, "quantize") == 0)
        ((lnr_quantize_fn *)r->run)(c->x, c->n, c->z);
    else if (strcmp(r->op, "rms_norm") == 0)
        ((lnr_rms_norm_fn *)r->run)(c->x, c->y, c->n, 1e-6f, c->z);
    else if (strcmp(r->op, "silu_mul") == 0 || strcmp(r->op, "gelu_mul") == 0)
        ((lnr_silu_mul_fn *)r->run)(c->x, c->y, c->n, c->z);
    else if (strcmp(r->op, "softcap") == 0)
        ((lnr_softcap_fn *)r->run)(c->z, c->n, 30.0f);
    else if (strcmp(r->op, "narrow") == 0)
        ((lnr_narrow_fn *)r->run)(c->x, c->n, (uint16_t *)(void *)c->z);
    else if (strcmp(r->op, "add") == 0)
        ((lnr_add_fn *)r->run)(c->z, c->x, c->n);
    else if (strcmp(r->op, "scale") == 0)
        ((lnr_scale_fn *)r->run)(c->z, c->n, 1.0f);
    else
        ((lnr_rope_norm_fn *)r->run)(c->z, c->n, c->x, c->y);
}

static void bench_vector(kc *k, const lnr_kernel_row *row) {
    static float x[4096], y[4096], z[4096 * 2];
    vector_call c = {row, x, y, z, 4096};
    kc_floats(k, KC_random, x, 4096);
    kc_floats(k, KC_random, y, 4096);
    kc_floats(k, KC_random, z, 4096);
    if (strncmp(row->op, "rope", 4) == 0)
        for (int i = 0; i < 4096; i++) { /* rotations: lengths stay, whatever the repetitions */
            x[i] = 0.6f;
            y[i] = 0.8f;
        }
    double t = best_seconds(call_vector, &c, 200);
    printf("%-42s %7.2f ns for 4096 floats, %.2f per ns\n", row->name, t * 1e9, 4096.0 / (t * 1e9));
}

static void call_logits(void *arg) {
    vector_call *c = arg;
    const lnr_kernel_row *r = c->row;
    if (strcmp(r->op, "block_max") == 0)
        (void)((lnr_block_max_fn *)r->run)(c->x, c->n, c->y);
    else if (strcmp(r->op, "block_moments") == 0)
        ((lnr_block_moments_fn *)r->run)(c->x, c->n, c->y, c->z);
    else
        ((lnr_block_exp_fn *)r->run)(c->x, c->n, 4.0f, 1.0f, c->y);
}

static void bench_logits(kc *k, const lnr_kernel_row *row) {
    enum { N = 152064 };
    static float x[N], y[N / LNR_LOGIT_BLOCK], z[N / LNR_LOGIT_BLOCK];
    vector_call c = {row, x, y, z, N};
    kc_floats(k, KC_random, x, N);
    double t = best_seconds(call_logits, &c, 20);
    printf("%-42s %7.2f us for %d logits\n", row->name, t * 1e6, N);
}

typedef struct block_call {
    lnr_attn_block_fn *fn;
    lnr_attn_block_args args;
} block_call;

static void call_block(void *arg) {
    block_call *c = arg;
    c->fn(&c->args);
}

static void call_peak(void *arg) {
    ((kc_peak *)arg)->run();
}

/* Scores or values of a block in L1 or L2: 1 and 8 queries, as in generation, and many. */
static void bench_block(kc *k, const lnr_kernel_row *row) {
    enum { DIM = 128, MANY = 60 };
    static const size_t n_q[] = {1, 7, 8, MANY};
    static float q[MANY * DIM], o[MANY * DIM], p[MANY * LNR_ATTN_CHUNK];
    static _Alignas(64) float wide[DIM * LNR_ATTN_BLOCK], block[DIM * LNR_ATTN_BLOCK];
    static uint16_t lo[MANY], hi[MANY];
    kc_peak peak = kc_peak_of(row);
    kc_floats(k, KC_random, q, MANY * DIM);
    memset(block, 0x11, sizeof block); /* small numbers in every format */
    for (int i = 0; i < MANY; i++)
        hi[i] = LNR_ATTN_CHUNK;
    printf("%-42s", row->name);
    for (size_t i = 0; i < sizeof n_q / sizeof n_q[0]; i++) {
        block_call c = {(lnr_attn_block_fn *)row->run,
                        {n_q[i], DIM, lo, hi, 0, block, q, p, o, block, wide}};
        double macs = (double)(n_q[i] * LNR_ATTN_BLOCK * DIM), best = 0, top = 0;
        for (int run = 0; run < RUNS; run++) { /* turn about, since the clock moves */
            double speed = macs / best_seconds(call_block, &c, 10);
            double limit = peak.run ? peak.macs / best_seconds(call_peak, &peak, 1) : 0;
            best = speed > best ? speed : best;
            top = limit > top ? limit : top;
        }
        printf("  %zu: %.1f GMAC/s", n_q[i], best * 1e-9);
        if (top > 0)
            printf(" %.0f %%", 100 * best / top);
    }
    printf("\n");
}

static void call_softmax(void *arg) {
    void **c = arg;
    ((lnr_attn_softmax_fn *)((const lnr_kernel_row *)c[0])->run)(c[1]);
}

static void bench_softmax(kc *k, const lnr_kernel_row *row) {
    enum { QUERIES = 12 };
    static float p[QUERIES * LNR_ATTN_CHUNK], m[QUERIES], l[QUERIES];
    static uint16_t lo[QUERIES], hi[QUERIES];
    for (int i = 0; i < QUERIES; i++)
        hi[i] = LNR_ATTN_CHUNK;
    kc_floats(k, KC_random, p, QUERIES * LNR_ATTN_CHUNK);
    lnr_attn_softmax_args args = {QUERIES, lo, hi, 0.0f, p, m, l};
    const void *call[2] = {row, &args};
    printf("%-42s %7.2f ns for 128 scores\n", row->name,
           best_seconds(call_softmax, call, 200) / QUERIES * 1e9);
}

bool kc_bench(kc *k, const lnr_kernel_row *row, size_t n_threads) {
    if (strcmp(row->op, "gemm") == 0)
        return bench_gemm(k, row, n_threads);
    if (strcmp(row->op, "attn_scores") == 0 || strcmp(row->op, "attn_values") == 0)
        bench_block(k, row);
    else if (strcmp(row->op, "attn_softmax") == 0)
        bench_softmax(k, row);
    else if (strncmp(row->op, "block_", 6) == 0)
        bench_logits(k, row);
    else if (strcmp(row->op, "attn_merge") != 0)
        bench_vector(k, row);
    return true;
}
