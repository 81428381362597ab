/* See stats.h.
 *
 * Median: of n samples the k-th from below and from above enclose the true median unless at most
 * k - 1 samples fell on one side of it, which is a question of n coins.
 *
 * Ratio: of all quotients b / a the k-th from below and from above enclose the factor between the
 * two distributions unless the Mann-Whitney count U is below k (Hodges and Lehmann's estimate, on
 * logarithms; order is all that counts, so no logarithm is taken). */
#include "measure/stats.h"

#include "base/alloc.h"
#include "base/checked.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAIL 0.025 /* on either side */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static lnr_status check(const double *sample, size_t n, bool above_zero, lnr_error *err) {
    if (n == 0 || n > LNR_SAMPLES_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "%zu samples: 1 to %d expected", n, LNR_SAMPLES_MAX);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(sample[i]) || (above_zero && sample[i] <= 0))
            return LNR_FAIL(err, LNR_E_ARGUMENT, "sample %zu is %g, a%s number expected", i,
                            sample[i], above_zero ? " positive" : "");
    return LNR_OK;
}

/* From sorted values: the median, and the k-th from either end where pmf[0..] tells how probable it
 * is that exactly so many are cut off: the largest k that leaves at most TAIL outside. */
static void enclose(const double *sorted, size_t n, const double *pmf, lnr_estimate *out) {
    size_t k = 0;
    double outside = pmf[0];
    while (2 * (k + 1) < n && outside + pmf[k + 1] <= TAIL)
        outside += pmf[++k];
    *out = (lnr_estimate){.value = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2,
                          .low = sorted[k],
                          .high = sorted[n - 1 - k],
                          .coverage = n > 1 ? 1 - 2 * outside : 0};
}

lnr_status stats_median(const double *sample, size_t n, lnr_estimate *out, lnr_error *err) {
    double sorted[LNR_SAMPLES_MAX], pmf[LNR_SAMPLES_MAX + 1];
    LNR_TRY(check(sample, n, false, err));
    memcpy(sorted, sample, n * sizeof *sample);
    qsort(sorted, n, sizeof *sorted, by_value);
    pmf[0] = 1;
    for (size_t i = 0; i < n; i++)
        pmf[0] /= 2;
    for (size_t i = 1; i <= n; i++)
        pmf[i] = pmf[i - 1] * (double)(n - i + 1) / (double)i;
    enclose(sorted, n, pmf, out);
    return LNR_OK;
}

/* pmf[u] for u = 0..n_a n_b: how probable it is that of all pairs u have their b below their a, if
 * both come from one distribution. By which of the two the largest value is: if an a, all n_b b
 * are below it. table: (n_b + 1) rows for the current number of a. */
static void mann_whitney(size_t n_a, size_t n_b, double *table) {
    size_t width = n_a * n_b + 1;
    memset(table, 0, (n_b + 1) * width * sizeof *table);
    for (size_t j = 0; j <= n_b; j++)
        table[j * width] = 1;
    for (size_t i = 1; i <= n_a; i++)
        for (size_t j = 1; j <= n_b; j++) {
            double *row = table + j * width, *fewer_b = row - width;
            double p_a = (double)i / (double)(i + j);
            for (size_t u = i * j + 1; u-- > 0;)
                row[u] = p_a * (u >= j ? row[u - j] : 0) + (1 - p_a) * fewer_b[u];
        }
}

lnr_status stats_ratio(const double *a, size_t n_a, const double *b, size_t n_b, lnr_estimate *out,
                       lnr_error *err) {
    LNR_TRY(check(a, n_a, true, err));
    LNR_TRY(check(b, n_b, true, err));
    size_t n = n_a * n_b, width = n + 1;
    double *ratio = lnr_alloc_array(n, sizeof *ratio);
    double *table = lnr_alloc_array((n_b + 1) * width, sizeof *table);
    lnr_status st = LNR_OK;
    if (ratio && table) {
        for (size_t i = 0; i < n; i++)
            ratio[i] = b[i % n_b] / a[i / n_b];
        qsort(ratio, n, sizeof *ratio, by_value);
        mann_whitney(n_a, n_b, table);
        enclose(ratio, n, table + n_b * width, out);
        if (n == 1)
            out->coverage = 0;
    } else {
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory to compare %zu with %zu samples", n_a, n_b);
    }
    lnr_free(ratio);
    lnr_free(table);
    return st;
}
