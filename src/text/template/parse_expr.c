/* Expressions: recursive descent over Jinja2's grammar, lowest precedence first; see parser.h. */
#include "text/template/call.h"
#include "text/template/decimal.h"
#include "text/template/parser.h"

#include "base/utf8.h"

static node *parse_conditional(parser *p);

/* ---- literals */

static bool add_cp(char *out, size_t *n, uint32_t cp) {
    size_t len = lnr_utf8_encode(cp, out + *n);
    *n += len;
    return len != 0;
}

static size_t read_code(lnr_str s, size_t at, size_t n_max, unsigned base, uint32_t *cp) {
    size_t n = 0;
    for (*cp = 0; n < n_max && at + n < s.n; n++) {
        char c = s.p[at + n];
        unsigned low = (unsigned)c | 32, d = 99;
        if (c >= '0' && c <= '9')
            d = (unsigned)(c - '0');
        else if (low >= 'a' && low <= 'f')
            d = low - 'a' + 10;
        if (d >= base)
            break;
        *cp = *cp * base + d;
    }
    return n;
}

/* The escape after the backslash at s[at - 1]: writes what it means (never longer than it is), and
 * returns the bytes it takes; 0 if it means no character. */
static size_t decode_escape(lnr_str s, size_t at, char *out, size_t *n) {
    static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
    char c = s.p[at];
    uint32_t cp;
    const char *simple = c ? strchr(from, c) : NULL;
    if (simple) {
        out[(*n)++] = to[simple - from];
        return 1;
    }
    if (c == '\n')
        return 1;
    if (c >= '0' && c <= '7') {
        size_t len = read_code(s, at, 3, 8, &cp);
        return add_cp(out, n, cp) ? len : 0;
    }
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits)
        return read_code(s, at + 1, digits, 16, &cp) == digits && add_cp(out, n, cp) ? 1 + digits
                                                                                     : 0;
    if (c == 'N')
        return 0;
    out[(*n)++] = '\\'; /* no escape: Python keeps both characters */
    return lnr_utf8_decode(s.p + at, s.n - at, &cp) && add_cp(out, n, cp)
               ? lnr_utf8_decode(s.p + at, s.n - at, &cp)
               : 0;
}

/* The token's content; several strings side by side are one. */
static node *parse_string(parser *p) {
    node *n = node_new(p, NODE_CONST, p->current.line);
    lnr_str all = {"", 0};
    while (at_kind(p, TOKEN_STRING)) {
        lnr_str s = {p->current.text.p + 1, p->current.text.n - 2};
        char *out = parser_alloc(p, all.n + s.n + 1, 1);
        if (out == NULL)
            break;
        memcpy(out, all.p, all.n);
        size_t len = all.n;
        for (size_t at = 0; at < s.n;) {
            if (s.p[at] != '\\') {
                out[len++] = s.p[at++];
                continue;
            }
            size_t taken = decode_escape(s, at + 1, out, &len);
            if (taken == 0) {
                parser_fail(p, p->current.line, LNR_E_FORMAT, "a bad escape in a string");
                break;
            }
            at += 1 + taken;
        }
        all = (lnr_str){out, len};
        parser_advance(p);
    }
    n->constant = value_str(all);
    return node_finish(p, n);
}

/* The token without its underscores. */
static lnr_str number_digits(parser *p) {
    lnr_str s = p->current.text;
    char *out = parser_alloc(p, s.n + 1, 1);
    size_t n = 0;
    for (size_t i = 0; out && i < s.n; i++)
        if (s.p[i] != '_')
            out[n++] = s.p[i];
    return (lnr_str){out ? out : "", n};
}

