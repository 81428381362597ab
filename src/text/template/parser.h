/* The state of parsing, shared by expressions (parse_expr.c) and statements (parse_tags.c).
 *
 * Failure is sticky, as in runtime.h: after the first one every token is the end and every node an
 * empty one, so the grammar's functions read like the grammar. */
#ifndef LNR_TEXT_TEMPLATE_PARSER_H
#define LNR_TEXT_TEMPLATE_PARSER_H

#include "text/template/ast.h"
#include "text/template/lexer.h"

typedef struct parser {
    compiled_template *t;
    lexer lexer;
    token current, ahead;
    unsigned depth;        /* nested calls of the grammar's recursive functions */
    unsigned n_loops;      /* enclosing loops, for break and continue */
    unsigned n_conditions; /* enclosing conditions: there an unknown filter fails only if reached */
    uint8_t macro_uses;    /* special names seen in the macro being parsed */
    node sink;             /* handed out after a failure */
    lnr_status status;
    lnr_error *err;
} parser;

void parser_fail(parser *p, uint32_t line, lnr_status code, const char *fmt, ...) LNR_PRINTF(4, 5);
void parser_advance(parser *p);
bool parser_enter(parser *p); /* false when too deep; else parser_leave follows */
void parser_leave(parser *p);
uint32_t parser_symbol(parser *p, lnr_str name);
void *parser_alloc(parser *p, size_t n, size_t item_bytes); /* NULL after a failure */

node *node_new(parser *p, node_kind kind, uint32_t line);
void node_add(parser *p, node_list *l, node *child);
node *node_finish(parser *p, node *n); /* all children are there: bounds the depth; gives n */

static inline bool at_kind(const parser *p, int kind) {
    return p->current.kind == kind;
}

bool at_word(const parser *p, const char *word);
bool take_kind(parser *p, int kind);
bool take_word(parser *p, const char *word);
void expect_kind(parser *p, int kind, const char *what);
lnr_str expect_name(parser *p);

/* conditional: whether "a if b else c" may stand here (not in a for's list or an if's condition).
 * end: a name that ends the list, or NULL. */
node *parse_expression(parser *p);
node *parse_tuple(parser *p, bool conditional, const char *end);
node *parse_primary(parser *p);
node *parse_filters(parser *p, node *of); /* "| name(args) ..." */
node *parse_filter(parser *p, node *of);  /* "name(args)" */
bool node_is_call(const node *n);

node *parse_template(parser *p);

#endif
