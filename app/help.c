/* The text of --help, from the option table; see options.h. Two columns, wrapped at WIDTH, so that
 * it reads in a terminal and in a bug report. */
#include "app/options.h"

#include <inttypes.h>

#define WIDTH       100
#define HELP_COLUMN 26

static void add_blanks(lnr_buf *out, size_t n) {
    while (n-- > 0)
        buf_add_char(out, ' ');
}

void app_add_wrapped(lnr_buf *out, const char *text, size_t column, size_t indent) {
    size_t at = column;
    while (*text) {
        size_t n = strcspn(text, " \n");
        bool first = at == column && at <= indent;
        if (!first && at + 1 + n > WIDTH) {
            buf_add_char(out, '\n');
            add_blanks(out, indent);
            at = indent;
        } else if (!first && at > indent) {
            buf_add_char(out, ' ');
            at++;
        }
        buf_add(out, text, n);
        at += n;
        text += n;
        if (*text == '\n') {
            buf_add_char(out, '\n');
            add_blanks(out, text[1] ? indent : 0);
            at = indent;
        }
        text += *text != '\0';
    }
}

void app_option_range(const app_option *o, lnr_buf *out) {
    if (o->range) {
        buf_add_str(out, o->range);
    } else if (o->kind == APP_CHOICE) {
        for (size_t i = 0; o->choices[i]; i++)
            buf_printf(out, "%s%s", i == 0 ? "" : ", ", o->choices[i]);
    } else if (o->kind == APP_STRING || o->kind == APP_STRINGS) {
        buf_add_str(out, o->value);
    } else {
        buf_printf(out, "%" PRIu64 " to %" PRIu64, o->min, o->max);
    }
}

/* "-n, --max-tokens N" */
static void add_names(const app_option *o, const void *defaults, lnr_buf *out) {
    const bool *on = (const void *)((const char *)defaults + o->offset);
    if (o->letter)
        buf_printf(out, "-%c, ", o->letter);
    buf_printf(out, "--%s%s", o->kind == APP_SWITCH && *on ? "no-" : "", o->name);
    if (o->value)
        buf_printf(out, " %s", o->value);
}

static void add_default(const app_option *o, const void *defaults, lnr_buf *out) {
    const void *value = (const char *)defaults + o->offset;
    if (o->shown_default) {
        buf_add_str(out, o->shown_default);
        return;
    }
    switch (o->kind) {
    case APP_I32:
        buf_printf(out, "%" PRId32, *(const int32_t *)value);
        break;
    case APP_U32:
        buf_printf(out, "%" PRIu32, *(const uint32_t *)value);
        break;
    case APP_U64:
        buf_printf(out, "%" PRIu64, *(const uint64_t *)value);
        break;
    case APP_FLOAT:
        buf_printf(out, "%g", (double)*(const float *)value);
        break;
    case APP_FLAG:
    case APP_SWITCH:
    case APP_STRING:
    case APP_STRINGS:
    case APP_CHOICE:
        break;
    }
}

/* " [1 to 4096; default 128]", as far as there is something to say. */
static void add_facts(const app_option *o, const void *defaults, lnr_buf *out) {
    lnr_buf range, shown;
    buf_init(&range);
    buf_init(&shown);
    bool bounded =
        (o->kind == APP_U32 || o->kind == APP_U64) && (o->min > 0 || o->max < UINT32_MAX);
    if (o->range || bounded || o->kind == APP_CHOICE)
        app_option_range(o, &range);
    add_default(o, defaults, &shown);
    const char *range_text = buf_cstr(&range), *default_text = buf_cstr(&shown);
    if (range_text == NULL || default_text == NULL)
        out->failed = true;
    else if (*range_text || *default_text)
        buf_printf(out, " [%s%s%s%s]", range_text, *range_text && *default_text ? "; " : "",
                   *default_text ? "default " : "", default_text);
    buf_deinit(&range);
    buf_deinit(&shown);
}

static void add_row(lnr_buf *out, const char *names, const char *text) {
    size_t column = 2 + strlen(names);
    buf_printf(out, "  %s", names);
    if (column + 2 > HELP_COLUMN) {
        buf_add_char(out, '\n');
        column = 0;
    }
    add_blanks(out, HELP_COLUMN - column);
    app_add_wrapped(out, text, HELP_COLUMN, HELP_COLUMN);
    buf_add_char(out, '\n');
}

static void add_option(const app_option *o, const void *defaults, lnr_buf *out) {
    lnr_buf names, text;
    buf_init(&names);
    buf_init(&text);
    add_names(o, defaults, &names);
    buf_add_str(&text, o->help);
    add_facts(o, defaults, &text);
    const char *left = buf_cstr(&names), *right = buf_cstr(&text);
    if (left && right)
        add_row(out, left, right);
    else
        out->failed = true;
    buf_deinit(&names);
    buf_deinit(&text);
}

void app_options_help(const app_command *c, const void *defaults, lnr_buf *out) {
    buf_printf(out, "usage: lanner %s [options]%s%s\n\n", c->name, *c->arguments ? " " : "",
               c->arguments);
    app_add_wrapped(out, c->details, 0, 0);
    buf_add_str(out, "\noptions:\n");
    for (size_t i = 0; i < c->n_options; i++)
        add_option(&c->option[i], defaults, out);
    add_row(out, "-h, --help", "show this help");
}