static value read_integer(parser *p, lnr_str s) {
    int64_t x = 0;
    char second = s.n > 1 ? (char)(s.p[1] | 32) : '\0';
    unsigned base = second == 'x' ? 16 : second == 'o' ? 8 : second == 'b' ? 2 : 10;
    size_t at = base == 10 ? 0 : 2;
    if (at == s.n || (base == 10 && s.n > 1 && s.p[0] == '0' && strspn(s.p, "0") != s.n))
        parser_fail(p, p->current.line, LNR_E_FORMAT, "'%.*s' is no number", LNR_STR(s));
    for (; at < s.n; at++) {
        uint32_t d;
        if (read_code(s, at, 1, base, &d) == 0)
            parser_fail(p, p->current.line, LNR_E_FORMAT, "'%.*s' is no number", LNR_STR(s));
        else if (__builtin_mul_overflow(x, (int64_t)base, &x) ||
                 __builtin_add_overflow(x, (int64_t)d, &x))
            parser_fail(p, p->current.line, LNR_E_UNSUPPORTED, "'%.*s' has more than 64 bits",
                        LNR_STR(s));
        if (p->status != LNR_OK)
            break;
    }
    return value_int(x);
}

static node *parse_number(parser *p) {
    node *n = node_new(p, NODE_CONST, p->current.line);
    lnr_str s = number_digits(p);
    double x = 0;
    if (at_kind(p, TOKEN_INTEGER)) {
        n->constant = read_integer(p, s);
    } else {
        if (!decimal_read(s, &x))
            parser_fail(p, p->current.line, LNR_E_FORMAT, "'%.*s' is no number", LNR_STR(s));
        n->constant = value_float(x);
    }
    parser_advance(p);
    return node_finish(p, n);
}

static node *parse_name(parser *p) {
    static const struct {
        const char *word;
        value v;
    } constants[] = {
        {"true", {.kind = VALUE_BOOL, .b = true}},
        {"True", {.kind = VALUE_BOOL, .b = true}},
        {"false", {.kind = VALUE_BOOL, .b = false}},
        {"False", {.kind = VALUE_BOOL, .b = false}},
        {"none", {.kind = VALUE_NONE}},
        {"None", {.kind = VALUE_NONE}},
    };
    node *n = node_new(p, NODE_NAME, p->current.line);
    lnr_str name = p->current.text;
    parser_advance(p);
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        if (lnr_str_is(name, constants[i].word)) {
            n->kind = NODE_CONST;
            n->constant = constants[i].v;
            return node_finish(p, n);
        }
    n->text = name;
    n->name = parser_symbol(p, name);
    if (n->name >= SYMBOL_CALLER && n->name <= SYMBOL_KWARGS)
        p->macro_uses |= (uint8_t)(1u << (n->name - SYMBOL_CALLER));
    return node_finish(p, n);
}

static node *parse_list(parser *p) {
    node *n = node_new(p, NODE_LIST, p->current.line);
    expect_kind(p, '[', "'['");
    while (!at_kind(p, ']') && p->status == LNR_OK) {
        if (n->items.n)
            expect_kind(p, ',', "',' or ']'");
        if (at_kind(p, ']'))
            break;
        node_add(p, &n->items, parse_expression(p));
    }
    expect_kind(p, ']', "']'");
    return node_finish(p, n);
}

static node *parse_dict(parser *p) {
    node *n = node_new(p, NODE_DICT, p->current.line);
    expect_kind(p, '{', "'{'");
    while (!at_kind(p, '}') && p->status == LNR_OK) {
        if (n->items.n)
            expect_kind(p, ',', "',' or '}'");
        if (at_kind(p, '}'))
            break;
        node_add(p, &n->items, parse_expression(p));
        expect_kind(p, ':', "':'");
        node_add(p, &n->items, parse_expression(p));
    }
    expect_kind(p, '}', "'}'");
    return node_finish(p, n);
}

node *parse_primary(parser *p) {
    switch (p->current.kind) {
    case TOKEN_NAME:
        return parse_name(p);
    case TOKEN_STRING:
        return parse_string(p);
    case TOKEN_INTEGER:
    case TOKEN_FLOAT:
        return parse_number(p);
    case '[':
        return parse_list(p);
    case '{':
        return parse_dict(p);
    case '(':
        break;
    default:
        parser_fail(p, p->current.line, LNR_E_FORMAT, "an expression was expected, not '%.*s'",
                    LNR_STR(p->current.text));
        return node_new(p, NODE_CONST, p->current.line);
    }
    node *n;
    uint32_t line = p->current.line;
    parser_advance(p);
    if (at_kind(p, ')'))
        n = node_finish(p, node_new(p, NODE_TUPLE, line));
    else
        n = parse_tuple(p, true, NULL);
    expect_kind(p, ')', "')'");
    return n;
}

