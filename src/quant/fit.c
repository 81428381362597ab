/* See fit.h. Sums over a group run in four partial sums, which compilers turn into vectors; their
 * order is written out, so every build encodes the same bytes. */
#include "quant/fit.h"

#include "base/f16.h"
#include "quant/round.h"

#include <math.h>
#include <string.h>

enum { LANES = 4, REFINE = 8 }; /* partial sums; rounds of refinement at most */

static float total(const float p[LANES]) {
    return (p[0] + p[1]) + (p[2] + p[3]);
}

/* ---- scale and minimum ---- */

void fit_weigh(const float *x, const float *importance, int n, float *w) {
    float square = 0.0f;
    for (int i = 0; i < n; i++)
        square += x[i] * x[i];
    float rms = sqrtf(square / (float)n);
    for (int i = 0; i < n; i++)
        w[i] = importance ? importance[i] : rms + fabsf(x[i]);
}

typedef struct fit_group {
    const float *x, *w;
    int n;
    float top;
    bool any_min;
    float sum_w, sum_x; /* of w and of w * x */
} fit_group;

/* The error of a least-squares fit is sum(w x x) - gain. */
typedef struct gain_range {
    fit_range f;
    float gain;
} gain_range;

/* Keeps in `best` the least-squares fit for the q of the grid (x - lowest) * inverse, if it is
 * better. */
static void try_range(const fit_group *g, float lowest, float inverse, gain_range *best) {
    float q1[LANES] = {0}, qq[LANES] = {0}, xq[LANES] = {0};
    for (int i = 0; i < g->n; i += LANES)
        for (int l = 0; l < LANES; l++) {
            float q = quant_nearest(inverse * (g->x[i + l] - lowest), 0.0f, g->top);
            float wq = g->w[i + l] * q;
            q1[l] += wq;
            qq[l] += wq * q;
            xq[l] += wq * g->x[i + l];
        }
    float sum_q = total(q1), sum_qq = total(qq), sum_xq = total(xq);
    float det = g->sum_w * sum_qq - sum_q * sum_q;
    if (!(det > 0.0f))
        return;
    fit_range f = {(g->sum_w * sum_xq - g->sum_x * sum_q) / det,
                   -(sum_qq * g->sum_x - sum_q * sum_xq) / det};
    if (f.min < 0.0f && !g->any_min) /* the format cannot add: fit through zero */
        f = (fit_range){sum_xq / sum_qq, 0.0f};
    float gain = f.scale * sum_xq - f.min * g->sum_x;
    if (f.scale > 0.0f && gain > best->gain)
        *best = (gain_range){f, gain};
}

fit_range fit_scale_min(const float *x, const float *w, int n, int top, bool any_min) {
    fit_group g = {x, w, n, (float)top, any_min, 0.0f, 0.0f};
    float lowest = any_min ? x[0] : 0.0f, highest = x[0];
    for (int i = 0; i < n; i++) {
        lowest = x[i] < lowest ? x[i] : lowest;
        highest = x[i] > highest ? x[i] : highest;
        g.sum_w += w[i];
        g.sum_x += w[i] * x[i];
    }
    float range = highest - lowest;
    if (!(range > 0.0f)) /* all equal and, unless any_min, not positive */
        return (fit_range){0.0f, -lowest};
    gain_range best = {{range / (float)top, -lowest}, -INFINITY};
    for (int step = -10; step <= 10; step++)
        try_range(&g, lowest, ((float)top + 0.1f * (float)step) / range, &best);
    for (int again = 0; again < REFINE; again++) { /* the grid of the best fit itself */
        float before = best.gain;
        try_range(&g, -best.f.min, 1.0f / best.f.scale, &best);
        if (!(best.gain > before))
            break;
    }
    return best.f;
}

/* ---- scale alone ---- */

/* The best scale for given q is sum(x q) / sum(q q) and its gain sum(x q)^2 / sum(q q). */
typedef struct gain_scale {
    float scale, gain;
} gain_scale;

static void keep_better(gain_scale *best, float sum_xq, float sum_qq) {
    float gain = sum_qq > 0.0f ? sum_xq * sum_xq / sum_qq : 0.0f;
    if (gain > best->gain)
        *best = (gain_scale){sum_xq / sum_qq, gain};
}

static float extreme_of(const float *x, int n) {
    float extreme = 0.0f;
    for (int i = 0; i < n; i++)
        extreme = fabsf(x[i]) > fabsf(extreme) ? x[i] : extreme;
    return fabsf(extreme) > 1e-30f ? extreme : 0.0f;
}

