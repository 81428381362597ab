/* exp, log, pow, sin, cos in double from + - * / and fma only: the same bits on every machine.
 *
 * Each function reduces its argument to a short interval with a reduction that is exact or carries
 * its error along, then sums a Taylor series there: coefficients are 1/k! and the like, so there is
 * no table to trust. exp and log do without fma, because sampling calls them per vocabulary entry
 * and an x86-64-v2 build has no fma instruction. No exception flags, no errno, no other rounding
 * mode. */
#include "base/math.h"

#include <stdbool.h>

/* ln(2) = HI + LO; HI has 33 significant bits, so n * HI is exact for |n| < 2^20. */
#define LN2_HI 0x1.62e42feep-1
#define LN2_LO 0x1.a39ef35793c76p-33
#define LOG2E  0x1.71547652b82fep+0
/* Adding 1.5 * 2^52 rounds to an integer (|x| < 2^51) and leaves it in the low bits of the sum. */
#define ROUND 0x1.8p52

static double not_a_number(void) {
    return __builtin_nan("");
}

/* 2^n for n in -1022..1023. */
static double power_of_two(int64_t n) {
    return lnr_f64_from_bits((uint64_t)(n + 1023) << 52);
}

/* e^(hi + lo) for |hi| < 800 and |lo| far below an ulp of hi. */
static double exp_sum(double hi, double lo) {
    double t = hi * LOG2E + ROUND;
    double n = t - ROUND;
    int64_t k = (int64_t)n; /* |k| <= 1155 */
    double r = (hi - n * LN2_HI) + (lo - n * LN2_LO);
    /* |r| <= 0.347: the first term left out is r^14 / 14! < 5e-18. */
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = 1.0 + (r + r * r * p);
    /* In two steps: 2^k alone may be above the largest or below the smallest double. The first
     * product is exact, so that only a subnormal result is rounded again. */
    int64_t half = k / 2;
    return p * power_of_two(half) * power_of_two(k - half);
}

double lnr_exp(double x) {
    if (x != x)
        return x;
    if (x > 709.79) /* ln(DBL_MAX) = 709.7827... */
        return __builtin_inf();
    if (x < -745.2) /* ln(2^-1075) = -745.13... rounds to zero */
        return 0.0;
    return exp_sum(x, 0.0);
}