/* ---- what follows a value: attribute, item, call, filter, test */

static node *parse_bound(parser *p) {
    bool absent = at_kind(p, ':') || at_kind(p, ']') || at_kind(p, ',');
    return absent ? NULL : parse_expression(p);
}

static node *parse_one_subscript(parser *p) {
    uint32_t line = p->current.line;
    node *first = parse_bound(p);
    if (!at_kind(p, ':')) {
        if (first == NULL)
            parser_fail(p, line, LNR_E_FORMAT, "an index was expected");
        return first ? first : &p->sink;
    }
    node *n = node_new(p, NODE_SLICE, line);
    n->a = first;
    expect_kind(p, ':', "':'");
    n->b = parse_bound(p);
    if (take_kind(p, ':'))
        n->c = parse_bound(p);
    return node_finish(p, n);
}

static node *parse_subscript(parser *p, node *of) {
    node *n = node_new(p, NODE_ITEM, p->current.line);
    n->a = of;
    if (take_kind(p, '.')) {
        if (at_kind(p, TOKEN_INTEGER)) {
            n->b = parse_number(p);
        } else {
            n->kind = NODE_ATTRIBUTE;
            n->text = expect_name(p);
        }
        return node_finish(p, n);
    }
    expect_kind(p, '[', "'['");
    n->b = parse_one_subscript(p);
    if (at_kind(p, ',')) {
        node *tuple = node_new(p, NODE_TUPLE, n->line);
        node_add(p, &tuple->items, n->b);
        while (take_kind(p, ',') && p->status == LNR_OK)
            node_add(p, &tuple->items, parse_one_subscript(p));
        n->b = node_finish(p, tuple);
    }
    expect_kind(p, ']', "']'");
    return node_finish(p, n);
}

static node *parse_argument(parser *p) {
    node *n = node_new(p, NODE_SPREAD, p->current.line);
    if (at_kind(p, '*') || at_kind(p, TOKEN_POWER)) {
        n->op = (uint8_t)p->current.kind;
        parser_advance(p);
    } else if (at_kind(p, TOKEN_NAME) && p->ahead.kind == '=') {
        n->kind = NODE_KEYWORD;
        n->text = expect_name(p);
        parser_advance(p);
    } else {
        return parse_expression(p);
    }
    n->a = parse_expression(p);
    return node_finish(p, n);
}

/* The arguments of a call into n: positional ones, then named and spread ones. */
static void parse_arguments(parser *p, node *n) {
    expect_kind(p, '(', "'('");
    bool first = true;
    while (!at_kind(p, ')') && p->status == LNR_OK) {
        if (!first)
            expect_kind(p, ',', "',' or ')'");
        if (at_kind(p, ')'))
            break;
        first = false;
        node *arg = parse_argument(p);
        bool special = arg->kind == NODE_KEYWORD || arg->kind == NODE_SPREAD;
        if (!special && n->more.n)
            parser_fail(p, arg->line, LNR_E_FORMAT, "a positional argument after a named one");
        node_add(p, special ? &n->more : &n->items, arg);
    }
    expect_kind(p, ')', "')'");
}

static node *parse_call(parser *p, node *callee) {
    node *n = node_new(p, NODE_CALL, p->current.line);
    n->a = callee;
    parse_arguments(p, n);
    return node_finish(p, n);
}

bool node_is_call(const node *n) {
    return n->kind == NODE_CALL;
}

/* A name that may have dots in it. */
static lnr_str parse_dotted(parser *p) {
    lnr_str name = expect_name(p);
    while (take_kind(p, '.')) {
        lnr_str part = expect_name(p);
        name.n = part.n ? (size_t)(part.p + part.n - name.p) : name.n;
    }
    return name;
}

static void check_known(parser *p, const node *n, const char *what) {
    if (n->fn == NULL && p->n_conditions == 0)
        parser_fail(p, n->line, LNR_E_FORMAT, "there is no %s '%.*s'", what, LNR_STR(n->text));
}

