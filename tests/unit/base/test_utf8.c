/* UTF-8 against the table of well-formed sequences: every code point there and back, every pair of
 * bytes that must not pass. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void every_code_point_round_trips(void **state) {
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
        char out[LNR_UTF8_MAX];
        size_t n = lnr_utf8_encode(cp, out);
        if (cp >= 0xd800 && cp <= 0xdfff) {
            assert_int_equal(n, 0);
            continue;
        }
        uint32_t back;
        assert_int_equal(lnr_utf8_decode(out, n, &back), n);
        assert_int_equal(back, cp);
        for (size_t cut = 1; cut < n; cut++) {
            assert_int_equal(lnr_utf8_decode(out, cut, &back), 0);
            assert_int_equal(lnr_utf8_complete(out, cut), 0);
        }
        assert_int_equal(lnr_utf8_complete(out, n), n);
    }
    char out[LNR_UTF8_MAX];
    assert_int_equal(lnr_utf8_encode(0x110000, out), 0);
}

static void bad_sequences_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xe2\x28\xa1",
                                      "\xc3\x28"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint32_t cp;
        assert_int_equal(lnr_utf8_decode(bad[i], strlen(bad[i]), &cp), 0);
        assert_int_equal(cp, 0xfffd);
    }
}

static void incomplete_tails_are_held_back_only_if_they_may_become_valid(void **state) {
    (void)state;
    assert_int_equal(lnr_utf8_complete("ab\xe2\x82", 4), 2);
    assert_int_equal(lnr_utf8_complete("ab\xe2", 3), 2);
    assert_int_equal(lnr_utf8_complete("ab\xed\xa0", 4), 4); /* a surrogate never becomes valid */
    assert_int_equal(lnr_utf8_complete("ab\x80\x80", 4), 4);
    assert_int_equal(lnr_utf8_complete("ab\xff", 3), 3);
    assert_int_equal(lnr_utf8_complete("", 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_round_trips),
        cmocka_unit_test(bad_sequences_are_refused),
        cmocka_unit_test(incomplete_tails_are_held_back_only_if_they_may_become_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
