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

/* A case is the pieces with a bar between two. */
static void check_case(const char *name, const char *joined) {
    char text[256], parts[256];
    const char *piece[64] = {parts};
    size_t n_pieces = 1, n = 0, k = 0;
    assert_true(strlen(joined) < sizeof text);
    for (const char *p = joined; *p; p++) {
        if (*p != '|') {
            text[n++] = parts[k++] = *p;
            continue;
        }
        parts[k++] = '\0';
        assert_true(n_pieces + 1 < 64);
        piece[n_pieces++] = parts + k;
    }
    text[n] = parts[k] = '\0';
    piece[n_pieces] = NULL;
    check(name, text, piece);
}

static void check_cases(const char *name, const char *const *cases) {
    for (; *cases; cases++)
        check_case(name, *cases);
}

/* Characters that source code should not hold as they are. */
#define NBSP      "\xc2\xa0"
#define WIDE      "\xe3\x80\x80" /* U+3000, ideographic space */
#define MONGOLIAN "\xe1\xa0\x8e" /* U+180E, no white space since Unicode 6.3 */
#define ACUTE     "\xcc\x81"     /* U+0301 */

static const char *const gpt2_cases[] = {
    "I|'ll| don|'t| WE|'|LL",
    "it|'s| they|'re| I|'ve| I|'m| he|'d",
    "'|S",
    "a|1|b| | 22| c",
    "x|   \n | y|\t",
    "x| \n",
    "a|\n\n|\n|b",
    "\r\n| x",
    " | leading",
    "trailing|  ",
    "Hello|,| world|!",
    " ...?!|\u00e9t\u00e9",
    "a|" NBSP "|" WIDE "|b",
    "a| " MONGOLIAN "!|b",
    "3|.|14| \u20ac|5",
    "\u65e5\u672c\u8a9e| 123|\u5e74",
    "\u00bd\u00b2|x",
    "cafe|" ACUTE "|s",
    "\U0001f680\U0001f999| \U0001f999",
    "a|_|b|-|c",
    "don|\u2019|t",
    "\u0661\u0662\u0663|abc",
    "\u2167| \u2167",
    NULL,
};

static void gpt2_pieces(void **state) {
    (void)state;
    static const char *const names[] = {"gpt-2", "mpt", "olmo", "phi-2"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check(names[i], "", (const char *const[]){NULL});
        check_cases(names[i], gpt2_cases);
    }
}

static const char *const digit_cases[] = {
    "a|1|2|b",
    "x| |1|2|3",
    "x|  |1",
    " |7",
    "\n|7|\n",
    "I|'ll| be| |2|0",
    "it|'s| |9| o|'|clock",
    "v|1|.|2|.|3",
    "$|5|.|0|0",
    "a|7|'s|b",
    "e|9|'|LL",
    "  |0|xFF",
    "9|9|9| ...|9",
    "\u00bd|\u00b2|x",
    "\u0661|\u0662|\u0663|abc",
    "\u2167|\u2167",
    "\u65e5\u672c\u8a9e| |1|2|3|\u5e74",
    "a|\n\n|\n|b",
    "x|   \n | y|\t",
    "Hello|,| world|!",
    "a| " MONGOLIAN "!|b",
    "trailing|  ",
    NULL,
};