node *parse_filter(parser *p, node *of) {
    node *n = node_new(p, NODE_FILTER, p->current.line);
    n->a = of;
    n->text = parse_dotted(p);
    n->fn = find_filter(n->text);
    check_known(p, n, "filter");
    if (at_kind(p, '('))
        parse_arguments(p, n);
    return node_finish(p, n);
}

node *parse_filters(parser *p, node *of) {
    while (take_kind(p, '|') && p->status == LNR_OK)
        of = parse_filter(p, of);
    return of;
}

static node *parse_postfix(parser *p, node *n) {
    for (;;) {
        if (at_kind(p, '.') || at_kind(p, '['))
            n = parse_subscript(p, n);
        else if (at_kind(p, '('))
            n = parse_call(p, n);
        else
            return n;
    }
}

static bool at_test_argument(const parser *p) {
    switch (p->current.kind) {
    case TOKEN_NAME:
        return !at_word(p, "else") && !at_word(p, "or") && !at_word(p, "and");
    case TOKEN_STRING:
    case TOKEN_INTEGER:
    case TOKEN_FLOAT:
    case '[': /* '(' was taken as arguments */
    case '{':
        return true;
    default:
        return false;
    }
}

/* After "is". */
static node *parse_test(parser *p, node *of) {
    node *n = node_new(p, NODE_TEST, p->current.line), *negated = NULL;
    if (take_word(p, "not"))
        negated = node_new(p, NODE_NOT, n->line);
    n->a = of;
    n->text = parse_dotted(p);
    n->fn = find_test(n->text);
    check_known(p, n, "test");
    if (at_kind(p, '(')) {
        parse_arguments(p, n);
    } else if (at_test_argument(p)) {
        if (at_word(p, "is"))
            parser_fail(p, n->line, LNR_E_FORMAT, "a test of a test");
        node_add(p, &n->items, parse_postfix(p, parse_primary(p)));
    }
    node_finish(p, n);
    if (negated == NULL)
        return n;
    negated->a = n;
    return node_finish(p, negated);
}

static node *parse_filters_and_tests(parser *p, node *n) {
    for (;;) {
        if (at_kind(p, '|'))
            n = parse_filters(p, n);
        else if (at_kind(p, '('))
            n = parse_call(p, n);
        else if (take_word(p, "is"))
            n = parse_test(p, n);
        else
            return n;
    }
}

/* ---- operators */

static node *parse_unary(parser *p, bool with_filters) {
    if (!parser_enter(p))
        return &p->sink;
    node *n;
    if (at_kind(p, '-') || at_kind(p, '+')) {
        n = node_new(p, at_kind(p, '-') ? NODE_MINUS : NODE_PLUS, p->current.line);
        parser_advance(p);
        n->a = parse_unary(p, false);
        node_finish(p, n);
    } else {
        n = parse_primary(p);
    }
    n = parse_postfix(p, n);
    if (with_filters)
        n = parse_filters_and_tests(p, n);
    parser_leave(p);
    return n;
}

typedef node *(*parse_fn)(parser *p);

static node *parse_power_operand(parser *p) {
    return parse_unary(p, true);
}

/* operand (operator operand)*, the operators being the characters of `operators`. */
static node *parse_math(parser *p, const char *operators, parse_fn parse_operand) {
    node *first = parse_operand(p), *chain = NULL;
    while (p->current.kind > TOKEN_FLOAT && strchr(operators, p->current.kind)) {
        if (chain == NULL) {
            chain = node_new(p, NODE_MATH, p->current.line);
            chain->a = first;
        }
        node *operand = node_new(p, NODE_OPERAND, p->current.line);
        operand->op = (uint8_t)p->current.kind;
        parser_advance(p);
        operand->a = parse_operand(p);
        node_add(p, &chain->items, node_finish(p, operand));
    }
    return chain ? node_finish(p, chain) : first;
}

static node *parse_power(parser *p) {
    return parse_math(p, "P", parse_power_operand);
}

static node *parse_product(parser *p) {
    return parse_math(p, "*/D%", parse_power);
}

static node *parse_concat(parser *p) {
    node *first = parse_product(p), *chain = NULL;
    while (take_kind(p, '~')) {
        if (chain == NULL) {
            chain = node_new(p, NODE_CONCAT, first->line);
            node_add(p, &chain->items, first);
        }
        node_add(p, &chain->items, parse_product(p));
    }
    return chain ? node_finish(p, chain) : first;
}

