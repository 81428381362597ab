/* The search for scales that all encoders share.
 *
 * Plain rounding takes a group's scale from its largest value. Here trial scales around that one
 * are each improved by least squares for the integers they give, and the trial of least error wins;
 * so an outlier may clip, or the grid shift, when that serves the rest. Groups have 16 or 32
 * weights. */
#ifndef LNR_QUANT_FIT_H
#define LNR_QUANT_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* value = scale * q - min, 0 <= q <= top */
typedef struct fit_range {
    float scale, min;
} fit_range;

/* The factors on the squared errors of a group with a minimum: importance, or without it rms + |x|,
 * since large weights carry larger products. */
void fit_weigh(const float *x, const float *importance, int n, float *w);

/* Scale and min >= 0 (any_min: of either sign) for n values; scale 0 for values that are equal. */
fit_range fit_scale_min(const float *x, const float *w, int n, int top, bool any_min);

/* The scale, of either sign, of value = scale * q, lowest <= q < -lowest; 0 for zeros. w may be
 * NULL. */
float fit_scale(const float *x, const float *w, int n, int lowest);

/* The same for value = scale * table[code], table ascending. */
float fit_scale_table(const float *x, const float *w, int n, const int8_t table[16]);

/* The code of the entry nearest to v. */
int fit_code(float v, const int8_t table[16]);

/* ---- super-blocks of 256 weights, whose groups' scales are integers times one half ---- */

typedef struct fit_super {
    uint16_t d, dmin;
    uint8_t scale[16], min[16];
    uint8_t q[256];
} fit_super;

/* value = d * scale * q - dmin * min in groups of `group` (16 or 32): 0 <= q <= top, 0 <= scale,
 * min <= levels. */
void fit_super_min(const float *x, const float *importance, int group, int top, int levels,
                   fit_super *out);

/* value = d * (scale + lowest_scale) * (q + lowest) in groups of 16, the sums being lowest_scale to
 * -lowest_scale - 1 and lowest to -lowest - 1. */
void fit_super_signed(const float *x, const float *importance, int lowest, int lowest_scale,
                      fit_super *out);

#endif