static void starcoder_pieces(void **state) {
    (void)state;
    static const char *const names[] = {"starcoder", "refact", "smollm", "command-r"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        check_cases(names[i], digit_cases);
}

static void default_pieces(void **state) {
    (void)state;
    static const char *const cases[] = {
        "Hello|,| world|!| |123|45| a|=|b",
        /* Look-ahead ends where the first pattern cut: both spaces are one piece. */
        "it|'|s|  |$|5",
        "I|'|ll",
        "a| |...|b",
        "a| |+| b",
        "x|<=>|y",
        "^_^| |~~",
        "#|tag| |@|me",
        "123|456|789|0",
        "12|.|34",
        "a| |123|4",
        "99| bottles",
        "x|\u00bd|y",
        "\u00bd\u0661\u0662\u0663\u0664",
        "a|`|b",
        " `|b",
        "\u20ac| \u20ac",
        "don|\u2019|t",
        "\u300c|\u65e5\u672c|\u300d\u3002",
        "a|\n\n|\n|b",
        "x|   \n | y|\t",
        "\U0001f680| \U0001f999",
        NULL,
    };
    check_cases("default", cases);
    CHECK("default", "A||B", "A", "||", "B");
}

static void falcon_pieces(void **state) {
    (void)state;
    static const char *const cases[] = {
        "a|`|b", "x| |123|4", "123|45|.|6", "it|'|s| \u00bd\u00b2\u00b3", "a|\n\n|\n|b", NULL,
    };
    check_cases("falcon", cases);
}

/* Where qwen2 and llama-bpe agree: all but numbers. */
static const char *const cl100k_cases[] = {
    "I|'LL| don|'t| We|'Re",
    "'s|up",
    "(abc|)",
    "_abc|\tdef",
    "\t|\tif",
    "a|!!\n\n|b| \n \n| | c",
    "Hello|,| world|!\n",
    "#include| <|stdio|.h|>\n",
    "x|   ",
    "x|\r\n\r\n",
    "  \n| | y",
    "...|word",
    " ...|word",
    "a| $|5",
    "don|\u2019t",
    "a| " MONGOLIAN "!|b",
    " |" NBSP "x",
    "\U0001f680\U0001f999| \U0001f999",
    "\u00bd|x",
    NULL,
};

static void llama3_pieces(void **state) {
    (void)state;
    static const char *const cases[] = {
        "123|456|7",
        " |123",
        "a|1|b|12|c|123|4",
        "cafe|" ACUTE "s",
        "\u65e5\u672c\u8a9e|123|\u5e74",
        "\u00bd\u0661\u0662|\u0663",
        NULL,
    };
    static const char *const names[] = {"llama-bpe", "llama3", "llama-v3", "smaug-bpe", "glm4"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_cases(names[i], cl100k_cases);
        check_cases(names[i], cases);
    }
}

static void qwen_pieces(void **state) {
    (void)state;
    static const char *const cases[] = {"I|'LL| |1|2|3| (|abc|)", "a|1|b", NULL};
    static const char *const names[] = {"qwen2", "deepseek-r1-qwen", "qwen35"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_cases(names[i], cl100k_cases);
        check_cases(names[i], cases);
    }
    check_case("qwen2", "cafe|" ACUTE "s| " ACUTE);
    check_case("qwen35", "cafe" ACUTE "s| " ACUTE "x|!");
}

/* Where tekken and gpt-4o agree: all but contractions and numbers. */
static const char *const o200k_cases[] = {
    "Hello|,| world|!",
    "camel|Case|Word",
    "HTMLParser|_x",
    "ABC| def",
    "(abc|)\n",
    "a|!!\n\n|b",
    "http|://|x",
    "a|.\n/|b",
    "cafe" ACUTE "s| x",
    "\u00c9COLE| \u00e9cole",
    "\u00e9|Cole",
    "\u01c5ungla|!", /* title case */
    "\u02b0a|B",     /* modifier letters and ideographs are of both cases */
    "\u65e5A\u672c",
    "\u65e5|A",
    "don|\u2019t",
    "x|   \n| | y",
    "x|   ",
    "\t|\tif",
    "\U0001f680| \U0001f999/",
    NULL,
};

static void gpt4o_pieces(void **state) {
    (void)state;
    static const char *const cases[] = {
        "I'll| don't| WE'LL", "a's|'s",
        "123|456|7",          " |123",
        "ABC|123|x",          "\u65e5\u672c\u8a9e|123|\u5e74",
        "\tDEF| |99",         NULL,
    };
    static const char *const names[] = {"gpt-4o", "llama4"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_cases(names[i], o200k_cases);
        check_cases(names[i], cases);
    }
}

static void tekken_pieces(void **state) {
    (void)state;
    static const char *const cases[] = {
        "I|'ll| don|'t| WE|'LL",       "1|2|3|4",       " |1|2", "ABC|1|x",
        "\u65e5\u672c\u8a9e|1|\u5e74", "\u00bd|\u00b2", NULL,
    };
    check_cases("tekken", o200k_cases);
    check_cases("tekken", cases);
}

static void deepseek_llm_pieces(void **state) {
    (void)state;
    static const char *const cases[] = {
        "Hello|,| world|!",
        "a|\n|\n|b",
        "x|  |\n|y",
        "x| |123",
        "x|123456",
        "I|'|ll",
        "(|a|)",
        " (|a",
        "a|  ",
        "a|  | b",
        "\t|\tif",
        "x| |\u00bd|  ",
        "\u00bd|x",
        /* The second pattern has the ASCII letters, and cuts what the first one found. */
        "na|\u00ef|ve| caf|\u00e9",
        "\u041f\u0440\u0438\u0432\u0435\u0442| \u043c\u0438\u0440",
        "\u0395\u03bb\u03bb\u03ac\u03b4\u03b1|!",
        "\u0537|\u056c", /* Armenian capitals only */
        "\u65e5\u672c\u8a9e|123",
        "\u65e5\u672c| |\u8a9e",
        "\u65e5\u672c|\u3002",
        "\u300c\u65e5\u672c\u300d|!",
        "\ud55c\uad6d\uc5b4| |\ub9d0",
        "\u0939\u093f\u0928\u094d\u0926\u0940| |1",
        "don|\u2019|t",
        "\uff01|\uff41",
        "\u0639\u0631\u0628 \u0639\u0631\u0628",
        "\U0001f680 |1",
        NULL,
    };
    check_cases("deepseek-llm", cases);
}

static void deepseek_coder_pieces(void **state) {
    (void)state;
    static const char *const cases[] = {
        "x| |1|2|3",
        "na\u00efve| caf\u00e9|!",
        "a|\n|\n|b|  | c",
        "f|(|x|)| =\t|1",
        /* Single pieces by the second pattern, one run for the fourth. */
        "\u0939|\u093f|\u0928|\u094d|\u0926|\u0940|1|2",
        NULL,
    };
    check_cases("deepseek-coder", cases);
}

static void unknown_names_are_refused(void **state) {
    (void)state;
    static const char *const names[] = {"", "gpt2", "GPT-2", "qwen2 ", "no-such"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        splitter *s = (splitter *)1;
        lnr_error err = {0};
        assert_int_equal(splitter_create(lnr_str_from(names[i]), &s, &err), LNR_E_UNSUPPORTED);
        assert_null(s);
        assert_non_null(strstr(err.text, "supported: default, gpt-2, llama-bpe, qwen2"));
        assert_string_equal(err.text + strlen(err.text) - strlen(", tekken, gpt-4o"),
                            ", tekken, gpt-4o");
        assert_false(splitter_adds_bos(lnr_str_from(names[i])));
    }
}

static void names_say_what_their_vocabularies_do(void **state) {
    (void)state;
    static const char *const whole[] = {"llama-bpe", "llama3",   "llama-v3", "falcon3", "falcon-h1",
                                        "pixtral",   "midm-2.0", "lfm2",     "tekken"};
    size_t n_whole = 0;
    const char *name;
    for (size_t i = 0; (name = splitter_known_name(i)) != NULL; i++) {
        bool expected = false;
        for (size_t k = 0; k < sizeof whole / sizeof whole[0]; k++)
            expected |= strcmp(name, whole[k]) == 0;
        splitter *s;
        assert_int_equal(splitter_create(lnr_str_from(name), &s, NULL), LNR_OK);
        assert_int_equal(splitter_takes_whole_tokens(s), expected);
        assert_int_equal(splitter_adds_bos(lnr_str_from(name)), expected);
        n_whole += expected;
        splitter_destroy(s);
    }
    assert_int_equal(n_whole, sizeof whole / sizeof whole[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpt2_pieces),
        cmocka_unit_test(starcoder_pieces),
        cmocka_unit_test(default_pieces),
        cmocka_unit_test(falcon_pieces),
        cmocka_unit_test(llama3_pieces),
        cmocka_unit_test(qwen_pieces),
        cmocka_unit_test(gpt4o_pieces),
        cmocka_unit_test(tekken_pieces),
        cmocka_unit_test(deepseek_llm_pieces),
        cmocka_unit_test(deepseek_coder_pieces),
        cmocka_unit_test(unknown_names_are_refused),
        cmocka_unit_test(names_say_what_their_vocabularies_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
