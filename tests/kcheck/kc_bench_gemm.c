/* How fast a product is, beside what the machine allows.
 *
 * Every round measures in turn: a plain read of the weights, one token and a few over more weights
 * than a core's share of any cache (generation), one token over weights in cache, many tokens (a
 * prompt) and the level's bare multiplications. All in the thread's own time, and the best of the
 * rounds counts, so neighbours on the machine disturb little; and a per cent compares neighbours in
 * time, so a drifting clock disturbs little. */
#include "kc.h"

#include "os/os.h"
#include "quant/format.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5, N_K = 2048, FEW = 8, PROMPT = 252, N_CACHED = 16, REPEAT = 8, THREADS_MAX = 16 };

#define WEIGHT_BYTES ((size_t)512 << 20) /* of all threads together */

typedef enum phase { READ, ONE, SOME, CACHED, MANY, PEAK, PHASES } phase;

typedef struct worker {
    struct bench *b;
    char *w, *x;
    float *y;
    double best[PHASES]; /* seconds */
} worker;

typedef struct bench {
    lnr_gemm_fn *fn;
    kc_peak peak;
    size_t panel_bytes, n_panels, stride, n_threads, n_tokens[PHASES];
    worker worker[THREADS_MAX];
    atomic_uint arrived;
} bench;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Four sums and a prefetch: nothing found reads faster. */
static void read_all(const char *p, size_t n) {
    uint64_t sum[4] = {0};
    for (const char *end = p + n / 64 * 64; p < end; p += 64) {
        uint64_t v[8];
        __builtin_prefetch(p + 4096);
        memcpy(v, p, sizeof v);
        for (int i = 0; i < 8; i++)
            sum[i % 4] += v[i];
    }
    __asm__ volatile("" ::"r"(sum[0] + sum[1] + sum[2] + sum[3])); /* or it would all be deleted */
}

static void run(const worker *me, phase p) {
    const bench *b = me->b;
    size_t n_panels = p == CACHED || p == MANY ? N_CACHED : b->n_panels;
    lnr_gemm_args a = {me->w,     n_panels,       N_K,   me->x,
                       b->stride, b->n_tokens[p], me->y, n_panels * LNR_PANEL_ROWS};
    if (p == READ)
        read_all(me->w, b->n_panels * b->panel_bytes);
    else if (p == PEAK)
        b->peak.run();
    else
        b->fn(&a);
}

/* All threads measure the same phase at the same time: they share the memory's bandwidth. */
static void measure(void *arg) {
    worker *me = arg;
    bench *b = me->b;
    unsigned step = 0;
    for (int round = 0; round < ROUNDS; round++)
        for (phase p = 0; p < PHASES; p++) {
            atomic_fetch_add(&b->arrived, 1);
            for (step++; atomic_load(&b->arrived) < step * b->n_threads;)
                os_pause();
            if (!b->n_tokens[p])
                continue;
            size_t repeat = p == CACHED || p == MANY || p == PEAK ? REPEAT : 1;
            if (repeat > 1)
                run(me, p); /* warms caches and the clock */
            double start = seconds();
            for (size_t i = 0; i < repeat; i++)
                run(me, p);
            double t = (seconds() - start) / (double)repeat;
            me->best[p] = round && me->best[p] < t ? me->best[p] : t;
        }
}

static bool prepare(kc *k, bench *b, worker *me, lnr_type type, lnr_act act) {
    size_t n_y = b->n_panels * LNR_PANEL_ROWS * FEW + PROMPT * N_CACHED * LNR_PANEL_ROWS;
    me->b = b;
    me->w = os_memory_alloc(b->n_panels * b->panel_bytes);
    me->x = os_memory_alloc(PROMPT * b->stride);
    me->y = os_memory_alloc(n_y * sizeof *me->y);
    if (!me->w || !me->x || !me->y)
        return false;
    kc_panel_blocks(k, type, KC_random, me->w, N_CACHED * N_K / lnr_type_block_weights(type));
    for (size_t p = N_CACHED; p < b->n_panels; p++)
        memcpy(me->w + p * b->panel_bytes, me->w + p % N_CACHED * b->panel_bytes, b->panel_bytes);
    for (size_t c = 0; c < PROMPT; c++)
        kc_activations(k, act, KC_random, me->x + c * b->stride, N_K);
    memset(me->y, 0, n_y * sizeof *me->y); /* touched before it is timed */
    return true;
}

