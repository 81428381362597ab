/* The meter measures something, says on what, and refuses what cannot be. Speeds are not asserted
 * beyond what any machine does: tests run beside other programs. */
#include "measure/meter.h"

#include "cpu/features.h"
#include "cpu/topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SMALL ((uint64_t)24 << 20)

static void bandwidth_of_memory_and_of_a_cache(void **state) {
    (void)state;
    lnr_meter *m;
    lnr_meter_info info;
    assert_int_equal(meter_create(SMALL, &m, NULL), LNR_OK);
    for (uint32_t n = 1; n <= 2; n++)
        for (uint64_t set = 0; set <= 100000; set += 50000) {
            lnr_bandwidth b;
            assert_int_equal(meter_bandwidth(m, n, set, &b, NULL), LNR_OK);
            assert_true(b.bytes_per_s > 1e6 && b.bytes_per_s < 1e14);
            assert_true(strlen(b.how) > 0);
        }
    meter_get_info(m, &info);
    assert_int_equal(info.bytes, SMALL);
    assert_string_equal(info.bounded_by, "request");
    lnr_bandwidth b;
    lnr_error err;
    assert_int_equal(meter_bandwidth(m, 0, 0, &b, &err), LNR_E_ARGUMENT);
    meter_destroy(m);
}

static void peaks_of_every_level_of_this_processor(void **state) {
    (void)state;
    lnr_isa top = lnr_isa_highest(lnr_cpu_features());
    double low[2] = {0}, macs;
    for (int isa = 0; isa < LNR_ISA_COUNT; isa++)
        for (int kind = 0; kind < 2; kind++) {
            const char *level = lnr_isa_name((lnr_isa)isa);
            bool has = meter_has_level((lnr_isa)isa);
            assert_true(has || isa != LNR_ISA_scalar);
            lnr_status st = meter_peak((lnr_peak_kind)kind, level, 1, &macs, NULL);
            assert_int_equal(st, has ? LNR_OK : LNR_E_UNSUPPORTED);
            if (st)
                continue;
            assert_true(macs > 1e6 && macs < 1e15);
            if (isa == LNR_ISA_scalar)
                low[kind] = macs;
            if (isa == (int)top && top != LNR_ISA_scalar) /* vectors of 32 bytes beside 16 */
                assert_true(macs > low[kind] / 2);
        }
    lnr_error err;
    assert_int_equal(meter_peak(LNR_PEAK_F32, "avx3", 1, &macs, &err), LNR_E_ARGUMENT);
    assert_non_null(strstr(err.text, "avx3"));
    assert_int_equal(meter_peak(LNR_PEAK_F32, "scalar", 0, &macs, &err), LNR_E_ARGUMENT);
}

static void the_machine_has_a_core_and_a_clock(void **state) {
    (void)state;
    cpu_topology t;
    assert_true(cpu_topology_read(&t));
    assert_true(t.n_cores >= 1 && t.n_cpus >= t.n_cores && t.n_numa >= 1);
    double hz = cpu_clock_hz();
    assert_true(hz > 1e7 && hz < 2e10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bandwidth_of_memory_and_of_a_cache),
        cmocka_unit_test(peaks_of_every_level_of_this_processor),
        cmocka_unit_test(the_machine_has_a_core_and_a_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
