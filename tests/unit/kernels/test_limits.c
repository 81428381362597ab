/* The measuring loops do the work they claim: sums of ones equal the number of products, and what
 * was read equals what lies there, for every level this CPU has. */
#include "kernels/limits.h"

#include "cpu/features.h"
#include "os/os.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int8_t byte_ones[LNR_PEAK_VALUES];
static float float_ones[LNR_PEAK_VALUES];

static int fill(void **state) {
    (void)state;
    for (int i = 0; i < LNR_PEAK_VALUES; i++) {
        byte_ones[i] = 1;
        float_ones[i] = 1.0f;
    }
    return 0;
}

static bool usable(const lnr_limit_row *row) {
    return (lnr_cpu_features() & row->needs) == row->needs;
}

static void products_are_as_many_as_claimed(void **state) {
    (void)state;
    static const size_t rounds[] = {1, 2, 8191, 8192, 8193, 20000};
    size_t n_rows, n_run = 0;
    const lnr_limit_row *row = kernels_limits(&n_rows);
    for (size_t i = 0; i < n_rows; i++) {
        if (row[i].op == LNR_LIMIT_read || !usable(&row[i]))
            continue;
        const void *ones = row[i].op == LNR_LIMIT_peak_i8 ? (void *)byte_ones : float_ones;
        size_t n_sizes = row[i].needs ? 6 : 2; /* a round of plain C is a thousand times more */
        for (size_t k = 0; k < n_sizes; k++) {
            uint64_t macs = 0;
            uint64_t sum = ((lnr_peak_i8_fn *)row[i].run)(rounds[k], ones, ones, &macs);
            assert_true(macs >= rounds[k] * 8);
            assert_int_equal(sum, macs);
        }
        n_run++;
    }
    assert_true(n_run >= 2); /* plain C at least */
}

/* A sum of other values shows that the products are computed and not only counted. */
static void products_depend_on_the_values(void **state) {
    (void)state;
    static int8_t threes[LNR_PEAK_VALUES];
    size_t n_rows;
    const lnr_limit_row *row = kernels_limits(&n_rows);
    for (int i = 0; i < LNR_PEAK_VALUES; i++)
        threes[i] = 3;
    for (size_t i = 0; i < n_rows; i++) {
        if (row[i].op != LNR_LIMIT_peak_i8 || !usable(&row[i]))
            continue;
        uint64_t macs = 0;
        uint64_t sum = ((lnr_peak_i8_fn *)row[i].run)(100, byte_ones, threes, &macs);
        assert_int_equal(sum, 3 * macs);
    }
}

static void reading_reads_all_of_it(void **state) {
    (void)state;
    enum { N = 5 * LNR_READ_UNIT, WORDS = N / 8 };
    uint64_t *word = os_guarded_alloc(N), want = 0;
    assert_non_null(word);
    for (size_t i = 0; i < WORDS; i++) {
        word[i] = i * 0x9e3779b97f4a7c15u + 1;
        want ^= word[i];
    }
    size_t n_rows;
    const lnr_limit_row *row = kernels_limits(&n_rows);
    for (size_t i = 0; i < n_rows; i++) {
        if (row[i].op != LNR_LIMIT_read || !usable(&row[i]))
            continue;
        lnr_read_fn *read = (lnr_read_fn *)row[i].run;
        for (int mode = 0; mode < LNR_READ_MODES; mode++) {
            assert_int_equal(read(word, N, (lnr_read_mode)mode), want);
            for (size_t at = 0; at < WORDS; at += 509) { /* one word changes the result */
                word[at] ^= 4;
                assert_int_equal(read(word, N, (lnr_read_mode)mode), want ^ 4);
                word[at] ^= 4;
            }
        }
    }
    os_guarded_free(word, N);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_as_many_as_claimed),
        cmocka_unit_test(products_depend_on_the_values),
        cmocka_unit_test(reading_reads_all_of_it),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
