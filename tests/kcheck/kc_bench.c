/* How fast a row is on one thread: the best of a few runs, since the machine's neighbours only slow
 * things down. Products: one token over more weights than any cache holds, as in generation, in
 * GB/s of weights; and 256 tokens, as in a prompt, in GMAC/s. Others: bytes read and written, from
 * L1 or L2. */
#include "kc.h"

#include "os/os.h"
#include "quant/format.h"

#include <stdio.h>
#include <string.h>

enum { RUNS = 7, N_K = 2048, PROMPT = 256 };

#define WEIGHT_BYTES ((size_t)512 << 20) /* more than this machine's share of L3 */

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

typedef struct gemm_call {
    lnr_gemm_fn *fn;
    lnr_gemm_args args;
} gemm_call;

static void call_gemm(void *arg) {
    gemm_call *c = arg;
    c->fn(&c->args);
}

static void bench_gemm(kc *k, const lnr_kernel_row *row) {
    lnr_type type = LNR_TYPE_F32;
#define X(TYPE, lower, act, ACT)                                                                   \
    if (strcmp(row->weight, #lower) == 0)                                                          \
        type = LNR_TYPE_##TYPE;
    LNR_FORMAT_LIST(X)
#undef X
    bool scalar = strcmp(row->isa, "scalar") == 0; /* a hundredth of the work is enough to see it */
    lnr_act act = lnr_format_find(type)->act;
    size_t block = lnr_type_block_weights(type), stride = lnr_act_stride(act, N_K);
    size_t panel_bytes = N_K / block * lnr_type_block_bytes(type) * LNR_PANEL_ROWS;
    size_t n_panels = (scalar ? WEIGHT_BYTES / 100 : WEIGHT_BYTES) / panel_bytes;
    size_t n_few = scalar ? 2 : 32;
    size_t n_y = n_panels * LNR_PANEL_ROWS + PROMPT * n_few * LNR_PANEL_ROWS;
    char *w = os_memory_alloc(n_panels * panel_bytes), *x = os_memory_alloc(PROMPT * stride);
    float *y = os_memory_alloc(n_y * sizeof *y);
    if (w && x && y) {
        kc_panel_blocks(k, type, KC_random, w, n_few * N_K / block);
        for (size_t p = n_few; p < n_panels; p++)
            memcpy(w + p * panel_bytes, w + p % n_few * panel_bytes, panel_bytes);
        for (size_t c = 0; c < PROMPT; c++)
            kc_activations(k, act, KC_random, x + c * stride, N_K);
        gemm_call one = {(lnr_gemm_fn *)row->run, {w, n_panels, N_K, x, stride, 1, y, n_y}};
        gemm_call few = one;
        few.args.n_panels = n_few;
        gemm_call many = few;
        many.args.n_cols = scalar ? 4 : PROMPT;
        many.args.ldy = n_few * LNR_PANEL_ROWS;
        double macs = (double)(n_few * LNR_PANEL_ROWS * N_K * many.args.n_cols);
        printf("%-42s %7.2f GB/s memory %7.2f GB/s cache %8.2f GMAC/s\n", row->name,
               (double)(n_panels * panel_bytes) / best_seconds(call_gemm, &one, 1) * 1e-9,
               (double)(n_few * panel_bytes) / best_seconds(call_gemm, &few, 20) * 1e-9,
               macs / best_seconds(call_gemm, &many, 1) * 1e-9);
    }
    os_memory_free(w, n_panels * panel_bytes);
    os_memory_free(x, PROMPT * stride);
    os_memory_free(y, n_y * sizeof *y);
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

static void call_chunk(void *arg) {
    void **c = arg;
    ((lnr_attn_chunk_fn *)((const lnr_kernel_row *)c[0])->run)(c[1]);
}

static void bench_attention(kc *k, const lnr_kernel_row *row) {
    enum { DIM = 128, CELLS = DIM * LNR_ATTN_BLOCK };
    static float q[8 * DIM], o[8 * DIM], m[8], l[8];
    static uint16_t cells[4][CELLS];
    static uint16_t lo[8], hi[8] = {128, 128, 128, 128, 128, 128, 128, 128};
    const uint16_t *keys[2] = {cells[0], cells[1]}, *values[2] = {cells[2], cells[3]};
    kc_floats(k, KC_random, q, 8 * DIM);
    for (size_t i = 0; i < 4 * (size_t)CELLS; i++)
        cells[i / CELLS][i % CELLS] = kc_half(k, KC_random, i);
    lnr_attn_chunk_args args = {q, 8, DIM, keys, values, lo, hi, 0.0f, m, l, o};
    const void *call[2] = {row, &args};
    double t = best_seconds(call_chunk, call, 20);
    printf("%-42s %7.2f us for 8 queries of 128, %.2f GMAC/s\n", row->name, t * 1e6,
           2.0 * 8 * 128 * DIM / t * 1e-9);
}

void kc_bench(kc *k, const lnr_kernel_row *row) {
    if (strcmp(row->op, "gemm") == 0)
        bench_gemm(k, row);
    else if (strcmp(row->op, "attn_chunk") == 0)
        bench_attention(k, row);
    else if (strcmp(row->op, "attn_merge") != 0)
        bench_vector(k, row);
}
