/* The option parser: what it stores for every kind of value, and the line it gives for every
 * mistake. */
#include "app/options.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

typedef struct values {
    const char *text, *level;
    uint32_t count;
    uint64_t seed;
    float part;
    bool json, special;
} values;

static const char *const levels[] = {"low", "high", NULL};
static const app_option options[] = {
    {.name = "text",
     .letter = 't',
     .kind = APP_STRING,
     .offset = offsetof(values, text),
     .value = "TEXT",
     .help = "a text"},
    {.name = "count",
     .letter = 'n',
     .kind = APP_U32,
     .offset = offsetof(values, count),
     .value = "N",
     .min = 1,
     .max = 4096,
     .help = "a count"},
    {.name = "seed",
     .kind = APP_U64,
     .offset = offsetof(values, seed),
     .value = "S",
     .max = UINT64_MAX,
     .shown_default = "random",
     .help = "a seed"},
    {.name = "part",
     .kind = APP_FLOAT,
     .offset = offsetof(values, part),
     .value = "P",
     .float_min = FLT_MIN,
     .float_max = 1,
     .range = "more than 0, at most 1",
     .help = "a part"},
    {.name = "level",
     .kind = APP_CHOICE,
     .offset = offsetof(values, level),
     .value = "LEVEL",
     .choices = levels,
     .help = "a level"},
    {.name = "json", .kind = APP_FLAG, .offset = offsetof(values, json), .help = "as JSON"},
    {.name = "special",
     .kind = APP_SWITCH,
     .offset = offsetof(values, special),
     .help = "nothing added"},
};
static const app_command command = {.name = "try",
                                    .arguments = "FILE [MORE]",
                                    .n_arguments_min = 1,
                                    .n_arguments_max = 2,
                                    .summary = "tries",
                                    .details = "Tries it.\n",
                                    .option = options,
                                    .n_options = sizeof options / sizeof options[0]};

static values v;
static app_parsed parsed;
static lnr_error err;

#define N_WORDS(...) (sizeof((char *[]){__VA_ARGS__}) / sizeof(char *))
#define PARSE(...)   parse((int)N_WORDS(__VA_ARGS__), (char *[]){__VA_ARGS__})

static lnr_status parse(int n, char **words) {
    v = (values){.count = 7, .part = 0.5f, .special = true};
    err = (lnr_error){0};
    return app_options_parse(&command, n, words, &v, &parsed, &err);
}

#define REFUSED(line, ...)                                                                         \
    do {                                                                                           \
        assert_int_equal(PARSE(__VA_ARGS__), LNR_E_ARGUMENT);                                      \
        assert_string_equal(err.text, line);                                                       \
    } while (0)

static void nothing_given_keeps_the_defaults(void **state) {
    (void)state;
    assert_int_equal(PARSE("file"), LNR_OK);
    assert_int_equal(v.count, 7);
    assert_true(v.special);
    assert_false(v.json);
    assert_null(v.text);
    assert_int_equal(parsed.n_arguments, 1);
    assert_string_equal(parsed.argument[0], "file");
    assert_false(app_options_given(&command, &parsed, "seed"));
}

static void every_kind_is_stored(void **state) {
    (void)state;
    assert_int_equal(PARSE("--text", "a b", "-n", "4096", "f", "--seed=18446744073709551615",
                           "--part", "1e-3", "--level=high", "--json", "--no-special"),
                     LNR_OK);
    assert_string_equal(v.text, "a b");
    assert_int_equal(v.count, 4096);
    assert_true(v.seed == UINT64_MAX);
    assert_true(v.part == 1e-3f);
    assert_string_equal(v.level, "high");
    assert_true(v.json);
    assert_false(v.special);
    assert_true(app_options_given(&command, &parsed, "seed"));
    assert_true(app_options_given(&command, &parsed, "special"));
}

