/* Decimal text of doubles by exact integer arithmetic; see decimal.h.
 *
 * Writing is Steele and White's digit generation with the scaling of Burger and Dybvig (1996): the
 * number is r / s, and half the distances to its neighbours are up / s and down / s; digits are
 * produced until what is left cannot be told from the number. Reading divides two integers to 64
 * bits and rounds once. */
#include "text/template/decimal.h"

#include "base/bits.h"

#include <math.h>
#include <stdio.h>

/* Reading: 800 digits over 10^1130, shifted for a 64-bit quotient: below 3900 bits. Writing: below
 * 2300 bits. */
#define LIMBS_MAX       128
#define READ_DIGITS_MAX 800 /* more only decide whether there is a remainder */
#define DIGITS_MAX      400

typedef struct big {
    uint32_t limb[LIMBS_MAX]; /* least significant first */
    size_t n;                 /* without leading zeros */
} big;

static void big_set(big *a, uint64_t x) {
    a->limb[0] = (uint32_t)x;
    a->limb[1] = (uint32_t)(x >> 32);
    a->n = a->limb[1] ? 2 : a->limb[0] != 0;
}

static void big_mul_add(big *a, uint32_t factor, uint32_t plus) {
    uint64_t carry = plus;
    for (size_t i = 0; i < a->n; i++) {
        carry += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry && a->n < LIMBS_MAX)
        a->limb[a->n++] = (uint32_t)carry;
}

static void big_mul_pow10(big *a, int n) {
    for (; n >= 9; n -= 9)
        big_mul_add(a, 1000000000u, 0);
    for (; n > 0; n--)
        big_mul_add(a, 10, 0);
}

static void big_shift_left(big *a, int n_bits) {
    size_t limbs = (size_t)n_bits / 32;
    if (a->n == 0 || a->n + limbs >= LIMBS_MAX)
        return;
    memmove(a->limb + limbs, a->limb, a->n * sizeof *a->limb);
    memset(a->limb, 0, limbs * sizeof *a->limb);
    a->n += limbs;
    big_mul_add(a, 1u << (n_bits % 32), 0);
}

static void big_halve(big *a) {
    for (size_t i = 0; i < a->n; i++)
        a->limb[i] = a->limb[i] >> 1 | (i + 1 < a->n ? a->limb[i + 1] << 31 : 0);
    if (a->n && a->limb[a->n - 1] == 0)
        a->n--;
}

