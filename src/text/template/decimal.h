/* Doubles as decimal text and back, exactly, whatever the host program's locale.
 *
 * Writing gives the shortest digits that read back as the same double and, among those, the nearest
 * to it, in Python's layout (1.0, 1e-07, 1e+16, inf, nan); reading and rounding are correct to the
 * last bit. All three work on integers of a few thousand bits, the textbook way. */
#ifndef LNR_TEXT_TEMPLATE_DECIMAL_H
#define LNR_TEXT_TEMPLATE_DECIMAL_H

#include "base/slice.h"

#define DECIMAL_TEXT_MAX 32

/* Python's repr(x), NUL-terminated; returns its length. */
size_t decimal_write(double x, char text[DECIMAL_TEXT_MAX]);

/* Reads digits[.digits][e[+-]digits], all of s, no sign; too large gives infinity. False if s is
 * something else. */
bool decimal_read(lnr_str s, double *x);

/* x rounded to n_places after the point (before it if negative), a tie to even. */
double decimal_round(double x, int n_places);

/* x with exactly n_places (0 to 17) digits after the point; false if |x| >= 1e15 or not finite. */
#define DECIMAL_PLACES_MAX 17
bool decimal_write_fixed(double x, unsigned n_places, char text[DECIMAL_TEXT_MAX * 2]);

#endif
