/* Tokens, nodes and statements of the parser; see parser.h. */
#include "text/template/call.h"
#include "text/template/parser.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* A chain of postfix operators makes a deep tree without nesting in the source. */
#define NODE_DEPTH_MAX 200

void parser_fail(parser *p, uint32_t line, lnr_status code, const char *fmt, ...) {
    if (p->status != LNR_OK)
        return;
    char text[LNR_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    p->status = LNR_FAIL(p->err, code, "template line %" PRIu32 ": %s", line, text);
    p->current = p->ahead = (token){TOKEN_END, {"", 0}, line};
}

void parser_advance(parser *p) {
    p->current = p->ahead;
    if (p->status != LNR_OK)
        return;
    lnr_status st = lexer_next(&p->lexer, &p->ahead, p->err);
    if (st != LNR_OK) {
        p->status = st;
        p->current = p->ahead = (token){TOKEN_END, {"", 0}, p->lexer.line};
    }
}

bool parser_enter(parser *p) {
    if (p->depth >= 2 * TEMPLATE_NESTING_MAX) { /* a bracket enters twice */
        parser_fail(p, p->current.line, LNR_E_LIMIT, "nested more than %d deep",
                    TEMPLATE_NESTING_MAX);
        return false;
    }
    p->depth++;
    return true;
}

void parser_leave(parser *p) {
    p->depth--;
}

void *parser_alloc(parser *p, size_t n, size_t item_bytes) {
    void *q = p->status == LNR_OK ? arena_alloc(&p->t->memory, n, item_bytes) : NULL;
    if (q == NULL)
        parser_fail(p, p->current.line, LNR_E_NOMEM, "parsing");
    return q;
}

uint32_t parser_symbol(parser *p, lnr_str name) {
    compiled_template *t = p->t;
    uint32_t symbol = (uint32_t)t->n_symbols;
    bool found;
    if (p->status != LNR_OK)
        return 0;
    if (t->n_symbols == t->capacity) {
        size_t capacity = t->capacity ? t->capacity * 2 : 64;
        lnr_str *grown = parser_alloc(p, capacity, sizeof *grown);
        if (grown == NULL)
            return 0;
        if (t->n_symbols)
            memcpy(grown, t->symbol, t->n_symbols * sizeof *grown);
        t->symbol = grown;
        t->capacity = capacity;
    }
    if (!strmap_add(&t->names, name, &symbol, &found)) {
        parser_fail(p, p->current.line, LNR_E_NOMEM, "parsing");
        return 0;
    }
    if (!found)
        t->symbol[t->n_symbols++] = name;
    return symbol;
}

node *node_new(parser *p, node_kind kind, uint32_t line) {
    node *n = parser_alloc(p, 1, sizeof *n);
    n = n ? n : &p->sink;
    n->kind = (uint8_t)kind;
    n->line = line;
    return n;
}

void node_add(parser *p, node_list *l, node *child) {
    if (p->status != LNR_OK)
        return;
    if (l->n == l->capacity) {
        size_t capacity = l->capacity ? l->capacity * 2 : 4;
        node **item = parser_alloc(p, capacity, sizeof *item);
        if (item == NULL)
            return;
        if (l->n)
            memcpy(item, l->item, l->n * sizeof *item);
        l->item = item;
        l->capacity = capacity;
    }
    l->item[l->n++] = child;
}

static unsigned deepest(const node_list *l) {
    unsigned depth = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->item[i]->depth > depth)
            depth = l->item[i]->depth;
    return depth;
}

node *node_finish(parser *p, node *n) {
    if (p->status != LNR_OK)
        return n;
    unsigned depth = deepest(&n->items), more = deepest(&n->more);
    const node *child[] = {n->a, n->b, n->c};
    depth = more > depth ? more : depth;
    for (size_t i = 0; i < 3; i++)
        if (child[i] && child[i]->depth > depth)
            depth = child[i]->depth;
    if (depth >= NODE_DEPTH_MAX)
        parser_fail(p, n->line, LNR_E_LIMIT, "an expression of more than %d steps in a row",
                    NODE_DEPTH_MAX);
    else
        n->depth = (uint8_t)(depth + 1);
    return n;
}

