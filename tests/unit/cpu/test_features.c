/* Levels of instruction sets: each name means at most its bits, and levels only grow. */
#include "cpu/features.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void names_and_levels_agree(void **state) {
    (void)state;
    for (int i = 0; i < LNR_ISA_COUNT; i++) {
        lnr_isa isa;
        assert_true(lnr_isa_from_name(lnr_isa_name((lnr_isa)i), &isa));
        assert_int_equal(isa, i);
    }
    lnr_isa isa = LNR_ISA_avx2;
    assert_false(lnr_isa_from_name("avx", &isa));
    assert_false(lnr_isa_from_name("", &isa));
    assert_int_equal(isa, LNR_ISA_avx2); /* untouched */
    assert_string_equal(lnr_isa_name(LNR_ISA_COUNT), "?");
}

static void levels_grow(void **state) {
    (void)state;
    assert_int_equal(lnr_isa_features(LNR_ISA_scalar), 0);
    for (int i = 1; i < LNR_ISA_COUNT; i++) {
        uint32_t below = lnr_isa_features((lnr_isa)(i - 1)), bits = lnr_isa_features((lnr_isa)i);
        assert_int_equal(bits & below, below);
        assert_true(bits != below);
    }
    assert_int_equal(lnr_isa_features(LNR_ISA_avx2) & LNR_CPU_AVX512, 0);
    assert_int_equal(lnr_isa_features(LNR_ISA_avx512) & LNR_CPU_AVX512VNNI, 0);
    assert_int_equal(lnr_isa_features(LNR_ISA_avx512vnni) & LNR_CPU_AMX_INT8, 0);
}

static void the_highest_level_is_one_the_machine_has(void **state) {
    (void)state;
    assert_int_equal(lnr_isa_highest(0), LNR_ISA_scalar);
    assert_int_equal(lnr_isa_highest(LNR_CPU_AVX2 | LNR_CPU_FMA), LNR_ISA_scalar); /* no F16C */
    assert_int_equal(lnr_isa_highest(LNR_CPU_LEVEL_AVX2), LNR_ISA_avx2);
    assert_int_equal(lnr_isa_highest(LNR_CPU_LEVEL_AVX2 | LNR_CPU_AVXVNNI), LNR_ISA_avxvnni);
    assert_int_equal(lnr_isa_highest(LNR_CPU_LEVEL_AVX512), LNR_ISA_avx512);
    assert_int_equal(lnr_isa_highest(LNR_CPU_LEVEL_AVX512VNNI), LNR_ISA_avx512vnni);
    assert_int_equal(lnr_isa_highest(LNR_CPU_LEVEL_AMX), LNR_ISA_amx);
}

static void the_machine_answers_the_same_twice(void **state) {
    (void)state;
    uint32_t features = lnr_cpu_features();
    assert_int_equal(features, lnr_cpu_features());
    if (features & LNR_CPU_AVX512VNNI)
        assert_true(features & LNR_CPU_AVX512);
    if (features & LNR_CPU_AMX_INT8) /* the level amx is all below it */
        assert_int_equal(features & LNR_CPU_LEVEL_AMX, LNR_CPU_LEVEL_AMX);
#if defined(__GNUC__) && defined(__x86_64__) /* the compiler's runtime has its own opinion */
    assert_int_equal(!!(features & LNR_CPU_AVX2), !!__builtin_cpu_supports("avx2"));
    assert_int_equal(!!(features & LNR_CPU_FMA), !!__builtin_cpu_supports("fma"));
    assert_int_equal(!!(features & LNR_CPU_AVX512VNNI), !!__builtin_cpu_supports("avx512vnni"));
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_levels_agree),
        cmocka_unit_test(levels_grow),
        cmocka_unit_test(the_highest_level_is_one_the_machine_has),
        cmocka_unit_test(the_machine_answers_the_same_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