static const float *or_ones(const float *w) {
    static const float ones[32] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                   1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    return w ? w : ones;
}

static void try_scale(const float *x, const float *w, int n, float lowest, float inverse,
                      gain_scale *best) {
    float qq[LANES] = {0}, xq[LANES] = {0};
    for (int i = 0; i < n; i += LANES)
        for (int l = 0; l < LANES; l++) {
            float q = quant_nearest(inverse * x[i + l], lowest, -lowest - 1.0f);
            float wq = w[i + l] * q;
            qq[l] += wq * q;
            xq[l] += wq * x[i + l];
        }
    keep_better(best, total(xq), total(qq));
}

float fit_scale(const float *x, const float *w, int n, int lowest) {
    float extreme = extreme_of(x, n), low = (float)lowest;
    if (extreme == 0.0f)
        return 0.0f;
    gain_scale best = {extreme / low, 0.0f};
    w = or_ones(w);
    for (int step = -9; step <= 9; step++) /* the extreme goes to the longer side */
        try_scale(x, w, n, low, (low + 0.1f * (float)step) / extreme, &best);
    for (int again = 0; again < REFINE; again++) {
        float before = best.gain;
        try_scale(x, w, n, low, 1.0f / best.scale, &best);
        if (!(best.gain > before))
            break;
    }
    return best.scale;
}

/* ---- scale of a table ---- */

int fit_code(float v, const int8_t table[16]) {
    int code = 0;
    for (int i = 0; i < 15; i++) /* past the middle between this entry and the next */
        code += 2.0f * v > (float)(table[i] + table[i + 1]);
    return code;
}

/* A table as the sum of the steps whose middles a value has passed. */
typedef struct steps {
    float first, middle[15], step[15];
} steps;

static inline float step_at(float past, float step) {
    past = past > 0.0f ? past : 0.0f;
    return past < step ? past : step;
}

static void try_table(const float *x, const float *w, int n, const steps *s, float inverse,
                      gain_scale *best) {
    float qq[LANES] = {0}, xq[LANES] = {0}, v[32], q[32];
    for (int i = 0; i < n; i++) {
        v[i] = inverse * x[i];
        q[i] = s->first;
    }
    for (int k = 0; k < 15; k++)
        for (int i = 0; i < n; i++) /* v > middle ? step : 0, as compilers make vectors of it */
            q[i] += step_at((v[i] - s->middle[k]) * 1e30f, s->step[k]);
    for (int i = 0; i < n; i += LANES)
        for (int l = 0; l < LANES; l++) {
            float wq = w[i + l] * q[i + l];
            qq[l] += wq * q[i + l];
            xq[l] += wq * x[i + l];
        }
    keep_better(best, total(xq), total(qq));
}

float fit_scale_table(const float *x, const float *w, int n, const int8_t table[16]) {
    float extreme = extreme_of(x, n);
    if (extreme == 0.0f)
        return 0.0f;
    steps s = {.first = (float)table[0]};
    for (int k = 0; k < 15; k++) {
        s.middle[k] = 0.5f * (float)(table[k] + table[k + 1]);
        s.step[k] = (float)(table[k + 1] - table[k]);
    }
    gain_scale best = {extreme / (float)table[0], 0.0f};
    w = or_ones(w);
    for (int step = -5; step <= 5; step++) { /* the extreme at either end of the table */
        float stretch = (1.0f + 0.04f * (float)step) / extreme;
        try_table(x, w, n, &s, (float)table[0] * stretch, &best);
        try_table(x, w, n, &s, (float)table[15] * stretch, &best);
    }
    for (int again = 0; again < REFINE; again++) {
        float before = best.gain;
        try_table(x, w, n, &s, 1.0f / best.scale, &best);
        if (!(best.gain > before))
            break;
    }
    return best.scale;
}

/* ---- super-blocks ---- */

/* The weighted error of value = scale * q - min with the best q of lo..hi. */
static float error_of(const float *x, const float *w, int n, fit_range f, float lo, float hi) {
    float error[LANES] = {0}, inverse = f.scale != 0.0f ? 1.0f / f.scale : 0.0f;
    for (int i = 0; i < n; i += LANES)
        for (int l = 0; l < LANES; l++) {
            float q = quant_nearest((x[i + l] + f.min) * inverse, lo, hi);
            float e = f.scale * q - f.min - x[i + l];
            error[l] += w[i + l] * e * e;
        }
    return total(error);
}