bool at_word(const parser *p, const char *word) {
    return at_kind(p, TOKEN_NAME) && lnr_str_is(p->current.text, word);
}

bool take_kind(parser *p, int kind) {
    if (!at_kind(p, kind))
        return false;
    parser_advance(p);
    return true;
}

bool take_word(parser *p, const char *word) {
    if (!at_word(p, word))
        return false;
    parser_advance(p);
    return true;
}

void expect_kind(parser *p, int kind, const char *what) {
    if (take_kind(p, kind))
        return;
    if (at_kind(p, TOKEN_END))
        parser_fail(p, p->current.line, LNR_E_FORMAT, "%s was expected, not the end", what);
    else
        parser_fail(p, p->current.line, LNR_E_FORMAT, "%s was expected, not '%.*s'", what,
                    LNR_STR(p->current.text));
}

lnr_str expect_name(parser *p) {
    lnr_str name = p->current.text;
    bool is_name = at_kind(p, TOKEN_NAME);
    expect_kind(p, TOKEN_NAME, "a name");
    return is_name ? name : (lnr_str){"", 0};
}

/* ---- statements */

static bool at_end_word(const parser *p, const char *const *end) {
    for (; end && *end; end++)
        if (at_word(p, *end))
            return true;
    return false;
}

static node *parse_statement(parser *p);

/* Statements up to `{% word` with one of the words of end, which stays the current token; up to the
 * end of the template if end is NULL. */
static node *parse_body(parser *p, const char *const *end) {
    node *body = node_new(p, NODE_BLOCK, p->current.line);
    while (p->status == LNR_OK) {
        if (at_kind(p, TOKEN_TEXT)) {
            node *n = node_new(p, NODE_TEXT, p->current.line);
            n->text = p->current.text;
            parser_advance(p);
            node_add(p, &body->items, node_finish(p, n));
        } else if (take_kind(p, TOKEN_PRINT_BEGIN)) {
            node *n = node_new(p, NODE_PRINT, p->current.line);
            n->a = parse_tuple(p, true, NULL);
            expect_kind(p, TOKEN_PRINT_END, "'}}'");
            node_add(p, &body->items, node_finish(p, n));
        } else if (take_kind(p, TOKEN_BLOCK_BEGIN)) {
            if (at_end_word(p, end))
                return node_finish(p, body);
            node_add(p, &body->items, parse_statement(p));
        } else {
            if (end)
                parser_fail(p, p->current.line, LNR_E_FORMAT, "'{%% %s %%}' is missing", *end);
            break;
        }
    }
    return node_finish(p, body);
}

static void expect_block_end(parser *p) {
    expect_kind(p, TOKEN_BLOCK_END, "'%}'");
}

/* "%}" body up to one of the end words. */
static node *parse_inner(parser *p, const char *const *end) {
    take_kind(p, ':');
    expect_block_end(p);
    return parse_body(p, end);
}

/* The same for a block with a single end, which is taken, too. */
static node *parse_block(parser *p, const char *end) {
    const char *const ends[] = {end, NULL};
    node *body = parse_inner(p, ends);
    parser_advance(p);
    expect_block_end(p);
    return body;
}

static node *parse_target_name(parser *p, bool with_namespace) {
    node *n = node_new(p, NODE_NAME, p->current.line);
    if (at_word(p, "true") || at_word(p, "false") || at_word(p, "none") || at_word(p, "True") ||
        at_word(p, "False") || at_word(p, "None"))
        parser_fail(p, n->line, LNR_E_FORMAT, "'%.*s' cannot be assigned to",
                    LNR_STR(p->current.text));
    n->name = parser_symbol(p, expect_name(p));
    if (with_namespace && take_kind(p, '.')) {
        n->kind = NODE_NAMESPACE;
        n->text = expect_name(p);
    }
    return node_finish(p, n);
}

static node *parse_target_item(parser *p, bool with_namespace);