static node *parse_sum(parser *p) {
    return parse_math(p, "+-", parse_concat);
}

/* The comparison at the current token, taken; 0 if there is none. */
static int take_comparison(parser *p) {
    int kind = p->current.kind;
    if (kind > TOKEN_FLOAT && strchr("ENLG<>", kind)) {
        parser_advance(p);
        return kind;
    }
    if (take_word(p, "in"))
        return TOKEN_IN;
    if (at_word(p, "not") && p->ahead.kind == TOKEN_NAME && lnr_str_is(p->ahead.text, "in")) {
        parser_advance(p);
        parser_advance(p);
        return TOKEN_NOT_IN;
    }
    return 0;
}

static node *parse_comparison(parser *p) {
    node *first = parse_sum(p), *chain = NULL;
    int op;
    uint32_t line = p->current.line;
    while ((op = take_comparison(p)) != 0) {
        if (chain == NULL) {
            chain = node_new(p, NODE_COMPARE, line);
            chain->a = first;
        }
        node *operand = node_new(p, NODE_OPERAND, line);
        operand->op = (uint8_t)op;
        operand->a = parse_sum(p);
        node_add(p, &chain->items, node_finish(p, operand));
    }
    return chain ? node_finish(p, chain) : first;
}

static node *parse_not(parser *p) {
    if (!at_word(p, "not"))
        return parse_comparison(p);
    if (!parser_enter(p))
        return &p->sink;
    node *n = node_new(p, NODE_NOT, p->current.line);
    parser_advance(p);
    n->a = parse_not(p);
    parser_leave(p);
    return node_finish(p, n);
}

static node *parse_logic(parser *p, const char *word, node_kind kind, parse_fn parse_operand) {
    node *first = parse_operand(p), *chain = NULL;
    while (take_word(p, word)) {
        if (chain == NULL) {
            chain = node_new(p, kind, first->line);
            node_add(p, &chain->items, first);
        }
        node_add(p, &chain->items, parse_operand(p));
    }
    return chain ? node_finish(p, chain) : first;
}

static node *parse_and(parser *p) {
    return parse_logic(p, "and", NODE_AND, parse_not);
}

static node *parse_or(parser *p) {
    return parse_logic(p, "or", NODE_OR, parse_and);
}

/* The filters of the value are parsed before its condition is seen, so whether they may be unknown
 * is decided as if they stood alone; Jinja2 is more lenient only for names it does not know. */
static node *parse_conditional(parser *p) {
    node *result = parse_or(p);
    while (take_word(p, "if") && p->status == LNR_OK) {
        node *n = node_new(p, NODE_IF_ELSE, result->line);
        n->a = result;
        n->b = parse_or(p);
        if (take_word(p, "else") && parser_enter(p)) {
            p->n_conditions++;
            n->c = parse_conditional(p);
            p->n_conditions--;
            parser_leave(p);
        }
        result = node_finish(p, n);
    }
    return result;
}

node *parse_expression(parser *p) {
    if (!parser_enter(p))
        return &p->sink;
    node *n = parse_conditional(p);
    parser_leave(p);
    return n;
}

static bool at_tuple_end(const parser *p, const char *end) {
    return at_kind(p, TOKEN_PRINT_END) || at_kind(p, TOKEN_BLOCK_END) || at_kind(p, ')') ||
           at_kind(p, TOKEN_END) || (end && at_word(p, end));
}

node *parse_tuple(parser *p, bool conditional, const char *end) {
    if (!parser_enter(p))
        return &p->sink;
    node *first = conditional ? parse_conditional(p) : parse_or(p), *tuple = NULL;
    while (take_kind(p, ',') && p->status == LNR_OK) {
        if (tuple == NULL) {
            tuple = node_new(p, NODE_TUPLE, first->line);
            node_add(p, &tuple->items, first);
        }
        if (at_tuple_end(p, end))
            break;
        node_add(p, &tuple->items, conditional ? parse_conditional(p) : parse_or(p));
    }
    parser_leave(p);
    return tuple ? node_finish(p, tuple) : first;
}
