/* base/rng: fixed values, and that bits, positions and neighbouring seeds look independent. */
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static unsigned ones(uint64_t x) {
    return (unsigned)__builtin_popcountll(x);
}

/* SplitMix64's published first output for state 0 is our mix of 0. */
static void matches_splitmix64(void **state) {
    (void)state;
    assert_int_equal(lnr_rng_mix(0), 0xe220a8397b1dcdafu);
    assert_int_equal(lnr_rng_mix(0x9e3779b97f4a7c15u), 0x6e789e6aa1b965f4u);
}

/* One changed input bit flips half of the output bits: 32 +- 4 standard errors of 4 / sqrt(1000).
 */
static void inputs_avalanche(void **state) {
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t flip = (uint64_t)1 << bit;
        unsigned sum[3] = {0, 0, 0};
        for (uint64_t i = 0; i < 1000; i++) {
            uint64_t u = lnr_rng_u64(i, i, i);
            sum[0] += ones(u ^ lnr_rng_u64(i ^ flip, i, i));
            sum[1] += ones(u ^ lnr_rng_u64(i, i ^ flip, i));
            sum[2] += ones(u ^ lnr_rng_u64(i, i, i ^ flip));
        }
        for (int k = 0; k < 3; k++)
            assert_in_range(sum[k], 31400, 32600);
    }
}

/* Consecutive positions, draws and seeds fill 256 bins evenly, alone and as pairs of neighbours.
 * chi^2 with 255 degrees has mean 255 and deviation 22.6. */
static void units_are_even(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        unsigned bin[256] = {0}, pair[256] = {0};
        unsigned last = 0;
        for (uint64_t i = 0; i < 65536; i++) {
            double u = lnr_rng_unit(kind == 0 ? i : 5, kind == 1 ? i : 9, kind == 2 ? i : 0);
            assert_true(u >= 0.0 && u < 1.0);
            unsigned b = (unsigned)(u * 256);
            bin[b]++;
            pair[(b >> 4) * 16 + last]++;
            last = b >> 4;
        }
        double chi = 0, chi_pair = 0;
        for (int b = 0; b < 256; b++) {
            chi += ((double)bin[b] - 256) * ((double)bin[b] - 256) / 256;
            chi_pair += ((double)pair[b] - 256) * ((double)pair[b] - 256) / 256;
        }
        assert_true(chi > 165 && chi < 345);
        assert_true(chi_pair > 165 && chi_pair < 345);
    }
}

__extension__ typedef unsigned __int128 wide;

static void scale_is_the_high_product(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 100000; i++) {
        uint64_t a = lnr_rng_u64(1, i, 0), n = lnr_rng_u64(1, i, 1) >> (i % 64);
        assert_int_equal(lnr_rng_scale(a, n), (uint64_t)(((wide)a * n) >> 64));
    }
    assert_int_equal(lnr_rng_scale(UINT64_MAX, UINT64_MAX), UINT64_MAX - 1);
    assert_int_equal(lnr_rng_scale(UINT64_MAX, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_splitmix64),
        cmocka_unit_test(inputs_avalanche),
        cmocka_unit_test(units_are_even),
        cmocka_unit_test(scale_is_the_high_product),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