/* Names, tuples of names, namespace attributes. */
static node *parse_target(parser *p, bool with_namespace) {
    node *first = parse_target_item(p, with_namespace), *tuple = NULL;
    while (take_kind(p, ',') && p->status == LNR_OK) {
        if (tuple == NULL) {
            tuple = node_new(p, NODE_TUPLE, first->line);
            node_add(p, &tuple->items, first);
        }
        if (at_word(p, "in") || at_kind(p, '=') || at_kind(p, ')'))
            break;
        node_add(p, &tuple->items, parse_target_item(p, with_namespace));
    }
    return tuple ? node_finish(p, tuple) : first;
}

static node *parse_target_item(parser *p, bool with_namespace) {
    if (!at_kind(p, '('))
        return parse_target_name(p, with_namespace);
    if (!parser_enter(p))
        return &p->sink;
    parser_advance(p);
    node *n = parse_target(p, with_namespace);
    expect_kind(p, ')', "')'");
    parser_leave(p);
    return n;
}

static node *parse_if(parser *p, uint32_t line) {
    static const char *const ends[] = {"elif", "else", "endif", NULL}, *const last[] = {"endif",
                                                                                        NULL};
    node *n = node_new(p, NODE_IF, line);
    p->n_conditions++;
    do {
        node_add(p, &n->items, parse_tuple(p, false, NULL));
        node_add(p, &n->items, parse_inner(p, ends));
    } while (take_word(p, "elif"));
    if (take_word(p, "else"))
        n->a = parse_inner(p, last);
    p->n_conditions--;
    expect_name(p); /* endif */
    expect_block_end(p);
    return node_finish(p, n);
}

static node *parse_for(parser *p, uint32_t line) {
    static const char *const ends[] = {"endfor", "else", NULL}, *const last[] = {"endfor", NULL};
    node *n = node_new(p, NODE_FOR, line);
    n->a = parse_target(p, false);
    if (!take_word(p, "in"))
        expect_kind(p, TOKEN_PRINT_BEGIN, "'in'");
    n->b = parse_tuple(p, false, "recursive");
    if (take_word(p, "if"))
        n->c = parse_expression(p);
    if (take_word(p, "recursive"))
        n->op = 'r';
    p->n_loops++;
    node_add(p, &n->items, parse_inner(p, ends));
    p->n_loops--;
    if (take_word(p, "else"))
        node_add(p, &n->items, parse_inner(p, last));
    expect_name(p); /* endfor */
    expect_block_end(p);
    return node_finish(p, n);
}

static node *parse_set(parser *p, uint32_t line) {
    node *n = node_new(p, NODE_SET, line);
    n->a = parse_target(p, true);
    if (take_kind(p, '=')) {
        n->b = parse_tuple(p, true, NULL);
        expect_block_end(p);
    } else {
        n->kind = NODE_SET_BLOCK;
        if (at_kind(p, '|'))
            n->c = parse_filters(p, NULL);
        n->b = parse_block(p, "endset");
    }
    return node_finish(p, n);
}

static node *parse_with(parser *p, uint32_t line) {
    node *n = node_new(p, NODE_WITH, line);
    while (!at_kind(p, TOKEN_BLOCK_END) && p->status == LNR_OK) {
        if (n->items.n)
            expect_kind(p, ',', "','");
        node_add(p, &n->items, parse_target_item(p, false));
        expect_kind(p, '=', "'='");
        node_add(p, &n->items, parse_expression(p));
    }
    n->a = parse_block(p, "endwith");
    return node_finish(p, n);
}

static void parse_signature(parser *p, node *m) {
    expect_kind(p, '(', "'('");
    while (!at_kind(p, ')') && p->status == LNR_OK) {
        if (m->items.n)
            expect_kind(p, ',', "',' or ')'");
        node_add(p, &m->items, parse_target_name(p, false));
        if (take_kind(p, '='))
            node_add(p, &m->more, parse_expression(p));
        else if (m->more.n)
            parser_fail(p, p->current.line, LNR_E_FORMAT,
                        "a parameter without default after one with");
    }
    expect_kind(p, ')', "')'");
}

