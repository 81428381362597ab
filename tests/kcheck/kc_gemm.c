/* Products and quantisers: against scalar by bits, and scalar against an independent computation in
 * double precision, so that scalar does not define its own truth. */
#include "kc.h"

#include "base/checked.h"
#include "quant/format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static lnr_type type_of(const char *weight) {
#define X(TYPE, lower, act, ACT)                                                                   \
    if (strcmp(weight, #lower) == 0)                                                               \
        return LNR_TYPE_##TYPE;
    LNR_FORMAT_LIST(X)
#undef X
    return LNR_TYPE_F64;
}

/* ---- gemm ---- */

typedef struct gemm_call {
    lnr_gemm_fn *fn;
    lnr_gemm_args args;
} gemm_call;

static void call_gemm(void *arg) {
    gemm_call *c = arg;
    c->fn(&c->args);
}

/* The last token's activations end at the guard page, whatever the stride. */
static void *place_activations(kc *k, lnr_act act, size_t n_k, size_t stride, size_t n_cols) {
    size_t used = act == LNR_ACT_F32     ? n_k * 4
                  : act == LNR_ACT_Q8A32 ? n_k / 32 * sizeof(lnr_q8a32)
                                         : n_k / 256 * sizeof(lnr_q8a256);
    return kc_place(k, 1, n_cols ? (n_cols - 1) * stride + used : 0);
}

static void gemm_case(kc *k, size_t n_panels, size_t n_blocks, size_t n_cols, kc_pattern p) {
    lnr_type type = type_of(k->row[0]->weight);
    lnr_act act = lnr_format_find(type)->act;
    size_t block_bytes = lnr_type_block_bytes(type) * LNR_PANEL_ROWS;
    size_t n_k = n_blocks * lnr_type_block_weights(type), stride = lnr_act_stride(act, n_k);
    size_t n_rows = n_panels * LNR_PANEL_ROWS, ldy = n_rows + 3;
    size_t n_y = n_cols ? (n_cols - 1) * ldy + n_rows : 0;
    void *w = kc_place(k, 0, n_panels * n_blocks * block_bytes);
    char *x = place_activations(k, act, n_k, stride, n_cols);
    float *want = kc_place(k, 2, n_y * sizeof *want);
    kc_panel_blocks(k, type, p, w, n_panels * n_blocks);
    for (size_t c = 0; c < n_cols; c++)
        kc_activations(k, act, p, x + c * stride, n_k);
    for (size_t row = 0; row < k->n_rows; row++) {
        float *y = row ? kc_place(k, 3, n_y * sizeof *y) : want;
        gemm_call call = {(lnr_gemm_fn *)k->row[row]->run,
                          {w, n_panels, n_k, x, stride, n_cols, y, ldy}};
        if (!kc_guard(k, row, call_gemm, &call))
            continue;
        ptrdiff_t at = kc_differs(want, y, n_y); /* the gaps between tokens are canaries too */
        kc_outcome(k, row, at < 0 && kc_canary_intact(y),
                   "%zu panels, %zu blocks, %zu tokens, %s: value %td (token %td, row %td)",
                   n_panels, n_blocks, n_cols, kc_pattern_name(p), at, at / (ptrdiff_t)ldy,
                   at % (ptrdiff_t)ldy);
    }
}

/* Scalar against doubles: weights decoded from the file's blocks, activations as d * q. What scalar
 * does in float is one rounding of a product of scales and one fma per block and part, so its error
 * is at most (n_blocks + 3) * 2^-23 of the sum of magnitudes, which the test allows and no more. */
static void gemm_truth(kc *k) {
    lnr_type type = type_of(k->row[0]->weight);
    const lnr_format *format = lnr_format_find(type);
    size_t block = lnr_type_block_weights(type), n_k = block == 256 ? 768 : 96, n_rows = 19;
    size_t row_bytes = n_k / block * lnr_type_block_bytes(type);
    static float x[768], decoded[768], y[32];
    static char rows[19 * 768 * 4], panels[32 * 768 * 4], act[4096];
    for (size_t r = 0; r < n_rows; r++) {
        kc_floats(k, KC_random, x, n_k);
        format->encode(x, NULL, n_k, rows + r * row_bytes);
    }
    for (size_t r = 0; r < n_rows; r += LNR_PANEL_ROWS)
        format->pack(rows + r * row_bytes, n_rows - r < 16 ? n_rows - r : 16, n_k,
                     panels + r * row_bytes);
    kc_activations(k, format->act, KC_random, act, n_k);
    gemm_call call = {(lnr_gemm_fn *)k->row[0]->run, {panels, 2, n_k, act, 0, 1, y, 32}};
    if (!kc_guard(k, 0, call_gemm, &call))
        return;
    for (size_t r = 0; r < n_rows; r++) {
        double sum = 0, magnitude = 0;
        format->decode(rows + r * row_bytes, n_k, decoded);
        for (size_t i = 0; i < n_k; i++) {
            double value = ((const float *)(const void *)act)[format->act == LNR_ACT_F32 ? i : 0];
            if (format->act == LNR_ACT_Q8A32) {
                const lnr_q8a32 *b = (const lnr_q8a32 *)(const void *)act + i / 32;
                value = (double)b->d * b->q[i % 32];
            } else if (format->act == LNR_ACT_Q8A256) {
                const lnr_q8a256 *b = (const lnr_q8a256 *)(const void *)act + i / 256;
                value = (double)b->d * b->q[i % 256];
            }
            sum += (double)decoded[i] * value;
            magnitude += fabs((double)decoded[i] * value);
        }
        double allowed = ((double)(n_k / block) + 3.0) * 0x1p-23 * magnitude;
        kc_outcome(k, 0, fabs(sum - (double)y[r]) <= allowed, "row %zu is %g, in doubles %g", r,
                   (double)y[r], sum);
    }
}

void kc_check_gemm(kc *k) {
    size_t block = lnr_type_block_weights(type_of(k->row[0]->weight));
    size_t blocks_max = block == 256 ? 3 : block == 32 ? 9 : 19;
    size_t panels_max = block == 1 ? 9 : 5;
    gemm_truth(k);
    for (size_t panels = 0; panels <= panels_max; panels++)
        for (size_t blocks = 0; blocks <= blocks_max; blocks += block == 1 ? 3 : 1)
            for (size_t cols = 0; cols <= 13; cols++)
                gemm_case(k, panels, blocks, cols, KC_random);
    for (kc_pattern p = 0; p < KC_N_PATTERNS; p++)
        for (size_t cols = 1; cols <= 13; cols++)
            for (size_t panels = 1; panels <= 5; panels += 2)
                gemm_case(k, panels, block == 256 ? 2 : 11, cols, p);
    for (size_t cols = 14; cols <= 67;
         cols++) /* kernels of prompts: two pairs of tiles of tokens */
        for (size_t panels = 1; panels <= 3; panels++)
            gemm_case(k, panels, 1 + cols % blocks_max, cols, KC_random);
    for (kc_pattern p = 0; p < KC_N_PATTERNS; p++)
        gemm_case(k, 3, block == 256 ? 2 : 11, 37, p);
    for (size_t cols = 32; cols <= 43 && block == 32; cols += 11)
        gemm_case(k, 2, 32 + 32 + 3, cols, KC_random); /* longer rows than are unpacked at once */
    /* more tokens than are unpacked for at once */
    static const size_t many[] = {96 + 1, 96 + 13, 128, 128 + 1, 128 + 19, 256, 256 + 3};
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
        gemm_case(k, 1 + i % 3, 2, many[i], KC_random);
}

/* ---- quantize ---- */

typedef struct quantize_call {
    lnr_quantize_fn *fn;
    const float *x;
    size_t n;
    void *out;
} quantize_call;

static void call_quantize(void *arg) {
    quantize_call *c = arg;
    c->fn(c->x, c->n, c->out);
}

/* By bytes but for d, where any NaN equals any NaN. */
static bool blocks_equal(const char *want, const char *got, size_t n_blocks, size_t bytes,
                         size_t d) {
    for (size_t i = 0; i < n_blocks; i++, want += bytes, got += bytes) {
        float a, b;
        memcpy(&a, want + d, sizeof a);
        memcpy(&b, got + d, sizeof b);
        if (memcmp(want, got, d) != 0 || kc_differs(&a, &b, 1) >= 0 ||
            memcmp(want + d + 4, got + d + 4, bytes - d - 4) != 0)
            return false;
    }
    return true;
}

/* The rule of quant/activation.h in other words: x = d * q within half a step, d the step of amax.
 */
static bool obeys_rule(const float *x, const int8_t *q, float d, size_t n) {
    float amax = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            amax = NAN;
        amax = fabsf(x[i]) > amax ? fabsf(x[i]) : amax;
    }
    bool finite = isfinite(amax), tiny = amax < 0x1p-100f;
    if (finite && !tiny ? d != amax / 127.0f : finite ? d != 0.0f : !isnan(d))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!finite || tiny ? q[i] != 0 : q[i] == -128)
            return false;
        double steps = finite && !tiny ? (double)x[i] * 127.0 / (double)amax : 0.0;
        if (fabs(steps - q[i]) > 0.5 + 1e-4)
            return false;
    }
    return true;
}

