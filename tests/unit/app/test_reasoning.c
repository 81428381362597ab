/* The splitter of answers: any cut of the text into pieces gives the same parts, marks count only
 * where nothing of the answer stands before them, and nothing is lost. */
#include "app/reasoning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char parts[512]; /* "A(answer)R(reasoning)M(mark)", neighbours of one kind joined */
static app_part last;

static void note(app_part part, const char *p, size_t n, void *user) {
    size_t at = strlen(parts);
    assert_ptr_equal(user, parts);
    if (at > 0 && part == last)
        at--; /* go on before the closing bracket */
    else
        at += (size_t)snprintf(parts + at, sizeof parts - at, "%c(", "ARM"[part]);
    snprintf(parts + at, sizeof parts - at, "%.*s)", (int)n, p);
    last = part;
}

/* The parts of text that arrives in pieces of n bytes behind prompt. */
static const char *split(const char *prompt, const char *text, size_t n) {
    app_reasoning r;
    parts[0] = '\0';
    app_reasoning_init(&r, lnr_str_from(prompt), note, parts);
    for (size_t i = 0; i < strlen(text); i += n) {
        size_t left = strlen(text) - i;
        app_reasoning_add(&r, (lnr_str){text + i, left < n ? left : n});
    }
    app_reasoning_end(&r);
    assert_false(app_reasoning_failed(&r));
    app_reasoning_deinit(&r);
    return parts;
}

static void check(const char *prompt, const char *text, const char *expected) {
    for (size_t n = 1; n <= strlen(text); n++)
        assert_string_equal(split(prompt, text, n), expected);
}

static void every_kind_of_mark_is_known(void **state) {
    (void)state;
    check("", "<think>a</think>b", "M(<think>)R(a)M(</think>)A(b)");
    check("", "<seed:think>a</seed:think>b", "M(<seed:think>)R(a)M(</seed:think>)A(b)");
    check("", "[THINK]a[/THINK]b", "M([THINK])R(a)M([/THINK])A(b)");
    check("", "<|START_THINKING|>a<|END_THINKING|>b",
          "M(<|START_THINKING|>)R(a)M(<|END_THINKING|>)A(b)");
    check("", "<|channel>thought\na<channel|>b", "M(<|channel>thought\n)R(a)M(<channel|>)A(b)");
    check("",
          "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b",
          "M(<|channel|>analysis<|message|>)R(a)"
          "M(<|end|><|start|>assistant<|channel|>final<|message|>)A(b)");
}

static void what_only_looks_like_a_mark_is_text(void **state) {
    (void)state;
    check("", "<thin air", "A(<thin air)");
    check("", "<<think>a<</think>b", "A(<<think>a<</think>b)");
    check("", "\n <think>a</thin</think>b", "A(\n )M(<think>)R(a</thin)M(</think>)A(b)");
    check("", "<think>[/THINK]<think></think>", "M(<think>)R([/THINK]<think>)M(</think>)");
    check("", "</think>", "A(</think>)");
}

static void an_answer_may_speak_of_marks(void **state) {
    (void)state;
    check("", "Use <think>x</think>.", "A(Use <think>x</think>.)");
    check("", "<think>a</think>b<think>c", "M(<think>)R(a)M(</think>)A(b<think>c)");
    check("", "<think>a</think>\n<think>b</think>c",
          "M(<think>)R(a)M(</think>)A(\n)M(<think>)R(b)M(</think>)A(c)");
}

static void what_is_held_back_comes_at_the_end(void **state) {
    (void)state;
    check("", "<thi", "A(<thi)");
    check("", "<think>a</thi", "M(<think>)R(a</thi)");
    assert_string_equal(split("", "", 1), "");
}

static void the_prompt_may_open_the_reasoning(void **state) {
    (void)state;
    check("<assistant><think>\n", "a</think>b", "R(a)M(</think>)A(b)");
    check("x<|channel>thought", "a<channel|>b", "R(a)M(<channel|>)A(b)");
    check("<think>a</think>", "b</think>", "A(b</think>)");
    check("<think", "b</think>", "A(b</think>)");
}

static void whole_characters_stay_whole(void **state) {
    (void)state;
    app_reasoning r;
    parts[0] = '\0';
    app_reasoning_init(&r, (lnr_str){0}, note, parts);
    app_reasoning_add(&r, lnr_str_from("<think>\xe4\xbd\xa0<"));
    assert_string_equal(parts, "M(<think>)R(\xe4\xbd\xa0)");
    app_reasoning_add(&r, lnr_str_from("\xc3\xa9"));
    assert_string_equal(parts, "M(<think>)R(\xe4\xbd\xa0<\xc3\xa9)");
    app_reasoning_deinit(&r);
}

static void control_tokens_of_marks_are_wanted(void **state) {
    (void)state;
    static const char *const wanted[] = {"<think>",     "</think>", "[/THINK]",  "<|channel|>",
                                         "<|message|>", "<|end|>",  "<channel|>"};
    static const char *const others[] = {"<|im_end|>", "</s>", "<pad>", "a", "", "<|eot_id|>"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_true(app_reasoning_wants(lnr_str_from(wanted[i])));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(app_reasoning_wants(lnr_str_from(others[i])));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_mark_is_known),
        cmocka_unit_test(what_only_looks_like_a_mark_is_text),
        cmocka_unit_test(an_answer_may_speak_of_marks),
        cmocka_unit_test(what_is_held_back_comes_at_the_end),
        cmocka_unit_test(the_prompt_may_open_the_reasoning),
        cmocka_unit_test(whole_characters_stay_whole),
        cmocka_unit_test(control_tokens_of_marks_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
