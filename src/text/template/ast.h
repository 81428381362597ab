/* The tree that a template is parsed into.
 *
 * One node type for all kinds: which fields a kind uses is said beside it. A chain of operators of
 * one level (a + b - c, a ~ b, a or b, a < b < c) is one node with all its operands, so that a long
 * chain is no deep tree; what can nest is bounded by the parser at TEMPLATE_NESTING_MAX. */
#ifndef LNR_TEXT_TEMPLATE_AST_H
#define LNR_TEXT_TEMPLATE_AST_H

#include "base/arena.h"
#include "base/strmap.h"
#include "text/template/value.h"

typedef struct node node;

typedef struct node_list {
    node **item;
    size_t n, capacity;
} node_list;

typedef enum node_kind {
    /* expressions */
    NODE_CONST,     /* constant */
    NODE_NAME,      /* name */
    NODE_LIST,      /* items */
    NODE_TUPLE,     /* items */
    NODE_DICT,      /* items: key, value, key, value ... */
    NODE_IF_ELSE,   /* a if b else c (c may be NULL) */
    NODE_OR,        /* items */
    NODE_AND,       /* items */
    NODE_NOT,       /* a */
    NODE_COMPARE,   /* a, then items[i] by its op */
    NODE_MATH,      /* a, then items[i] by its op */
    NODE_OPERAND,   /* in COMPARE and MATH: op, a */
    NODE_CONCAT,    /* items */
    NODE_MINUS,     /* a */
    NODE_PLUS,      /* a */
    NODE_ATTRIBUTE, /* a.text */
    NODE_ITEM,      /* a[b] */
    NODE_SLICE,     /* as b of ITEM: a : b : c, each may be NULL */
    NODE_CALL,      /* a(items, more): positional in items, KEYWORD and SPREAD in more */
    NODE_FILTER,    /* a | fn(items, more); a is NULL in a block's filter; text is the name */
    NODE_TEST,      /* a is fn(items, more); text is the name */
    NODE_KEYWORD,   /* text = a */
    NODE_SPREAD,    /* op '*' or '^' (**): a */
    /* statements */
    NODE_TEXT,  /* text */
    NODE_PRINT, /* a */
    NODE_BLOCK, /* items: statements one after another */
    NODE_IF,    /* items: condition, body, condition, body ...; a: else body or NULL */
    NODE_FOR,   /* for a in b if c (or NULL): items[0] body, items[1] else body or NULL;
                   op 'r': recursive */
    NODE_BREAK,
    NODE_CONTINUE,
    NODE_SET,       /* a = b */
    NODE_SET_BLOCK, /* a = the text of b, filtered by c or NULL */
    NODE_NAMESPACE, /* as a target: name.text */
    NODE_WITH,      /* items: target, value ...; a: body */
    NODE_MACRO, /* name(items: NAME; more: defaults of the last ones) a: body; op: MACRO_USES_* */
    NODE_CALL_BLOCK,   /* a: the CALL; b: a MACRO, the caller */
    NODE_FILTER_BLOCK, /* a: body, b: filter chain */
} node_kind;

/* node.op of a MACRO: which of the special names its body reads. */
enum { MACRO_USES_CALLER = 1, MACRO_USES_VARARGS = 2, MACRO_USES_KWARGS = 4 };

struct node {
    uint8_t kind;  /* node_kind */
    uint8_t op;    /* an operator: its token_kind */
    uint8_t depth; /* of the tree below, itself included */
    uint32_t line;
    uint32_t name; /* symbol */
    node *a, *b, *c;
    node_list items, more;
    union {
        lnr_str text;
        value constant;
    };
    const builtin *fn; /* NULL: unknown, fails when it is reached */
};

/* Special names have fixed symbols. */
enum {
    SYMBOL_LOOP,
    SYMBOL_CALLER,
    SYMBOL_VARARGS,
    SYMBOL_KWARGS,
};

typedef struct compiled_template {
    arena memory;    /* owned: source, tree, names */
    strmap names;    /* owned: name -> symbol */
    lnr_str *symbol; /* (n_symbols) */
    size_t n_symbols, capacity;
    node *body;
} compiled_template;

#endif