static void quantize_case(kc *k, size_t n_blocks, kc_pattern p, float factor) {
    bool wide = strcmp(k->row[0]->act, "q8a256") == 0;
    size_t n = wide ? 256 : 32, bytes = wide ? sizeof(lnr_q8a256) : sizeof(lnr_q8a32);
    size_t d = wide ? offsetof(lnr_q8a256, d) : offsetof(lnr_q8a32, d);
    float *x = kc_place(k, 0, n_blocks * n * sizeof *x);
    char *want = kc_place(k, 1, n_blocks * bytes);
    kc_floats(k, p, x, n_blocks * n);
    for (size_t i = 0; i < n_blocks * n; i++)
        x[i] *= factor;
    for (size_t row = 0; row < k->n_rows; row++) {
        char *out = row ? kc_place(k, 2, n_blocks * bytes) : want;
        quantize_call call = {(lnr_quantize_fn *)k->row[row]->run, x, n_blocks * n, out};
        if (!kc_guard(k, row, call_quantize, &call))
            continue;
        bool ok = blocks_equal(want, out, n_blocks, bytes, d) && kc_canary_intact(out);
        for (size_t i = 0; i < n_blocks && row == 0; i++) {
            float step;
            memcpy(&step, out + i * bytes + d, sizeof step);
            ok = ok && obeys_rule(x + i * n, (const int8_t *)(out + i * bytes), step, n);
        }
        kc_outcome(k, row, ok, "%zu blocks, %s x %g", n_blocks, kc_pattern_name(p), (double)factor);
    }
}

void kc_check_quantize(kc *k) {
    static const float factors[] = {1.0f, 0x1p-99f, 0x1p-101f, 0x1p-108f, 1e30f, -1.0f, 0.01f};
    for (size_t n = 0; n <= 9; n++)
        for (kc_pattern p = 0; p < KC_N_PATTERNS; p++)
            for (size_t f = 0; f < sizeof factors / sizeof factors[0]; f++)
                quantize_case(k, n, p, factors[f]);
}
