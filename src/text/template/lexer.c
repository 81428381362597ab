/* Tokens of a template; see lexer.h. */
#include "text/template/lexer.h"

#include "text/template/letters.h"

#include <inttypes.h>

void lexer_init(lexer *l, lnr_str source) {
    *l = (lexer){.source = source, .line = 1};
}

static lnr_str rest(const lexer *l, size_t at) {
    return (lnr_str){l->source.p + at, l->source.n - at};
}

static char char_at(const lexer *l, size_t at) {
    return at < l->source.n ? l->source.p[at] : '\0';
}

static void advance_to(lexer *l, size_t at) {
    for (; l->at < at; l->at++)
        l->line += l->source.p[l->at] == '\n';
}

static size_t skip_space(const lexer *l, size_t at) {
    lnr_str s = rest(l, at), trimmed = text_trim_start(s);
    return at + (s.n - trimmed.n);
}

/* What follows a block's or a comment's content, whose last two characters are end ("%}", "#}"):
 * the first byte after it, or 0 if there is no such end at `at`. trim: drop a newline after it. */
static size_t match_end(const lexer *l, size_t at, const char *end, bool trim) {
    char sign = char_at(l, at);
    if ((sign == '-' || (sign == '+' && trim)) && lnr_str_starts(rest(l, at + 1), end))
        return sign == '-' ? skip_space(l, at + 3) : at + 3;
    if (!lnr_str_starts(rest(l, at), end))
        return 0;
    return at + 2 + (trim && char_at(l, at + 2) == '\n');
}

/* `{% raw %}` or `{% endraw %}` at `at`: the first byte after it, else 0. */
static size_t match_raw(const lexer *l, size_t at, const char *word) {
    if (!lnr_str_starts(rest(l, at), "{%"))
        return 0;
    at += 2;
    at += char_at(l, at) == '-' || char_at(l, at) == '+';
    at = skip_space(l, at);
    if (!lnr_str_starts(rest(l, at), word))
        return 0;
    at = skip_space(l, at + strlen(word));
    return match_end(l, at, "%}", word[0] == 'e'); /* a newline after `raw` is content */
}

/* The text start .. end before the tag at end, without what the tag's sign or its place at the
 * begin of a line takes from it. */
static lnr_str text_before(const lexer *l, size_t start, size_t end) {
    lnr_str text = {l->source.p + start, end - start};
    char kind = char_at(l, end + 1), sign = char_at(l, end + 2);
    if (sign == '-')
        return text_trim_end(text);
    if (sign == '+' || kind == '{')
        return text;
    size_t line = end; /* where the tag's line begins */
    while (line > start && l->source.p[line - 1] != '\n')
        line--;
    if (line == start && start != 0 && l->source.p[start - 1] != '\n')
        return text;
    if (text_trim_start((lnr_str){l->source.p + line, end - line}).n == 0)
        text.n = line - start;
    return text;
}

static lnr_status fail_at(const lexer *l, const char *what, lnr_error *err) {
    return LNR_FAIL(err, LNR_E_FORMAT, "template line %" PRIu32 ": %s", l->line, what);
}

static lnr_status skip_comment(lexer *l, lnr_error *err) {
    size_t at = l->at + 2, after = 0;
    at += char_at(l, at) == '-' || char_at(l, at) == '+';
    for (; at < l->source.n && after == 0; at++)
        after = match_end(l, at, "#}", true);
    if (after == 0)
        return fail_at(l, "a comment without its end '#}'", err);
    advance_to(l, after);
    return LNR_OK;
}

static lnr_status read_raw(lexer *l, size_t content, token *out, lnr_error *err) {
    for (size_t at = content; at < l->source.n; at++) {
        size_t after = match_raw(l, at, "endraw");
        if (after == 0)
            continue;
        *out = (token){TOKEN_TEXT, text_before(l, content, at), l->line};
        advance_to(l, after);
        return LNR_OK;
    }
    return fail_at(l, "'raw' without its 'endraw'", err);
}

/* The next tag at or after at: "{{", "{%" or "{#"; the end of the source if there is none. */
static size_t find_tag(const lexer *l, size_t at) {
    for (; at + 1 < l->source.n; at++)
        if (l->source.p[at] == '{') {
            char c = l->source.p[at + 1];
            if (c == '{' || c == '%' || c == '#')
                return at;
        }
    return l->source.n;
}

static lnr_status next_in_text(lexer *l, token *out, lnr_error *err) {
    while (l->at < l->source.n) {
        size_t start = l->at, at = find_tag(l, start), raw;
        uint32_t line = l->line;
        lnr_str text = at < l->source.n ? text_before(l, start, at) : rest(l, start);
        advance_to(l, at);
        if (text.n) {
            *out = (token){TOKEN_TEXT, text, line};
            return LNR_OK;
        }
        if (at == l->source.n)
            break;
        if (char_at(l, at + 1) == '#') {
            LNR_TRY(skip_comment(l, err));
            continue;
        }
        if ((raw = match_raw(l, at, "raw")) != 0) {
            advance_to(l, raw);
            return read_raw(l, raw, out, err);
        }
        l->inside = char_at(l, at + 1) == '{' ? TOKEN_PRINT_BEGIN : TOKEN_BLOCK_BEGIN;
        *out = (token){l->inside, {l->source.p + at, 2}, l->line};
        advance_to(l, at + 2 + (char_at(l, at + 2) == '-' || char_at(l, at + 2) == '+'));
        return LNR_OK;
    }
    *out = (token){TOKEN_END, {"", 0}, l->line};
    return LNR_OK;
}

static bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
}

static bool is_digit_char(char c) {
    return c >= '0' && c <= '9';
}

/* End of digits that may have single underscores between them. */
static size_t skip_digits(const lexer *l, size_t at) {
    while (is_digit_char(char_at(l, at)) ||
           (char_at(l, at) == '_' && is_digit_char(char_at(l, at + 1))))
        at++;
    return at;
}

static size_t skip_number(const lexer *l, int *kind) {
    char second = char_at(l, l->at + 1) | 32;
    size_t at = l->at;
    *kind = TOKEN_INTEGER;
    if (char_at(l, at) == '0' && (second == 'x' || second == 'o' || second == 'b')) {
        at += 2;
        while (is_name_char(char_at(l, at)))
            at++;
        return at;
    }
    at = skip_digits(l, at);
    if (l->at > 0 && l->source.p[l->at - 1] == '.') /* the 1 of `x.1.2` */
        return at;
    if (char_at(l, at) == '.' && is_digit_char(char_at(l, at + 1))) {
        at = skip_digits(l, at + 1);
        *kind = TOKEN_FLOAT;
    }
    if ((char_at(l, at) | 32) == 'e') {
        size_t sign = char_at(l, at + 1) == '+' || char_at(l, at + 1) == '-';
        if (is_digit_char(char_at(l, at + 1 + sign))) {
            at = skip_digits(l, at + 1 + sign);
            *kind = TOKEN_FLOAT;
        }
    }
    return at;
}

static lnr_status read_operator(lexer *l, token *out, lnr_error *err) {
    static const struct {
        const char *text;
        int kind;
    } pairs[] = {{"==", TOKEN_EQUAL},         {"!=", TOKEN_UNEQUAL},   {"<=", TOKEN_LESS_EQUAL},
                 {">=", TOKEN_GREATER_EQUAL}, {"//", TOKEN_FLOOR_DIV}, {"**", TOKEN_POWER}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (lnr_str_starts(rest(l, l->at), pairs[i].text)) {
            *out = (token){pairs[i].kind, {l->source.p + l->at, 2}, l->line};
            return LNR_OK;
        }
    char c = char_at(l, l->at);
    if (c == '\0' || strchr("+-/*%~[](){}<>=.:|,;", c) == NULL)
        return fail_at(l, "a character that no tag may hold", err);
    l->n_open += c == '(' || c == '[' || c == '{';
    l->n_open -= l->n_open && (c == ')' || c == ']' || c == '}');
    *out = (token){c, {l->source.p + l->at, 1}, l->line};
    return LNR_OK;
}

static lnr_status read_string(lexer *l, token *out, lnr_error *err) {
    char quote = char_at(l, l->at);
    size_t at = l->at + 1;
    while (at < l->source.n && l->source.p[at] != quote)
        at += l->source.p[at] == '\\' ? 2 : 1;
    if (at >= l->source.n)
        return fail_at(l, "a string without its closing quote", err);
    *out = (token){TOKEN_STRING, {l->source.p + l->at, at + 1 - l->at}, l->line};
    return LNR_OK;
}

/* The end of the tag the lexer is in: the first byte after it, or 0. */
static size_t match_tag_end(const lexer *l) {
    if (l->n_open)
        return 0;
    if (l->inside == TOKEN_BLOCK_BEGIN)
        return match_end(l, l->at, "%}", true);
    return match_end(l, l->at, "}}", false);
}

static lnr_status next_in_tag(lexer *l, token *out, lnr_error *err) {
    size_t end = match_tag_end(l);
    if (end == 0)
        advance_to(l, skip_space(l, l->at));
    if (l->at >= l->source.n)
        return fail_at(l, "a tag without its end", err);
    end = end ? end : match_tag_end(l);
    if (end) {
        *out = (token){l->inside == TOKEN_BLOCK_BEGIN ? TOKEN_BLOCK_END : TOKEN_PRINT_END,
                       {l->source.p + l->at, 2},
                       l->line};
        advance_to(l, end);
        l->inside = 0;
        return LNR_OK;
    }
    char c = l->source.p[l->at];
    if (is_digit_char(c)) {
        int kind;
        size_t after = skip_number(l, &kind);
        *out = (token){kind, {l->source.p + l->at, after - l->at}, l->line};
    } else if (is_name_char(c)) {
        size_t after = l->at;
        while (is_name_char(char_at(l, after)))
            after++;
        *out = (token){TOKEN_NAME, {l->source.p + l->at, after - l->at}, l->line};
    } else if (c == '"' || c == '\'') {
        LNR_TRY(read_string(l, out, err));
    } else {
        LNR_TRY(read_operator(l, out, err));
    }
    advance_to(l, l->at + out->text.n);
    return LNR_OK;
}

lnr_status lexer_next(lexer *l, token *out, lnr_error *err) {
    return l->inside ? next_in_tag(l, out, err) : next_in_text(l, out, err);
}