/* x = m * 2^result, m in [sqrt(1/2), sqrt(2)); x positive and finite. */
static int64_t split_exponent(double x, double *m) {
    int64_t k = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        k = -54;
    }
    uint64_t u = lnr_f64_bits(x);
    /* Adding the distance from sqrt(1/2) to 1 carries into the exponent exactly when m >= sqrt(2).
     */
    u += 0x3ff0000000000000u - 0x3fe6a09e667f3bcdu;
    k += (int64_t)(u >> 52) - 1023;
    *m = lnr_f64_from_bits((u & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
    return k;
}

/* (2 atanh(s) - 2 s) / s^3 - c0 over s^2 = z <= 0.0295: 2/5 + 2/7 z + ...; relative tail < 1e-17.
 */
static double atanh_tail(double z) {
    double p = 2.0 / 25.0;
    p = p * z + 2.0 / 23.0;
    p = p * z + 2.0 / 21.0;
    p = p * z + 2.0 / 19.0;
    p = p * z + 2.0 / 17.0;
    p = p * z + 2.0 / 15.0;
    p = p * z + 2.0 / 13.0;
    p = p * z + 2.0 / 11.0;
    p = p * z + 2.0 / 9.0;
    p = p * z + 2.0 / 7.0;
    return p * z + 2.0 / 5.0;
}

double lnr_log(double x) {
    if (x != x || x == __builtin_inf())
        return x;
    if (x == 0.0)
        return -__builtin_inf();
    if (x < 0.0)
        return not_a_number();
    double m;
    double k = (double)split_exponent(x, &m);
    /* log(1 + f) = 2 atanh(s) with s = f / (2 + f), and 2 s = f - s f: written so that f, the
     * largest part and exact, is added last. */
    double f = m - 1.0;
    double s = f / (2.0 + f);
    double z = s * s;
    double half_sq = 0.5 * f * f;
    double tail = z * (2.0 / 3.0 + z * atanh_tail(z));
    double low = s * (half_sq + tail) + k * LN2_LO;
    return k * LN2_HI - ((half_sq - low) - f);
}

/* A double-double: hi + lo with |lo| <= ulp(hi) / 2. */
typedef struct pair {
    double hi, lo;
} pair;

/* a + b exactly; |a| >= |b| or a == 0. */
static pair sum_ordered(double a, double b) {
    double s = a + b;
    return (pair){s, b - (s - a)};
}

static pair product(double a, double b) {
    double p = a * b;
    return (pair){p, lnr_fma(a, b, -p)};
}

/* a * b to about 2^-104. */
static pair pair_mul(pair a, pair b) {
    pair p = product(a.hi, b.hi);
    return sum_ordered(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

/* log(x) to about 2^-65: pow multiplies its error by up to 745. */
static pair log_pair(double x) {
    double m;
    double k = (double)split_exponent(x, &m);
    double f = m - 1.0;
    pair d = sum_ordered(2.0, f);
    pair s;
    s.hi = f / d.hi;
    s.lo = (lnr_fma(-s.hi, d.hi, f) - s.hi * d.lo) / d.hi;
    pair z = pair_mul(s, s);
    /* 2/3 as a pair, because its term reaches 1 % of the result; the rest in double is below 2^-65.
     */
    pair c = sum_ordered(0x1.5555555555555p-1, 0x1.5555555555555p-55 + z.hi * atanh_tail(z.hi));
    pair t = pair_mul(pair_mul(s, z), c);
    pair r = sum_ordered(2.0 * s.hi, t.hi);
    double low = r.lo + (t.lo + 2.0 * s.lo);
    if (k == 0.0)
        return sum_ordered(r.hi, low);
    pair whole = sum_ordered(k * LN2_HI, r.hi);
    return sum_ordered(whole.hi, whole.lo + (low + k * LN2_LO));
}

/* 0: no integer, 1: odd, 2: even; y finite. */
static int integer_kind(double y) {
    double a = y < 0.0 ? -y : y;
    if (a >= 0x1p53)
        return 2;
    uint64_t i = (uint64_t)a;
    if ((double)i != a)
        return 0;
    return i & 1 ? 1 : 2;
}

/* x or y is zero, infinite or NaN, but not (x == 1 or y == 0): C11 F.10.4.4. */
static double pow_special(double x, double y) {
    if (x != x || y != y)
        return x + y;
    double a = x < 0.0 ? -x : x;
    if (y == __builtin_inf() || y == -__builtin_inf()) {
        if (a == 1.0)
            return 1.0;
        return (a > 1.0) == (y > 0.0) ? __builtin_inf() : 0.0;
    }
    double magnitude = (a == 0.0) == (y > 0.0) ? 0.0 : __builtin_inf();
    bool negative = (lnr_f64_bits(x) >> 63) != 0 && integer_kind(y) == 1;
    return negative ? -magnitude : magnitude;
}

double lnr_pow(double x, double y) {
    const double inf = __builtin_inf();
    if (x == 1.0 || y == 0.0)
        return 1.0;
    if (x != x || y != y || x == 0.0 || x == inf || x == -inf || y == inf || y == -inf)
        return pow_special(x, y);
    double sign = 1.0;
    if (x < 0.0) {
        int kind = integer_kind(y);
        if (kind == 0)
            return not_a_number();
        if (kind == 1)
            sign = -1.0;
        x = -x;
        if (x == 1.0)
            return sign;
    }
    pair l = log_pair(x);
    double hi = y * l.hi;
    if (hi > 709.79)
        return sign * inf;
    if (hi < -745.2)
        return sign * 0.0;
    return sign * exp_sum(hi, lnr_fma(y, l.hi, -hi) + y * l.lo);
}

/* x = n * pi/2 + hi + lo, |hi| <= pi/4 and a little; returns n mod 4. |x| <= 2^40.
 *
 * pi/2 = P1 + P2 + P3. x and n * P1 are multiples of 2^-53 (of a smaller unit only when n is 0) and
 * their difference is below 1, so the first fma is exact; what is subtracted next keeps its error
 * in lo. */
static unsigned reduce_half_pi(double x, double *hi, double *lo) {
    const double p1 = 0x1.921fb54442d18p+0;
    const double p2 = 0x1.1a62633145c07p-54;
    const double p3 = -0x1.f1976b7ed8fbcp-110;
    double t = x * 0x1.45f306dc9c883p-1 + ROUND;
    double n = t - ROUND;
    double a = lnr_fma(-n, p1, x);
    pair b = product(n, p2);
    double h = a - b.hi;
    /* The error of a - b.hi, whichever is larger. */
    double back = h - a;
    double err = (a - (h - back)) - (b.hi + back);
    pair r = sum_ordered(h, err - b.lo - n * p3);
    *hi = r.hi;
    *lo = r.lo;
    return (unsigned)(lnr_f64_bits(t) & 3);
}

/* sin(hi + lo) for |hi| <= 0.79; the first term left out is x^19 / 19! < 1e-19. */
static double sin_core(double hi, double lo) {
    double z = hi * hi;
    double p = 1.0 / 355687428096000.0;
    p = p * z - 1.0 / 1307674368000.0;
    p = p * z + 1.0 / 6227020800.0;
    p = p * z - 1.0 / 39916800.0;
    p = p * z + 1.0 / 362880.0;
    p = p * z - 1.0 / 5040.0;
    p = p * z + 1.0 / 120.0;
    p = p * z - 1.0 / 6.0;
    return hi + (lo * (1.0 - 0.5 * z) + hi * z * p);
}

/* cos(hi + lo), the same; 1 - z/2 is rounded and its error given back. */
static double cos_core(double hi, double lo) {
    double z = hi * hi;
    double p = -1.0 / 6402373705728000.0;
    p = p * z + 1.0 / 20922789888000.0;
    p = p * z - 1.0 / 87178291200.0;
    p = p * z + 1.0 / 479001600.0;
    p = p * z - 1.0 / 3628800.0;
    p = p * z + 1.0 / 40320.0;
    p = p * z - 1.0 / 720.0;
    p = p * z + 1.0 / 24.0;
    double half = 0.5 * z;
    double w = 1.0 - half;
    return w + (((1.0 - w) - half) + (z * z * p - hi * lo));
}

static double sin_of_quadrant(unsigned quadrant, double hi, double lo) {
    switch (quadrant & 3) {
    case 0:
        return sin_core(hi, lo);
    case 1:
        return cos_core(hi, lo);
    case 2:
        return -sin_core(hi, lo);
    default:
        return -cos_core(hi, lo);
    }
}

static bool reducible(double x) {
    return x >= -LNR_SIN_MAX && x <= LNR_SIN_MAX;
}

double lnr_sin(double x) {
    if (x > -0x1p-27 && x < 0x1p-27)
        return x; /* x^3 / 6 is below half an ulp; keeps -0 */
    if (!reducible(x))
        return not_a_number();
    double hi, lo;
    unsigned quadrant = reduce_half_pi(x, &hi, &lo);
    return sin_of_quadrant(quadrant, hi, lo);
}

double lnr_cos(double x) {
    if (!reducible(x))
        return not_a_number();
    double hi, lo;
    unsigned quadrant = reduce_half_pi(x, &hi, &lo);
    return sin_of_quadrant(quadrant + 1, hi, lo);
}