/* The body of a macro is a world of its own: what it uses is noted, loops outside do not count. */
static void parse_macro_body(parser *p, node *m, const char *end) {
    uint8_t uses = p->macro_uses;
    unsigned n_loops = p->n_loops;
    p->macro_uses = 0;
    p->n_loops = 0;
    m->a = parse_block(p, end);
    m->op = p->macro_uses;
    p->macro_uses = uses;
    p->n_loops = n_loops;
    node_finish(p, m);
}

static node *parse_macro(parser *p, uint32_t line) {
    node *n = node_new(p, NODE_MACRO, line);
    n->text = p->current.text;
    n->name = parse_target_name(p, false)->name;
    parse_signature(p, n);
    parse_macro_body(p, n, "endmacro");
    return n;
}

static node *parse_call_block(parser *p, uint32_t line) {
    node *n = node_new(p, NODE_CALL_BLOCK, line), *caller = node_new(p, NODE_MACRO, line);
    caller->text = lnr_str_from("caller");
    if (at_kind(p, '('))
        parse_signature(p, caller);
    n->a = parse_expression(p);
    if (!node_is_call(n->a))
        parser_fail(p, line, LNR_E_FORMAT, "'call' needs a call");
    parse_macro_body(p, caller, "endcall");
    n->b = caller;
    return node_finish(p, n);
}

static node *parse_filter_block(parser *p, uint32_t line) {
    node *n = node_new(p, NODE_FILTER_BLOCK, line);
    n->b = parse_filters(p, parse_filter(p, NULL));
    n->a = parse_block(p, "endfilter");
    return node_finish(p, n);
}

static node *parse_jump(parser *p, uint32_t line, node_kind kind, const char *word) {
    if (p->n_loops == 0)
        parser_fail(p, line, LNR_E_FORMAT, "'%s' outside of a loop", word);
    expect_block_end(p);
    return node_finish(p, node_new(p, kind, line));
}

static node *parse_print(parser *p, uint32_t line) {
    node *all = node_new(p, NODE_BLOCK, line);
    do {
        node *n = node_new(p, NODE_PRINT, line);
        n->a = parse_expression(p);
        node_add(p, &all->items, node_finish(p, n));
    } while (take_kind(p, ',') && p->status == LNR_OK);
    expect_block_end(p);
    return node_finish(p, all);
}

static node *parse_tag(parser *p, lnr_str word, uint32_t line) {
    static const char *const refused[] = {"include", "import",     "from",  "extends",
                                          "block",   "autoescape", "trans", "do"};
    if (lnr_str_is(word, "if"))
        return parse_if(p, line);
    if (lnr_str_is(word, "for"))
        return parse_for(p, line);
    if (lnr_str_is(word, "set"))
        return parse_set(p, line);
    if (lnr_str_is(word, "macro"))
        return parse_macro(p, line);
    if (lnr_str_is(word, "call"))
        return parse_call_block(p, line);
    if (lnr_str_is(word, "filter"))
        return parse_filter_block(p, line);
    if (lnr_str_is(word, "with"))
        return parse_with(p, line);
    if (lnr_str_is(word, "generation")) /* marks the assistant's part for training: only its body */
        return parse_block(p, "endgeneration");
    if (lnr_str_is(word, "print"))
        return parse_print(p, line);
    if (lnr_str_is(word, "break"))
        return parse_jump(p, line, NODE_BREAK, "break");
    if (lnr_str_is(word, "continue"))
        return parse_jump(p, line, NODE_CONTINUE, "continue");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (lnr_str_is(word, refused[i]))
            parser_fail(p, line, LNR_E_UNSUPPORTED, "'%s' is not supported", refused[i]);
    parser_fail(p, line, LNR_E_FORMAT, "unknown tag '%.*s'", LNR_STR(word));
    return &p->sink;
}

static node *parse_statement(parser *p) {
    if (!parser_enter(p))
        return &p->sink;
    uint32_t line = p->current.line;
    lnr_str word = expect_name(p);
    node *n = parse_tag(p, word, line);
    parser_leave(p);
    return n;
}

node *parse_template(parser *p) {
    static const char *const special[] = {"loop", "caller", "varargs", "kwargs"};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        parser_symbol(p, lnr_str_from(special[i]));
    parser_advance(p);
    parser_advance(p);
    return parse_body(p, NULL);
}
