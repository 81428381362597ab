/* Per cents of limits. No figure is bounded here or anywhere after: one above 100 is a finding. */
#include "measure/roofline.h"

static double quotient(double a, double b) {
    return b > 0 ? a / b : 0;
}

void roofline_of(const lnr_work *w, const lnr_limits *l, lnr_roofline *out) {
    double busy = quotient((double)w->int8_macs, l->int8_macs_per_s) +
                  quotient((double)w->f32_macs, l->f32_macs_per_s);
    out->bytes_per_s = quotient((double)w->bytes, w->seconds);
    out->roofline_pct = 100 * quotient(out->bytes_per_s, l->bytes_per_s);
    out->peak_pct = 100 * quotient(busy, w->seconds);
}