static void release(bench *b) {
    for (size_t t = 0; t < b->n_threads; t++) {
        worker *me = &b->worker[t];
        os_memory_free(me->w, b->n_panels * b->panel_bytes);
        os_memory_free(me->x, PROMPT * b->stride);
        os_memory_free(me->y,
                       (b->n_panels * LNR_PANEL_ROWS * FEW + PROMPT * N_CACHED * LNR_PANEL_ROWS) *
                           sizeof *me->y);
    }
}

/* Per thread and second: the phase's amount over the threads' mean time. */
static double rate(const bench *b, phase p, double amount) {
    double t = 0;
    for (size_t i = 0; i < b->n_threads; i++)
        t += b->worker[i].best[p] / (double)b->n_threads;
    return t > 0 ? amount / t * 1e-9 : 0;
}

static bool run_threads(bench *b) {
    os_thread *thread[THREADS_MAX] = {0};
    int cpus[THREADS_MAX];
    unsigned n_cpus = os_cpus(cpus, THREADS_MAX);
    bool ok = true;
    for (size_t t = 0; t < b->n_threads && ok; t++)
        ok = os_thread_start(measure, &b->worker[t], cpus[t % n_cpus], &thread[t], NULL) == LNR_OK;
    for (size_t t = 0; t < b->n_threads && thread[t]; t++)
        os_thread_join(thread[t]);
    return ok;
}

kc_gemm_speed kc_bench_gemm(kc *k, const lnr_kernel_row *row, size_t n_threads) {
    static bench b;
    lnr_type type = LNR_TYPE_F32;
    kc_gemm_speed s = {0};
#define X(TYPE, lower, act, ACT)                                                                   \
    if (strcmp(row->weight, #lower) == 0)                                                          \
        type = LNR_TYPE_##TYPE;
    LNR_FORMAT_LIST(X)
#undef X
    bool scalar = strcmp(row->isa, "scalar") == 0; /* little of the work is enough to see it */
    lnr_act act = lnr_format_find(type)->act;
    size_t block = lnr_type_block_weights(type), few = scalar ? 0 : FEW;
    memset(&b, 0, sizeof b);
    b.fn = (lnr_gemm_fn *)row->run;
    b.peak = kc_peak_of(row);
    b.n_threads = n_threads < THREADS_MAX ? n_threads : THREADS_MAX;
    b.panel_bytes = N_K / block * lnr_type_block_bytes(type) * LNR_PANEL_ROWS;
    b.n_panels = WEIGHT_BYTES / (scalar ? 100 : b.n_threads) / b.panel_bytes;
    b.stride = lnr_act_stride(act, N_K);
    memcpy(b.n_tokens, (size_t[PHASES]){1, 1, few, 1, scalar ? 2 : PROMPT, b.peak.run ? 1 : 0},
           sizeof b.n_tokens);
    bool ok = true;
    for (size_t t = 0; t < b.n_threads && ok; t++)
        ok = prepare(k, &b, &b.worker[t], type, act);
    if (ok && run_threads(&b)) {
        double bytes = (double)(b.n_panels * b.panel_bytes);
        double macs = (double)(N_CACHED * LNR_PANEL_ROWS * N_K);
        s = (kc_gemm_speed){.read = rate(&b, READ, bytes),
                            .one = rate(&b, ONE, bytes),
                            .some = (double)few * rate(&b, SOME, bytes),
                            .cached = rate(&b, CACHED, (double)(N_CACHED * b.panel_bytes)),
                            .many = rate(&b, MANY, macs * (double)b.n_tokens[MANY]),
                            .peak = rate(&b, PEAK, b.peak.macs)};
    }
    release(&b);
    return s;
}
