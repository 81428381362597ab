/* Work beside limits; see lnr_roofline_of. */
#ifndef LNR_MEASURE_ROOFLINE_H
#define LNR_MEASURE_ROOFLINE_H

#include <lanner/measure.h>

void roofline_of(const lnr_work *w, const lnr_limits *l, lnr_roofline *out);

#endif
