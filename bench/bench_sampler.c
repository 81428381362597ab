/* What choosing a token costs, on one thread, for vocabularies of 152k and 262k tokens.
 *
 *     bench_sampler [RUNS]
 *
 * Rows are chains of samplers; each figure is the median of RUNS picks (another position and
 * another of four rows of logits each time), in microseconds of the thread's processor time, beside
 * the fastest. Logits are a hump with a long upper tail, as a language model's are. The history has
 * 4096 tokens with repetitions in it. */
#include "base/alloc.h"
#include "base/rng.h"
#include "cpu/features.h"
#include "kernels/select.h"
#include "sample/sampler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 4, HISTORY = 4096, RUNS_MAX = 10000 };

typedef struct chain {
    const char *name;
    void (*set)(lnr_sampler_options *o);
    bool logprobs;
} chain;

static void set_greedy(lnr_sampler_options *o) {
    o->temperature = 0.0f;
}

static void set_default(lnr_sampler_options *o) {
    o->top_k = 40;
    o->top_p = 0.95f;
    o->min_p = 0.05f;
    o->temperature = 0.8f;
}

static void set_top_k_1000(lnr_sampler_options *o) {
    set_default(o);
    o->top_k = 1000;
}

static void set_all(lnr_sampler_options *o) {
    static const lnr_logit_bias bias[] = {{5, 1.0f}, {700, -2.0f}, {90000, -__builtin_inff()}};
    set_default(o);
    o->repeat_penalty = 1.1f;
    o->frequency_penalty = 0.1f;
    o->presence_penalty = 0.1f;
    o->dry_multiplier = 0.8f;
    o->no_repeat_ngram = 6;
    o->top_n_sigma = 4.0f;
    o->tfs_z = 0.99f;
    o->typical_p = 0.98f;
    o->xtc_probability = 0.5f;
    o->dynatemp_range = 0.3f;
    o->min_keep = 2;
    o->logit_bias = bias;
    o->n_logit_bias = sizeof bias / sizeof bias[0];
}

static void set_all_whole_window(lnr_sampler_options *o) {
    set_all(o);
    o->penalty_last_n = -1;
}

static void set_mirostat_1(lnr_sampler_options *o) {
    set_all(o);
    o->mirostat = 1;
}

static void set_mirostat_2(lnr_sampler_options *o) {
    set_all(o);
    o->mirostat = 2;
}

static void set_no_top_k(lnr_sampler_options *o) {
    set_default(o);
    o->top_k = 0;
}

static void set_all_no_top_k(lnr_sampler_options *o) {
    set_all(o);
    o->top_k = 0;
}

static void set_temperature(lnr_sampler_options *o) {
    o->temperature = 0.8f;
}

static const chain chains[] = {
    {"greedy", set_greedy, false},
    {"top-k 40, top-p, min-p, temperature", set_default, false},
    {"the same with top-k 1000", set_top_k_1000, false},
    {"all samplers, top-k 40", set_all, false},
    {"all samplers, penalties on 4096 tokens", set_all_whole_window, false},
    {"penalties, dry, mirostat 1", set_mirostat_1, false},
    {"penalties, dry, mirostat 2", set_mirostat_2, false},
    {"all samplers, top-k 40, 20 logprobs", set_all, true},
    {"top-k off: top-p, min-p, temperature", set_no_top_k, false},
    {"top-k off: all other samplers", set_all_no_top_k, false},
    {"top-k off: temperature only", set_temperature, false},
};

static double cpu_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void fill_logits(float *l, uint32_t n, uint64_t seed) {
    for (uint32_t i = 0; i < n; i++) {
        double sum = -6.0;
        for (uint64_t k = 0; k < 12; k++)
            sum += lnr_rng_unit(seed, i, k);
        l[i] = (float)(sum * 2.5 + (lnr_rng_u64(seed, i, 99) % 3000 == 0 ? 8.0 : 0.0));
    }
}

static void bench(sampler *s, const chain *c, float *const *logits, const history *h, int n_runs) {
    static double us[RUNS_MAX];
    static sampler_result result;
    lnr_sampler_options o;
    sampler_config config;
    sampler_state state;
    lnr_error err;
    sampler_options_off(&o);
    c->set(&o);
    if (sampler_config_init(&config, &o, 152064, &err)) {
        printf("%s: %s\n", c->name, err.text);
        return;
    }
    sampler_state_init(&state, &config);
    for (int i = -ROWS; i < n_runs; i++) { /* the first few are not counted */
        sampler_input in = {.logits = logits[(i + ROWS) % ROWS],
                            .history = *h,
                            .logprobs = c->logprobs,
                            .n_top = c->logprobs ? LNR_TOP_LOGPROBS_MAX : 0};
        in.history.n -= (uint32_t)(i + ROWS) % 8;
        double begin = cpu_us();
        if (sampler_pick(s, &config, &in, &state, &result, &err))
            printf("%s\n", err.text);
        if (i >= 0)
            us[i] = cpu_us() - begin;
    }
    sampler_config_deinit(&config);
    qsort(us, (size_t)n_runs, sizeof *us, by_value);
    printf("  %-42s %8.1f us (fastest %.1f)\n", c->name, us[n_runs / 2], us[0]);
}

static lnr_kernels kernels;

int main(int argc, char **argv) {
    static const uint32_t sizes[] = {152064, 262144};
    static int32_t token[HISTORY];
    static uint8_t breaker[HISTORY];
    int n_runs = argc > 1 ? atoi(argv[1]) : 101;
    if (n_runs < 1 || n_runs > RUNS_MAX)
        return 2;
    kernels_select(lnr_cpu_features(), &kernels);
    logit_ops ops = {kernels.block_max_f32_f32, kernels.block_moments_f32_f32,
                     kernels.block_exp_f32_f32};
    for (uint32_t i = 0; i < HISTORY; i++) {
        /* words of a small vocabulary, a line of 30 tokens that comes back now and then */
        uint64_t line = lnr_rng_u64(1, i / 30, 0) % 40, at = i % 30;
        token[i] = (int32_t)(lnr_rng_u64(2, line, at) % 5000);
        breaker[i] = at == 29;
    }
    history h = {token, breaker, HISTORY, 500};
    for (size_t v = 0; v < sizeof sizes / sizeof sizes[0]; v++) {
        float *logits[ROWS];
        sampler *s;
        lnr_error err;
        for (uint64_t r = 0; r < ROWS; r++) {
            logits[r] = lnr_alloc(sizes[v] * sizeof(float));
            if (logits[r])
                fill_logits(logits[r], sizes[v], r);
        }
        if (sampler_create(sizes[v], HISTORY, &ops, &s, &err))
            return 1;
        printf("vocabulary %u\n", (unsigned)sizes[v]);
        for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++)
            bench(s, &chains[i], logits, &h, n_runs);
        sampler_destroy(s);
        for (int r = 0; r < ROWS; r++)
            lnr_free(logits[r]);
    }
    return 0;
}
