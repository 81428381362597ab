/* Parsing of command lines by table; see options.h. The help text is in help.c. */
#include "app/options.h"

#include "app/nearest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct parser {
    const app_command *command;
    char *const *word; /* (n_words) */
    int n_words, next;
    void *values;
    app_parsed *out;
    lnr_error *err;
} parser;

/* What a word that begins with a dash stands for. */
typedef struct match {
    const app_option *option;
    bool negated;      /* --no-name */
    const char *value; /* after '='; NULL without */
} match;

static lnr_str option_name(const char *word) {
    const char *name = word + strspn(word, "-");
    return (lnr_str){name, strcspn(name, "=")};
}

static bool is_negated(const app_option *o, lnr_str name) {
    return o->kind == APP_SWITCH && lnr_str_starts(name, "no-") &&
           lnr_str_is((lnr_str){name.p + 3, name.n - 3}, o->name);
}

static bool find_option(const app_command *c, const char *word, match *m) {
    *m = (match){0};
    bool is_long = word[0] == '-' && word[1] == '-';
    lnr_str name = option_name(word);
    for (size_t i = 0; i < c->n_options; i++) {
        const app_option *o = &c->option[i];
        bool same = is_long ? lnr_str_is(name, o->name)
                            : o->letter && word[1] == o->letter && word[2] == '\0';
        m->negated = is_long && is_negated(o, name);
        if (same || m->negated) {
            m->option = o;
            m->value = is_long && name.p[name.n] == '=' ? name.p + name.n + 1 : NULL;
            return true;
        }
    }
    return false;
}