static void odd_texts_are_values(void **state) {
    (void)state;
    assert_int_equal(PARSE("f", "--text="), LNR_OK);
    assert_string_equal(v.text, "");
    assert_int_equal(PARSE("f", "--text=--json=x"), LNR_OK);
    assert_string_equal(v.text, "--json=x");
    assert_int_equal(PARSE("f", "-t", "-"), LNR_OK);
    assert_string_equal(v.text, "-");
    assert_int_equal(PARSE("f", "-t", "--not-an-option"), LNR_OK);
    assert_string_equal(v.text, "--not-an-option");
    assert_int_equal(PARSE("f", "-t", "-5"), LNR_OK);
    assert_string_equal(v.text, "-5");
}

static void two_dashes_end_the_options(void **state) {
    (void)state;
    assert_int_equal(PARSE("--json", "--", "--json", "-t"), LNR_OK);
    assert_int_equal(parsed.n_arguments, 2);
    assert_string_equal(parsed.argument[0], "--json");
    assert_string_equal(parsed.argument[1], "-t");
    assert_int_equal(PARSE("-"), LNR_OK);
    assert_string_equal(parsed.argument[0], "-");
}

static void help_ends_the_line(void **state) {
    (void)state;
    assert_int_equal(PARSE("--help", "--nonsense"), LNR_OK);
    assert_true(parsed.help);
    assert_int_equal(PARSE("-h"), LNR_OK);
    assert_true(parsed.help);
    assert_int_equal(PARSE("f", "--text", "x"), LNR_OK);
    assert_false(parsed.help);
}

static void unknown_options_name_the_nearest(void **state) {
    (void)state;
    REFUSED("unknown option '--sed'; did you mean '--seed'?", "f", "--sed", "1");
    REFUSED("unknown option '--sed'; did you mean '--seed'?", "f", "--sed=1");
    REFUSED("unknown option '--no-specail'; did you mean '--no-special'?", "f", "--no-specail");
    REFUSED("unknown option '-text'; did you mean '--text'?", "f", "-text");
    REFUSED("unknown option '-n5'; did you mean '-n 5'?", "f", "-n5");
    REFUSED("unknown option '--hlep'; did you mean '--help'?", "--hlep");
    REFUSED("unknown option '--zebra'; 'lanner try --help' lists the options", "f", "--zebra");
    REFUSED("unknown option '-z'; 'lanner try --help' lists the options", "f", "-z");
    REFUSED("unknown option '--no-json'; 'lanner try --help' lists the options", "f", "--no-json");
}

static void missing_values_are_told(void **state) {
    (void)state;
    REFUSED("option '--count' needs a value: 1 to 4096", "f", "--count");
    REFUSED("option '-n' needs a value: 1 to 4096", "f", "-n", "--json");
    REFUSED("option '--text' needs a value: TEXT", "f", "--text", "--json");
    REFUSED("option '--text' needs a value: TEXT", "f", "--text", "--seed=5");
    REFUSED("option '--text' needs a value: TEXT", "f", "--text", "--");
    REFUSED("option '--text' needs a value: TEXT", "f", "--text", "--help");
    REFUSED("option '--level' needs a value: low, high", "f", "--level");
}

static void bad_values_are_told_with_the_range(void **state) {
    (void)state;
    static const char *const counts[] = {
        "0", "4097", "-1", "+1", " 1", "1 ", "1.5", "0x10", "abc", "", "18446744073709551617"};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        char want[128];
        snprintf(want, sizeof want, "option '--count' cannot be '%s': give 1 to 4096", counts[i]);
        REFUSED(want, "f", "--count", (char *)(uintptr_t)counts[i]);
    }
    static const char *const parts[] = {"0",      "1.0001", "-0.5", "nan", "inf", "1e999",
                                        "0x1p-1", " .5",    "",     "1e",  "--5", "."};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char want[128];
        snprintf(want, sizeof want, "option '--part' cannot be '%s': give more than 0, at most 1",
                 parts[i]);
        REFUSED(want, "f", "--part", (char *)(uintptr_t)parts[i]);
    }
    REFUSED("option '--seed' cannot be '18446744073709551616': give 0 to 18446744073709551615", "f",
            "--seed=18446744073709551616");
    REFUSED("option '--level' cannot be 'hi': give low, high", "f", "--level", "hi");
    REFUSED("option '--json' takes no value", "f", "--json=yes");
    REFUSED("option '--no-special' takes no value", "f", "--no-special=0");
}

