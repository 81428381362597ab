/* Pieces of chosen texts for each splitter, written out by hand from the published patterns. */
#include "text/splitter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void check(const char *name, const char *text, const char *const *pieces) {
    splitter *s;
    splitter_run *r;
    const uint32_t *ends;
    size_t n, begin = 0, i = 0;
    assert_int_equal(splitter_create(lnr_str_from(name), &s, NULL), LNR_OK);
    assert_string_equal(splitter_name(s), name);
    assert_int_equal(splitter_run_create(s, &r, NULL), LNR_OK);
    assert_int_equal(splitter_split(r, lnr_str_from(text), &ends, &n, NULL), LNR_OK);
    for (; pieces[i]; begin += strlen(pieces[i++])) {
        if (i >= n || ends[i] - begin != strlen(pieces[i]))
            fail_msg("%s: piece %zu of '%s' is not '%s'", name, i, text, pieces[i]);
        assert_memory_equal(text + begin, pieces[i], strlen(pieces[i]));
    }
    assert_int_equal(n, i);
    splitter_run_destroy(r);
    splitter_destroy(s);
}

#define CHECK(name, text, ...) check(name, text, (const char *const[]){__VA_ARGS__, NULL})

static void gpt2_pieces(void **state) {
    (void)state;
    check("gpt-2", "", (const char *const[]){NULL});
    CHECK("gpt-2", "I'll don't WE'LL", "I", "'ll", " don", "'t", " WE", "'", "LL");
    CHECK("gpt-2", "a1b  22 c", "a", "1", "b", " ", " 22", " c");
    CHECK("gpt-2", "x   \n  y\t", "x", "   \n ", " y", "\t");
    CHECK("gpt-2", "x \n", "x", " \n");
    CHECK("gpt-2", " ...?!\xc3\xa9t\xc3\xa9", " ...?!", "\xc3\xa9t\xc3\xa9");
    /* U+00A0 and U+3000 are white space, U+180E (Mongolian vowel separator) is not. */
    CHECK("gpt-2",
          "a\xc2\xa0\xe3\x80\x80"
          "b",
          "a", "\xc2\xa0", "\xe3\x80\x80", "b");
    CHECK("gpt-2", "a \xe1\xa0\x8e!b", "a", " \xe1\xa0\x8e!", "b");
}

static void qwen2_pieces(void **state) {
    (void)state;
    CHECK("qwen2", "I'LL 123 (abc)", "I", "'LL", " ", "1", "2", "3", " (", "abc", ")");
    CHECK("qwen2", "_abc\tdef", "_abc", "\tdef");
    CHECK("qwen2", "a!!\n\nb \n \n  c", "a", "!!\n\n", "b", " \n \n", " ", " c");
    CHECK("qwen2", "x   ", "x", "   ");
    CHECK("qwen2", "a \xe1\xa0\x8e!b", "a", " \xe1\xa0\x8e!", "b");
}

static void default_pieces(void **state) {
    (void)state;
    CHECK("default", "Hello, world! 12345 a=b", "Hello", ",", " world", "!", " ", "123", "45", " a",
          "=", "b");
    /* Look-ahead ends where the first pattern cut: both spaces are one piece. */
    CHECK("default", "it's  $5", "it", "'", "s", "  ", "$", "5");
}

static void unknown_names_are_refused(void **state) {
    (void)state;
    static const char *const names[] = {"", "gpt2", "GPT-2", "qwen2 ", "no-such"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        splitter *s = (splitter *)1;
        lnr_error err = {0};
        assert_int_equal(splitter_create(lnr_str_from(names[i]), &s, &err), LNR_E_UNSUPPORTED);
        assert_null(s);
        assert_non_null(strstr(err.text, "gpt-2, qwen2"));
    }
}

/* A recursive matcher dies here; ours must take it below its limit, with every character accounted
 * for. */
static void a_mebibyte_of_one_class_is_split(void **state) {
    (void)state;
    static const char *const units[] = {"A",  " ",       "\n", " \n", "1", "!", "\xe3\x81\x82",
                                        "' ", "\xcc\x81"};
    static const char *const names[] = {"gpt-2", "qwen2", "default"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        splitter *s;
        splitter_run *r;
        assert_int_equal(splitter_create(lnr_str_from(names[k]), &s, NULL), LNR_OK);
        assert_int_equal(splitter_run_create(s, &r, NULL), LNR_OK);
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            size_t unit = strlen(units[u]), n = ((size_t)1 << 20) / unit * unit, n_ends;
            char *text = test_malloc(n);
            for (size_t i = 0; i < n; i++)
                text[i] = units[u][i % unit];
            const uint32_t *ends;
            lnr_error err = {0};
            if (splitter_split(r, (lnr_str){text, n}, &ends, &n_ends, &err))
                fail_msg("%s", err.text);
            assert_int_equal(ends[n_ends - 1], n);
            for (size_t i = 1; i < n_ends; i++)
                assert_true(ends[i - 1] < ends[i]);
            test_free(text);
        }
        splitter_run_destroy(r);
        splitter_destroy(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpt2_pieces),
        cmocka_unit_test(qwen2_pieces),
        cmocka_unit_test(default_pieces),
        cmocka_unit_test(unknown_names_are_refused),
        cmocka_unit_test(a_mebibyte_of_one_class_is_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
