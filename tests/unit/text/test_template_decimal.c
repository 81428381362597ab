/* Doubles to text and back: against the C library's correctly rounded strtod and printf, which here
 * run in the C locale, and against known shortest texts. */
#include "text/template/decimal.h"

#include "base/bits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t random_state = 7;

static uint64_t random_u64(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Of all sizes, of everyday sizes, and next to powers of two. */
static double random_double(int kind) {
    double x;
    switch (kind % 4) {
    case 0:
        do
            x = fabs(lnr_f64_from_bits(random_u64()));
        while (!isfinite(x));
        return x;
    case 1:
        return (double)(random_u64() % 1000000000u) / (double)(1u << random_u64() % 24);
    case 2:
        return ldexp(1.0, (int)(random_u64() % 2098) - 1074);
    default:
        return (double)(random_u64() % 100000) / 1000.0;
    }
}

static void written_numbers_are_as_python_writes_them(void **state) {
    (void)state;
    /* From Python's repr. */
    static const struct {
        double x;
        const char *text;
    } rows[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {0.00001234, "1.234e-05"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {0x1p-44, "5.684341886080802e-14"}, /* not the nearest 16 digits, but they read back */
        {9007199254740993.0, "9007199254740992.0"},
        {1e23, "1e+23"},
        {9.5367431640625e-07, "9.5367431640625e-07"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"}};
    char text[DECIMAL_TEXT_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = decimal_write(rows[i].x, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(n, strlen(text));
    }
}

/* Digits between the first and the last that is not zero. */
static int significant_digits(const char *text) {
    int n = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text == '.' || (*text == '0' && n == 0))
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        n++;
    }
    return n - zeros;
}

static void written_numbers_are_shortest_and_read_back(void **state) {
    (void)state;
    char text[DECIMAL_TEXT_MAX], shorter[64];
    for (int i = 0; i < 20000; i++) {
        double x = random_double(i), y;
        decimal_write(x, text);
        assert_true(strtod(text, NULL) == x);
        assert_true(decimal_read(lnr_str_from(text), &y) && y == x);
        int digits = significant_digits(text);
        if (digits < 2)
            continue;
        snprintf(shorter, sizeof shorter, "%.*e", digits - 2, x);
        assert_true(strtod(shorter, NULL) != x);
    }
}

static void read_numbers_are_correctly_rounded(void **state) {
    (void)state;
    char text[1600];
    double y;
    for (int i = 0; i < 20000; i++) {
        double x = random_double(i);
        snprintf(text, sizeof text, "%.*e", (int)(random_u64() % 40), x);
        assert_true(decimal_read(lnr_str_from(text), &y));
        assert_true(strtod(text, NULL) == y);
    }
    /* Half way between neighbours, and a little beside it. */
    for (int i = 0; i < 300; i++) {
        double x = ldexp((double)(random_u64() % 4503599627370496u + 4503599627370496u),
                         -60 - (int)(random_u64() % 900));
        long double middle = (long double)x + (long double)ldexp(1.0, ilogb(x) - 53);
        int n = snprintf(text, sizeof text, "%.1200Lf", middle);
        assert_true(decimal_read(lnr_str_from(text), &y));
        assert_true(strtod(text, NULL) == y);
        text[n - 1] = '1';
        assert_true(decimal_read(lnr_str_from(text), &y));
        assert_true(strtod(text, NULL) == y);
    }
    static const char *const edges[] = {"0",
                                        "0.0e99999999999",
                                        "1e-400",
                                        "1e400",
                                        "00012",
                                        "1.",
                                        ".5",
                                        "2.4703282292062327e-324",
                                        "2.4703282292062328e-324",
                                        "1.7976931348623158e308",
                                        "1.7976931348623159e308",
                                        "4.9406564584124654e-324",
                                        "1e+5",
                                        "1E-5"};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        assert_true(decimal_read(lnr_str_from(edges[i]), &y));
        assert_true(strtod(edges[i], NULL) == y);
    }
    static const char *const bad[] = {"",   ".",    "e5",   "1e",  "1e+", "-1", "+1",
                                      "1x", "1e5x", "1..2", "0x1", "inf", " 1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(decimal_read(lnr_str_from(bad[i]), &y));
}

static void rounding_is_exact(void **state) {
    (void)state;
    char text[DECIMAL_TEXT_MAX * 2], expected[512];
    for (int i = 0; i < 20000; i++) {
        double x = random_double(1 + 2 * (i % 2));
        unsigned places = (unsigned)(random_u64() % 18);
        x = i % 3 ? x : -x;
        assert_true(decimal_write_fixed(x, places, text));
        snprintf(expected, sizeof expected, "%.*f", (int)places, x);
        assert_string_equal(text, expected);
        assert_true(decimal_round(x, (int)places) == strtod(expected, NULL));
    }
    assert_true(decimal_round(2.5, 0) == 2 && decimal_round(3.5, 0) == 4);
    assert_true(decimal_round(1250, -2) == 1200 && decimal_round(1350, -2) == 1400);
    assert_true(decimal_round(0.5, 0) == 0 && decimal_round(0.6, 0) == 1);
    assert_true(decimal_round(99.5, -2) == 100 && decimal_round(7, -2) == 0);
    assert_true(decimal_round(1e300, 5) == 1e300 && decimal_round(1e-300, 5) == 0);
    assert_true(isnan(decimal_round(NAN, 2)) && isinf(decimal_round(INFINITY, 2)));
    assert_false(decimal_write_fixed(1e15, 2, text));
    assert_false(decimal_write_fixed(NAN, 2, text));
    assert_false(decimal_write_fixed(1, 18, text));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_numbers_are_as_python_writes_them),
        cmocka_unit_test(written_numbers_are_shortest_and_read_back),
        cmocka_unit_test(read_numbers_are_correctly_rounded),
        cmocka_unit_test(rounding_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