static void control_bytes_do_not_reach_the_line(void **state) {
    (void)state;
    REFUSED("option '--count' cannot be '?[31m': give 1 to 4096", "f", "--count", "\x1b[31m");
}

static void repetition_is_refused(void **state) {
    (void)state;
    REFUSED("option '--count' is given twice", "f", "-n", "1", "--count", "2");
    REFUSED("option '--json' is given twice", "f", "--json", "--json");
    REFUSED("option '--no-special' is given twice", "f", "--special", "--no-special");
    REFUSED("option '--seed' is given twice", "f", "--seed=1", "--seed=2");
}

static void arguments_are_counted(void **state) {
    (void)state;
    assert_int_equal(parse(0, NULL), LNR_E_ARGUMENT);
    assert_string_equal(err.text, "too few arguments; usage: lanner try [options] FILE [MORE]");
    REFUSED("unexpected argument 'c'; usage: lanner try [options] FILE [MORE]", "a", "b", "c");
}

static void help_comes_from_the_table(void **state) {
    (void)state;
    lnr_buf out;
    v = (values){.count = 7, .part = 0.5f, .special = true};
    buf_init(&out);
    app_options_help(&command, &v, &out);
    assert_string_equal(buf_cstr(&out),
                        "usage: lanner try [options] FILE [MORE]\n"
                        "\n"
                        "Tries it.\n"
                        "\n"
                        "options:\n"
                        "  -t, --text TEXT         a text\n"
                        "  -n, --count N           a count [1 to 4096; default 7]\n"
                        "  --seed S                a seed [default random]\n"
                        "  --part P                a part [more than 0, at most 1; default 0.5]\n"
                        "  --level LEVEL           a level [low, high]\n"
                        "  --json                  as JSON\n"
                        "  --no-special            nothing added\n"
                        "  -h, --help              show this help\n");
    buf_deinit(&out);
}

static void wrapping_keeps_100_columns_and_every_word(void **state) {
    (void)state;
    lnr_buf text, out;
    buf_init(&text);
    for (int i = 0; i < 60; i++)
        buf_printf(&text, "%sword%d", i == 0 ? "" : i == 30 ? "\n" : " ", i);
    const char *source = buf_cstr(&text);
    for (size_t indent = 0; indent <= 40; indent += 13) {
        buf_init(&out);
        app_add_wrapped(&out, source, indent, indent);
        const char *line = buf_cstr(&out);
        int next = 0;
        for (size_t at = indent; *line; at = 0) {
            size_t n = strcspn(line, "\n");
            assert_true(at + n <= 100);
            assert_true(n == 0 || (line[n - 1] != ' '));
            for (const char *p = line; p < line + n;) {
                p += strspn(p, " ");
                char word[16];
                int length = snprintf(word, sizeof word, "word%d", next++);
                assert_memory_equal(p, word, (size_t)length);
                p += length;
            }
            line += n + (line[n] != '\0');
        }
        assert_int_equal(next, 60);
        buf_deinit(&out);
    }
    buf_deinit(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_keeps_the_defaults),
        cmocka_unit_test(every_kind_is_stored),
        cmocka_unit_test(odd_texts_are_values),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(help_ends_the_line),
        cmocka_unit_test(unknown_options_name_the_nearest),
        cmocka_unit_test(missing_values_are_told),
        cmocka_unit_test(bad_values_are_told_with_the_range),
        cmocka_unit_test(control_bytes_do_not_reach_the_line),
        cmocka_unit_test(repetition_is_refused),
        cmocka_unit_test(arguments_are_counted),
        cmocka_unit_test(help_comes_from_the_table),
        cmocka_unit_test(wrapping_keeps_100_columns_and_every_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