static int clamp(int v, int lo, int hi) {
    return v < lo ? lo : v > hi ? hi : v;
}

/* The integers next to f's scale and min that serve the group best, d and dmin being settled. */
static void settle_min(const float *x, const float *w, int group, fit_range f, int top, int levels,
                       int j, fit_super *out) {
    float d = lnr_f16_to_f32(out->d), dmin = lnr_f16_to_f32(out->dmin), best = INFINITY;
    int scale = d > 0.0f ? quant_round(f.scale / d, 0, levels) : 0;
    int min = dmin > 0.0f ? quant_round(f.min / dmin, 0, levels) : 0;
    out->scale[j] = (uint8_t)scale;
    out->min[j] = (uint8_t)min;
    for (int i = 0; i < 9; i++) {
        int s = clamp(scale + i / 3 - 1, 0, levels), m = clamp(min + i % 3 - 1, 0, levels);
        fit_range trial = {d * (float)s, dmin * (float)m};
        float error = error_of(x, w, group, trial, 0.0f, (float)top);
        if (error < best) {
            best = error;
            out->scale[j] = (uint8_t)s;
            out->min[j] = (uint8_t)m;
        }
    }
}

void fit_super_min(const float *x, const float *importance, int group, int top, int levels,
                   fit_super *out) {
    fit_range f[16];
    float w[256], scale_max = 0.0f, min_max = 0.0f;
    for (int j = 0; j < 256 / group; j++) {
        int at = j * group;
        fit_weigh(x + at, importance ? importance + at : NULL, group, w + at);
        f[j] = fit_scale_min(x + at, w + at, group, top, false);
        scale_max = f[j].scale > scale_max ? f[j].scale : scale_max;
        min_max = f[j].min > min_max ? f[j].min : min_max;
    }
    out->d = lnr_f32_to_f16(scale_max / (float)levels);
    out->dmin = lnr_f32_to_f16(min_max / (float)levels);
    float d = lnr_f16_to_f32(out->d), dmin = lnr_f16_to_f32(out->dmin);
    memset(out->q, 0, sizeof out->q);
    for (int j = 0; j < 256 / group; j++) {
        settle_min(x + j * group, w + j * group, group, f[j], top, levels, j, out);
        float scale = d * (float)out->scale[j], min = dmin * (float)out->min[j];
        float inverse = scale > 0.0f ? 1.0f / scale : 0.0f;
        for (int i = j * group; i < (j + 1) * group; i++)
            out->q[i] = (uint8_t)quant_round((x[i] + min) * inverse, 0, top);
    }
}

/* As settle_min, for a signed scale alone. */
static int settle_signed(const float *x, const float *w, float d, int scale, int lowest,
                         int lowest_scale) {
    float best = INFINITY;
    int chosen = scale;
    for (int i = -1; i <= 1; i++) {
        int s = clamp(scale + i, lowest_scale, -lowest_scale - 1);
        fit_range trial = {d * (float)s, 0.0f};
        float error = error_of(x, w, 16, trial, (float)lowest, (float)(-lowest - 1));
        if (error < best) {
            best = error;
            chosen = s;
        }
    }
    return chosen;
}

void fit_super_signed(const float *x, const float *importance, int lowest, int lowest_scale,
                      fit_super *out) {
    float scale[16];
    for (int j = 0; j < 16; j++)
        scale[j] = fit_scale(x + 16 * j, importance ? importance + 16 * j : NULL, 16, lowest);
    out->d = lnr_f32_to_f16(extreme_of(scale, 16) / (float)lowest_scale);
    float d = lnr_f16_to_f32(out->d);
    for (int j = 0; j < 16; j++) {
        const float *w = or_ones(importance ? importance + 16 * j : NULL);
        int s = d != 0.0f ? quant_round(scale[j] / d, lowest_scale, -lowest_scale - 1) : 0;
        s = settle_signed(x + 16 * j, w, d, s, lowest, lowest_scale);
        float inverse = d * (float)s != 0.0f ? 1.0f / (d * (float)s) : 0.0f;
        out->scale[j] = (uint8_t)(s - lowest_scale);
        for (int i = 16 * j; i < 16 * j + 16; i++)
            out->q[i] = (uint8_t)(quant_round(x[i] * inverse, lowest, -lowest - 1) - lowest);
    }
}