static int big_compare(const big *a, const big *b) {
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (size_t i = a->n; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

static void big_sub(big *a, const big *b) { /* a >= b */
    uint64_t borrow = 0;
    for (size_t i = 0; i < a->n; i++) {
        uint64_t d = (uint64_t)a->limb[i] - (i < b->n ? b->limb[i] : 0) - borrow;
        a->limb[i] = (uint32_t)d;
        borrow = d >> 63;
    }
    while (a->n && a->limb[a->n - 1] == 0)
        a->n--;
}

static int big_compare_sum(const big *a, const big *b, const big *c) { /* a + b with c */
    big sum = *a;
    uint64_t carry = 0;
    for (size_t i = 0; i < b->n || carry; i++) {
        if (i == sum.n)
            sum.limb[sum.n++] = 0;
        carry += (uint64_t)sum.limb[i] + (i < b->n ? b->limb[i] : 0);
        sum.limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return big_compare(&sum, c);
}

static int big_bits(const big *a) {
    return a->n ? (int)(a->n * 32) - __builtin_clz(a->limb[a->n - 1]) : 0;
}

/* a / b below 10: its digit; a becomes the remainder. */
static char big_digit(big *a, const big *b) {
    char digit = '0';
    for (; big_compare(a, b) >= 0; digit++)
        big_sub(a, b);
    return digit;
}

/* ---- writing */

typedef struct scaled {
    big r, s, up, down;
    int k;     /* r / s = x / 10^k */
    bool even; /* the bounds themselves read back as x */
} scaled;

/* x > 0, finite. Afterwards x (shortest: x plus half the way to its neighbour) is in 10^(k-1) to
 * 10^k. */
static void scale(scaled *z, double x, bool shortest) {
    uint64_t bits = lnr_f64_bits(x), f = bits & 0xfffffffffffffu;
    int e = (int)(bits >> 52);
    bool narrow = e > 1 && f == 0; /* the neighbour below is half as far */
    f |= e ? 0x10000000000000u : 0;
    e = (e ? e : 1) - 1075;
    z->even = (f & 1) == 0;
    big_set(&z->r, f << (narrow ? 2 : 1));
    big_set(&z->s, narrow ? 4 : 2);
    big_set(&z->up, narrow ? 2 : 1);
    big_set(&z->down, 1);
    if (e >= 0) {
        big_shift_left(&z->r, e);
        big_shift_left(&z->up, e);
        big_shift_left(&z->down, e);
    } else {
        big_shift_left(&z->s, -e);
    }
    /* log10(2) = 0.30103; the estimate is the right k or one less */
    int log2 = e + 63 - __builtin_clzll(f);
    z->k = (int)floor(log2 * 0.30102999566398 + 1e-9);
    if (z->k >= 0)
        big_mul_pow10(&z->s, z->k);
    else {
        big_mul_pow10(&z->r, -z->k);
        big_mul_pow10(&z->up, -z->k);
        big_mul_pow10(&z->down, -z->k);
    }
    for (;;) {
        int c = shortest ? big_compare_sum(&z->r, &z->up, &z->s) : big_compare(&z->r, &z->s);
        if (c < 0 || (c == 0 && shortest && !z->even))
            return;
        big_mul_add(&z->s, 10, 0);
        z->k++;
    }
}

/* The shortest digits; returns how many. */
static int shortest_digits(scaled *z, char *digit) {
    for (int n = 0;; n++) {
        big_mul_add(&z->r, 10, 0);
        big_mul_add(&z->up, 10, 0);
        big_mul_add(&z->down, 10, 0);
        digit[n] = big_digit(&z->r, &z->s);
        int low = big_compare(&z->r, &z->down), high = big_compare_sum(&z->r, &z->up, &z->s);
        bool may_stop = low < 0 || (low == 0 && z->even);
        bool may_raise = high > 0 || (high == 0 && z->even);
        if (!may_stop && !may_raise)
            continue;
        if (may_raise) {
            int half = big_compare_sum(&z->r, &z->r, &z->s);
            if (!may_stop || half > 0 || (half == 0 && (digit[n] & 1)))
                digit[n]++;
        }
        return n + 1;
    }
}

size_t decimal_write(double x, char text[DECIMAL_TEXT_MAX]) {
    if (isnan(x) || isinf(x) || x == 0)
        return (size_t)snprintf(text, DECIMAL_TEXT_MAX, "%s%s", signbit(x) && !isnan(x) ? "-" : "",
                                isnan(x) ? "nan" : (isinf(x) ? "inf" : "0.0"));
    scaled z;
    char digit[DECIMAL_TEXT_MAX];
    scale(&z, fabs(x), true);
    int n = shortest_digits(&z, digit), k = z.k;
    size_t at = 0;
    if (x < 0)
        text[at++] = '-';
    if (k > 16 || k < -3) { /* Python's bounds for the exponent */
        text[at++] = digit[0];
        if (n > 1) {
            text[at++] = '.';
            memcpy(text + at, digit + 1, (size_t)n - 1);
            at += (size_t)n - 1;
        }
        return at + (size_t)snprintf(text + at, DECIMAL_TEXT_MAX - at, "e%c%02d", k > 0 ? '+' : '-',
                                     k > 0 ? k - 1 : 1 - k);
    }
    if (k <= 0)
        at += (size_t)snprintf(text + at, DECIMAL_TEXT_MAX - at, "0.%.*s", -k, "000");
    for (int i = 0; i < n || i < k; i++) {
        if (i == k && k > 0)
            text[at++] = '.';
        text[at++] = i < n ? digit[i] : '0';
    }
    if (n <= k) {
        text[at++] = '.';
        text[at++] = '0';
    }
    text[at] = '\0';
    return at;
}

/* The digits of x > 0 up to the n_places-th after the point, rounded to even on a tie: x is about
 * 0.DIGITS * 10^*k. Returns how many; 0 is zero. */
static int rounded_digits(double x, int n_places, char digit[DIGITS_MAX], int *k) {
    scaled z;
    scale(&z, x, false);
    int n = z.k + n_places;
    *k = z.k;
    if (n < 0 || n >= DIGITS_MAX)
        return 0;
    for (int i = 0; i < n; i++) {
        big_mul_add(&z.r, 10, 0);
        digit[i] = big_digit(&z.r, &z.s);
    }
    int half = big_compare_sum(&z.r, &z.r, &z.s), i = n;
    if (half < 0 || (half == 0 && (n == 0 || !(digit[n - 1] & 1))))
        return n;
    while (i > 0 && digit[i - 1] == '9')
        digit[--i] = '0';
    if (i > 0) {
        digit[i - 1]++;
        return n;
    }
    digit[0] = '1'; /* 9.99 became 10.0: the zeros that follow are there, and one more */
    if (n > 0)
        digit[n] = '0';
    *k += 1;
    return n + 1;
}

double decimal_round(double x, int n_places) {
    if (!isfinite(x) || x == 0 || n_places > 330 || (n_places >= 0 && fabs(x) >= 0x1p53))
        return x;
    if (n_places < -310)
        return copysign(0, x);
    char text[DIGITS_MAX + 16];
    int k, n = rounded_digits(fabs(x), n_places, text, &k);
    double y = 0;
    size_t at = (size_t)n;
    at += (size_t)snprintf(text + at, sizeof text - at, "e%d", k - n);
    if (n > 0)
        decimal_read((lnr_str){text, at}, &y);
    return copysign(y, x);
}

bool decimal_write_fixed(double x, unsigned n_places, char text[DECIMAL_TEXT_MAX * 2]) {
    if (!(fabs(x) < 1e15) || n_places > DECIMAL_PLACES_MAX)
        return false;
    char digit[DIGITS_MAX];
    int k = 0, places = (int)n_places;
    int n = x == 0 ? 0 : rounded_digits(fabs(x), places, digit, &k);
    size_t at = 0;
    if (signbit(x))
        text[at++] = '-';
    if (k <= 0)
        text[at++] = '0';
    for (int i = k < 0 ? k : 0; i < k; i++) /* the digits before the point */
        if (i >= 0)
            text[at++] = i < n ? digit[i] : '0';
    if (places > 0)
        text[at++] = '.';
    for (int i = k; i < k + places; i++)
        text[at++] = i >= 0 && i < n ? digit[i] : '0';
    text[at] = '\0';
    return true;
}

/* ---- reading */

/* num / den, rounded to the nearest double. */
static double divide(big *num, big *den) {
    int shift = 63 - (big_bits(num) - big_bits(den)); /* quotient in 2^62 .. 2^64 */
    if (shift > 0)
        big_shift_left(num, shift);
    big_shift_left(den, 63 + (shift < 0 ? -shift : 0));
    uint64_t q = 0;
    for (int i = 0; i < 64; i++) {
        q <<= 1;
        if (big_compare(num, den) >= 0) {
            big_sub(num, den);
            q |= 1;
        }
        big_halve(den);
    }
    int exponent = 63 - __builtin_clzll(q) - shift; /* of the leading bit */
    int keep = exponent >= -1022 ? 53 : 53 - (-1022 - exponent);
    int drop = 64 - __builtin_clzll(q) - keep;
    if (drop > 64)
        return 0;
    uint64_t mantissa = drop == 64 ? 0 : q >> drop, half = (uint64_t)1 << (drop - 1);
    uint64_t rest = q & (half - 1);
    if ((q & half) && (rest || num->n || (mantissa & 1)))
        mantissa++;
    return ldexp((double)mantissa, drop - shift); /* exact */
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool read_exponent(lnr_str s, size_t i, int *exponent) {
    bool negative = i < s.n && s.p[i] == '-';
    i += i < s.n && (s.p[i] == '-' || s.p[i] == '+');
    if (i == s.n)
        return false;
    int e = 0;
    for (; i < s.n && is_digit(s.p[i]); i++)
        if (e < 100000000) /* beyond any text's number of digits */
            e = e * 10 + (s.p[i] - '0');
    *exponent = negative ? -e : e;
    return i == s.n;
}

bool decimal_read(lnr_str s, double *x) {
    big num, den;
    big_set(&num, 0);
    num.limb[0] = 0;
    int64_t exponent = 0, n_kept = 0;
    bool has_digit = false, after_point = false, rest = false;
    size_t i = 0;
    for (; i < s.n && (is_digit(s.p[i]) || (s.p[i] == '.' && !after_point)); i++) {
        if (s.p[i] == '.') {
            after_point = true;
            continue;
        }
        has_digit = true;
        if (num.n == 0 && s.p[i] != '0')
            big_set(&num, (uint64_t)(s.p[i] - '0'));
        else if (num.n && n_kept < READ_DIGITS_MAX)
            big_mul_add(&num, 10, (uint32_t)(s.p[i] - '0'));
        else
            rest |= s.p[i] != '0';
        bool kept = num.n && n_kept < READ_DIGITS_MAX;
        n_kept += kept;
        exponent += (num.n && !kept) - after_point;
    }
    int written = 0;
    if (i < s.n && (s.p[i] | 32) == 'e' && !read_exponent(s, i + 1, &written))
        return false;
    if (!has_digit || (i < s.n && (s.p[i] | 32) != 'e'))
        return false;
    exponent += written;
    if (rest) { /* one more digit stands for all that follow */
        big_mul_add(&num, 10, 1);
        exponent--;
        n_kept++;
    }
    if (num.n == 0 || n_kept + exponent < -330) {
        *x = 0;
        return true;
    }
    if (n_kept + exponent > 310) {
        *x = INFINITY;
        return true;
    }
    big_set(&den, 1);
    big_mul_pow10(exponent >= 0 ? &num : &den, (int)(exponent >= 0 ? exponent : -exponent));
    *x = divide(&num, &den);
    return true;
}