static bool is_help(const char *word) {
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static lnr_status unknown_option(const parser *p, const char *word) {
    const app_command *c = p->command;
    lnr_str name = option_name(word);
    char typed[64];
    const char *names[2 * APP_OPTIONS_MAX + 1] = {"help"};
    char negated[APP_OPTIONS_MAX][32];
    size_t n = 1;
    int n_shown = (int)(name.p + name.n - word);
    for (size_t i = 0; i < c->n_options; i++) {
        const app_option *o = &c->option[i];
        names[n++] = o->name;
        if (o->kind == APP_SWITCH) {
            snprintf(negated[i], sizeof negated[i], "no-%s", o->name);
            names[n++] = negated[i];
        }
        if (o->value && o->letter && word[1] == o->letter && word[2] >= '0' && word[2] <= '9')
            return LNR_FAIL(p->err, LNR_E_ARGUMENT, "unknown option '%s'; did you mean '-%c %s'?",
                            word, o->letter, word + 2);
    }
    snprintf(typed, sizeof typed, "%.*s", LNR_STR(name));
    const char *nearest = app_nearest(typed, names, n);
    if (nearest)
        return LNR_FAIL(p->err, LNR_E_ARGUMENT, "unknown option '%.*s'; did you mean '--%s'?",
                        n_shown, word, nearest);
    return LNR_FAIL(p->err, LNR_E_ARGUMENT,
                    "unknown option '%.*s'; 'lanner %s --help' lists the options", n_shown, word,
                    c->name);
}

/* Decimal digits only: no sign, no blanks, no 0x, all of which strtoull would take. */
static bool parse_u64(const char *text, uint64_t *out) {
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

/* A decimal number as in 0.7, -1 or 1e-3; not "nan", "inf", hexadecimal or blanks. */
static bool parse_float(const char *text, float *out) {
    char *end;
    if (*text == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
        return false;
    *out = strtof(text, &end);
    return *end == '\0' && isfinite(*out);
}

static bool parse_i32(const char *text, int32_t *out) {
    uint64_t value;
    bool negative = *text == '-';
    if (!parse_u64(text + negative, &value) || value > INT32_MAX)
        return false;
    *out = negative ? -(int32_t)value : (int32_t)value;
    return true;
}

static bool store_number(const app_option *o, const char *text, void *to) {
    uint64_t value;
    float real;
    int32_t number;
    if (o->kind == APP_I32) {
        if (!parse_i32(text, &number) || number < o->int_min || number > o->int_max)
            return false;
        *(int32_t *)to = number;
        return true;
    }
    if (o->kind == APP_FLOAT) {
        if (!parse_float(text, &real) || real < o->float_min || real > o->float_max)
            return false;
        *(float *)to = real;
        return true;
    }
    if (!parse_u64(text, &value) || value < o->min || value > o->max)
        return false;
    if (o->kind == APP_U32)
        *(uint32_t *)to = (uint32_t)value;
    else
        *(uint64_t *)to = value;
    return true;
}

static bool store_choice(const app_option *o, const char *text, void *to) {
    for (size_t i = 0; o->choices[i]; i++)
        if (strcmp(text, o->choices[i]) == 0) {
            *(const char **)to = o->choices[i];
            return true;
        }
    return false;
}

/* Says what is wrong with an option's value, or that there is none, and what would be right. */
static lnr_status bad_value(const parser *p, const app_option *o, lnr_str shown, const char *text) {
    lnr_buf range;
    buf_init(&range);
    app_option_range(o, &range);
    const char *valid = buf_cstr(&range);
    lnr_status st;
    if (text == NULL)
        st = LNR_FAIL(p->err, LNR_E_ARGUMENT, "option '%.*s' needs a value: %s", LNR_STR(shown),
                      valid ? valid : o->value);
    else
        st = LNR_FAIL(p->err, LNR_E_ARGUMENT, "option '%.*s' cannot be '%.*s': give %s",
                      LNR_STR(shown), LNR_STR(lnr_str_from(text)), valid ? valid : o->value);
    buf_deinit(&range);
    return st;
}

/* The value of an option that needs one: after '=', else the next word. A word that is itself an
 * option is no value, or a forgotten one would swallow it; written after '=' it is. */
static const char *take_value(parser *p, const match *m) {
    match ignored;
    if (m->value)
        return m->value;
    if (p->next == p->n_words)
        return NULL;
    const char *word = p->word[p->next];
    if (word[0] == '-' &&
        (strcmp(word, "--") == 0 || is_help(word) || find_option(p->command, word, &ignored)))
        return NULL;
    p->next++;
    return word;
}

static lnr_status take_option(parser *p, const char *word) {
    match m;
    if (!find_option(p->command, word, &m))
        return unknown_option(p, word);
    const app_option *o = m.option;
    lnr_str shown = {word, m.value ? (size_t)(m.value - word) - 1 : strlen(word)};
    uint64_t bit = UINT64_C(1) << (o - p->command->option);
    if (p->out->given & bit && o->kind != APP_STRINGS)
        return LNR_FAIL(p->err, LNR_E_ARGUMENT, "option '%.*s' is given twice", LNR_STR(shown));
    p->out->given |= bit;
    void *to = (char *)p->values + o->offset;
    if (o->kind == APP_FLAG || o->kind == APP_SWITCH) {
        if (m.value)
            return LNR_FAIL(p->err, LNR_E_ARGUMENT, "option '%.*s' takes no value", LNR_STR(shown));
        *(bool *)to = !m.negated;
        return LNR_OK;
    }
    const char *text = take_value(p, &m);
    if (text == NULL)
        return bad_value(p, o, shown, NULL);
    if (o->kind == APP_STRING) {
        *(const char **)to = text;
        return LNR_OK;
    }
    if (o->kind == APP_STRINGS) {
        app_strings *list = to;
        if (list->n == APP_STRINGS_MAX)
            return LNR_FAIL(p->err, LNR_E_ARGUMENT, "option '%.*s' is given more than %d times",
                            LNR_STR(shown), APP_STRINGS_MAX);
        list->item[list->n++] = text;
        return LNR_OK;
    }
    bool valid = o->kind == APP_CHOICE ? store_choice(o, text, to) : store_number(o, text, to);
    return valid ? LNR_OK : bad_value(p, o, shown, text);
}

static lnr_status take_argument(parser *p, const char *word) {
    if (p->out->n_arguments == p->command->n_arguments_max)
        return LNR_FAIL(p->err, LNR_E_ARGUMENT,
                        "unexpected argument '%.*s'; usage: lanner %s [options]%s%s",
                        LNR_STR(lnr_str_from(word)), p->command->name,
                        *p->command->arguments ? " " : "", p->command->arguments);
    p->out->argument[p->out->n_arguments++] = word;
    return LNR_OK;
}

lnr_status app_options_parse(const app_command *c, int n, char *const *words, void *values,
                             app_parsed *out, lnr_error *err) {
    LNR_ASSERT(c->n_options <= APP_OPTIONS_MAX && c->n_arguments_max <= APP_ARGUMENTS_MAX);
    parser p = {c, words, n, 0, values, out, err};
    bool options_ended = false;
    *out = (app_parsed){0};
    while (p.next < n) {
        const char *word = words[p.next++];
        if (options_ended || word[0] != '-' || word[1] == '\0') {
            LNR_TRY(take_argument(&p, word));
        } else if (strcmp(word, "--") == 0) {
            options_ended = true;
        } else if (is_help(word)) {
            out->help = true;
            return LNR_OK;
        } else {
            LNR_TRY(take_option(&p, word));
        }
    }
    if (out->n_arguments < c->n_arguments_min)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "too few arguments; usage: lanner %s [options] %s",
                        c->name, c->arguments);
    return LNR_OK;
}

bool app_options_given(const app_command *c, const app_parsed *p, const char *name) {
    size_t i = 0;
    while (i < c->n_options && strcmp(c->option[i].name, name) != 0)
        i++;
    LNR_ASSERT(i < c->n_options);
    return i < c->n_options && (p->given >> i & 1) != 0;
}
