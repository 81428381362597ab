/* Calling things, and looking things up in them: what expressions and builtins share. */
#ifndef LNR_TEXT_TEMPLATE_CALL_H
#define LNR_TEXT_TEMPLATE_CALL_H

#include "text/template/ast.h"
#include "text/template/lexer.h"
#include "text/template/runtime.h"
#include "text/template/template.h"

/* Nested macros, and nested brackets or blocks in the source. */
#define TEMPLATE_CALLS_MAX   64
#define TEMPLATE_NESTING_MAX 64

typedef struct binding {
    uint32_t symbol;
    value v;
    struct binding *next;
} binding;

/* The variables of a block that has its own: for, macro, with ... Names not found here are looked
 * up in the parent, then in the caller's variables, then among the globals. */
typedef struct frame {
    struct frame *parent;
    binding *first;
    bool captured; /* a macro defined in here may outlive it: not to be used again */
} frame;

frame *frame_open(runtime *r, frame *parent); /* never NULL */
void frame_close(runtime *r, frame *f);
void frame_bind(runtime *r, frame *f, uint32_t symbol, value v);

struct macro {
    const node *definition;
    frame *scope; /* where it was defined */
};

/* A running loop. Items are fetched one by one and looked at ahead only when the template asks
 * (loop.last, loop.nextitem, loop.length), as Jinja2 does: a filter may depend on what the body
 * did. */
struct loop_state {
    const node *definition;
    frame *scope;
    value iterable;
    cursor items;
    size_t index0, depth0;
    value previous, current, next; /* VALUE_ABSENT: none, or next not fetched */
    value changed;                 /* the arguments of the last loop.changed(), a tuple */
    bool length_known;
    bool filtered; /* items holds only what the filter let pass */
    size_t length;
};

void show_loop(runtime *r, loop_state *loop);
void show_macro(runtime *r, const macro *m);

value eval(runtime *r, frame *f, const node *n);
value eval_name(runtime *r, frame *f, const node *n); /* a NAME's or NAMESPACE's variable */
value eval_filters(runtime *r, frame *f, const node *chain, value input);
value eval_call(runtime *r, frame *f, const node *n, const value *caller);
void exec(runtime *r, frame *f, const node *n);

value call_value(runtime *r, value callee, const call_args *args);
value call_builtin(runtime *r, const builtin *fn, value self, const call_args *args);
value call_macro(runtime *r, const macro *m, const call_args *args);
value call_loop(runtime *r, loop_state *loop, const call_args *args);

/* x.name and x[key] as Jinja2's sandbox resolves them. */
value get_attribute(runtime *r, value x, lnr_str name);
value get_item(runtime *r, value x, value key);
value get_slice(runtime *r, value x, const value bounds[3]);
/* NO_VALUE's kind, VALUE_UNDEFINED, when a loop has no such attribute. */
value get_loop_attribute(runtime *r, loop_state *loop, lnr_str name);

/* op is the operator's token. */
value apply_math(runtime *r, int op, value a, value b);
bool apply_compare(runtime *r, int op, value a, value b);
value negate(runtime *r, value a);

/* The tables; NULL if there is no such name. */
const builtin *find_filter(lnr_str name);
const builtin *find_test(lnr_str name);
const builtin *find_global(lnr_str name);
const builtin *find_method(value self, lnr_str name);
const builtin *find_in(const builtin *table, size_t n, lnr_str name);
#define FIND_IN(table, name) find_in((table), sizeof(table) / sizeof(table)[0], (name))

/* Parts of tables in files of their own. */
const builtin *find_text_filter(lnr_str name);
const builtin *find_list_filter(lnr_str name);
const builtin *find_text_method(lnr_str name);
const builtin *find_loop_method(lnr_str name);

/* Keys for sorting; NULL for the items themselves. */
void list_sort(runtime *r, value_list *l, value_list *keys, bool reverse);

/* Converting arguments; they fail with the parameter's name. */
int64_t arg_int(runtime *r, value v, int64_t absent, const char *what);
lnr_str arg_text(runtime *r, value v, const char *what);

#endif
