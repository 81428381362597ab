/* Expressions and calls; see call.h. */
#include "text/template/call.h"

#define ARGS_SMALL 4 /* arguments that need no arena */

typedef struct args_storage {
    value arg[ARGS_SMALL], named[ARGS_SMALL];
    lnr_str name[ARGS_SMALL];
} args_storage;

/* ---- arguments */

static void add_named(runtime *r, call_args *a, size_t capacity, lnr_str name, value v) {
    for (size_t i = 0; i < a->n_named; i++)
        if (lnr_str_equal(a->name[i], name))
            runtime_fail(r, LNR_E_ARGUMENT, "argument '%.*s' was given twice", LNR_STR(name));
    if (r->status != LNR_OK || a->n_named == capacity)
        return;
    a->name[a->n_named] = name;
    a->named[a->n_named++] = v;
}

/* What * and ** add; the values are kept, for they are evaluated once. */
typedef struct spreads {
    value_list *list;
    value_dict *dict;
} spreads;

static spreads eval_spreads(runtime *r, frame *f, const node *n) {
    spreads s = {NULL, NULL};
    for (size_t i = 0; i < n->more.n; i++) {
        const node *arg = n->more.item[i];
        if (arg->kind != NODE_SPREAD)
            continue;
        value v = eval(r, f, arg->a);
        if (arg->op == '*')
            s.list = list_from(r, v);
        else if (v.kind == VALUE_DICT)
            s.dict = v.dict;
        else
            runtime_fail(r, LNR_E_ARGUMENT, "** needs a dict, not %s", value_type_name(v));
    }
    return s;
}

/* Evaluates the arguments of a CALL, FILTER or TEST; caller is one more named argument or NULL. */
static call_args eval_args(runtime *r, frame *f, const node *n, const value *caller,
                           args_storage *small) {
    spreads s = eval_spreads(r, f, n);
    size_t n_args = n->items.n + (s.list ? s.list->n : 0);
    size_t n_named = n->more.n + (s.dict ? s.dict->n : 0) + (caller != NULL);
    call_args a = {.arg = small->arg, .name = small->name, .named = small->named};
    if (n_args > ARGS_SMALL)
        a.arg = runtime_alloc(r, n_args, sizeof *a.arg);
    if (n_named > ARGS_SMALL) {
        a.name = runtime_alloc(r, n_named, sizeof *a.name);
        a.named = runtime_alloc(r, n_named, sizeof *a.named);
    }
    if (r->status != LNR_OK)
        return (call_args){.arg = small->arg, .name = small->name, .named = small->named};
    for (size_t i = 0; i < n->items.n; i++)
        a.arg[a.n++] = eval(r, f, n->items.item[i]);
    for (size_t i = 0; s.list && i < s.list->n; i++)
        a.arg[a.n++] = s.list->item[i];
    for (size_t i = 0; i < n->more.n; i++)
        if (n->more.item[i]->kind == NODE_KEYWORD)
            add_named(r, &a, n_named, n->more.item[i]->text, eval(r, f, n->more.item[i]->a));
    for (size_t i = 0; s.dict && i < s.dict->n; i++) {
        if (s.dict->entry[i].key.kind != VALUE_STRING)
            runtime_fail(r, LNR_E_ARGUMENT, "** needs names as keys");
        else
            add_named(r, &a, n_named, s.dict->entry[i].key.s, s.dict->entry[i].val);
    }
    if (caller)
        add_named(r, &a, n_named, LITERAL("caller"), *caller);
    return a;
}

/* The i-th name of a list separated by blanks. */
static lnr_str param_name(const char *params, size_t i) {
    for (; i > 0; i--)
        params = strchr(params, ' ') + 1;
    return (lnr_str){params, strcspn(params, " ")};
}

static size_t count_params(const char *params) {
    size_t n = params[0] != '\0';
    for (; *params; params++)
        n += *params == ' ';
    return n;
}

static bool bind_args(runtime *r, const builtin *fn, const call_args *args, value *arg) {
    size_t n_params = count_params(fn->params);
    if (args->n > n_params) {
        runtime_fail(r, LNR_E_ARGUMENT, "%s takes at most %zu arguments, not %zu", fn->name,
                     n_params, args->n);
        return false;
    }
    for (size_t i = 0; i < args->n; i++)
        arg[i] = args->arg[i];
    for (size_t i = 0; i < args->n_named; i++) {
        size_t at = 0;
        while (at < n_params && !lnr_str_equal(param_name(fn->params, at), args->name[i]))
            at++;
        if (at == n_params || at < args->n) {
            runtime_fail(r, LNR_E_ARGUMENT, "%s: argument '%.*s' is %s", fn->name,
                         LNR_STR(args->name[i]), at == n_params ? "unknown" : "given twice");
            return false;
        }
        arg[at] = args->named[i];
    }
    for (size_t i = 0; i < fn->n_required; i++)
        if (arg[i].kind == VALUE_ABSENT) {
            runtime_fail(r, LNR_E_ARGUMENT, "%s needs its argument '%.*s'", fn->name,
                         LNR_STR(param_name(fn->params, i)));
            return false;
        }
    return true;
}

value call_builtin(runtime *r, const builtin *fn, value self, const call_args *args) {
    value arg[BUILTIN_ARGS_MAX] = {{.kind = VALUE_ABSENT}};
    if (fn->fn == NULL)
        runtime_fail(r, LNR_E_UNSUPPORTED, "'%s' is not supported", fn->name);
    if (r->status != LNR_OK || (fn->params[0] != '*' && !bind_args(r, fn, args, arg)))
        return NO_VALUE;
    return fn->fn(r, self, arg, args);
}

static value call_joiner(value_list *l) {
    value v = l->at ? l->item[0] : value_str(LITERAL(""));
    l->at = 1;
    return v;
}

value call_value(runtime *r, value callee, const call_args *args) {
    switch (callee.kind) {
    case VALUE_METHOD:
        return call_builtin(r, callee.method->fn, callee.method->self, args);
    case VALUE_FUNCTION:
        return call_builtin(r, callee.function, NO_VALUE, args);
    case VALUE_MACRO:
        return call_macro(r, callee.macro, args);
    case VALUE_LOOP:
        return call_loop(r, callee.loop, args);
    case VALUE_JOINER:
        return call_joiner(callee.list);
    case VALUE_UNDEFINED:
        value_fail_undefined(r, callee);
        return NO_VALUE;
    default:
        runtime_fail(r, LNR_E_ARGUMENT, "a %s cannot be called", value_type_name(callee));
        return NO_VALUE;
    }
}

value eval_call(runtime *r, frame *f, const node *n, const value *caller) {
    args_storage small;
    value callee = eval(r, f, n->a);
    call_args args = eval_args(r, f, n, caller, &small);
    if (r->status != LNR_OK)
        return NO_VALUE;
    r->line = n->line;
    return call_value(r, callee, &args);
}

/* A FILTER or TEST of v. */
static value eval_builtin(runtime *r, frame *f, const node *n, value v) {
    args_storage small;
    call_args args = eval_args(r, f, n, NULL, &small);
    if (r->status != LNR_OK)
        return NO_VALUE;
    r->line = n->line;
    if (n->fn == NULL) {
        runtime_fail(r, LNR_E_UNSUPPORTED, "there is no %s '%.*s'",
                     n->kind == NODE_FILTER ? "filter" : "test", LNR_STR(n->text));
        return NO_VALUE;
    }
    return call_builtin(r, n->fn, v, &args);
}

value eval_filters(runtime *r, frame *f, const node *chain, value input) {
    if (chain == NULL)
        return input;
    if (!runtime_enter(r))
        return NO_VALUE;
    value v = eval_filters(r, f, chain->a, input);
    v = eval_builtin(r, f, chain, v);
    runtime_leave(r);
    return v;
}

/* ---- operators */

static value eval_list(runtime *r, frame *f, const node *n, value_kind kind) {
    value_list *l = list_create(r, n->items.n);
    for (size_t i = 0; i < n->items.n && r->status == LNR_OK; i++)
        list_add(r, l, eval(r, f, n->items.item[i]));
    return value_from_list(kind, l);
}

static value eval_dict(runtime *r, frame *f, const node *n) {
    value_dict *d = dict_create(r);
    for (size_t i = 0; i + 1 < n->items.n && r->status == LNR_OK; i += 2) {
        value key = eval(r, f, n->items.item[i]);
        dict_set(r, d, key, eval(r, f, n->items.item[i + 1]));
    }
    return value_from_dict(VALUE_DICT, d);
}

/* The first operand that decides, or the last one. */
static value eval_logic(runtime *r, frame *f, const node *n) {
    bool decides = n->kind == NODE_OR;
    value v = NO_VALUE;
    for (size_t i = 0; i < n->items.n && r->status == LNR_OK; i++) {
        v = eval(r, f, n->items.item[i]);
        if (value_truth(r, v) == decides)
            break;
    }
    return v;
}

static value eval_compare(runtime *r, frame *f, const node *n) {
    value left = eval(r, f, n->a);
    for (size_t i = 0; i < n->items.n && r->status == LNR_OK; i++) {
        const node *operand = n->items.item[i];
        value right = eval(r, f, operand->a);
        r->line = n->line;
        if (!apply_compare(r, operand->op, left, right))
            return value_bool(false);
        left = right;
    }
    return value_bool(true);
}

static value eval_math(runtime *r, frame *f, const node *n) {
    value v = eval(r, f, n->a);
    for (size_t i = 0; i < n->items.n && r->status == LNR_OK; i++) {
        value right = eval(r, f, n->items.item[i]->a);
        r->line = n->items.item[i]->line;
        v = apply_math(r, n->items.item[i]->op, v, right);
    }
    return v;
}

static value eval_concat(runtime *r, frame *f, const node *n) {
    lnr_str text = LITERAL("");
    for (size_t i = 0; i < n->items.n && r->status == LNR_OK; i++) {
        value v = eval(r, f, n->items.item[i]);
        text = text_join(r, text, value_text(r, v));
    }
    return value_str(text);
}

static value eval_if_else(runtime *r, frame *f, const node *n) {
    if (value_truth(r, eval(r, f, n->b)))
        return eval(r, f, n->a);
    if (n->c)
        return eval(r, f, n->c);
    return value_undefined(UNDEFINED_MESSAGE,
                           LITERAL("the condition is false and there is no 'else'"));
}

static value eval_item(runtime *r, frame *f, const node *n) {
    value x = eval(r, f, n->a);
    if (n->b->kind != NODE_SLICE) {
        value key = eval(r, f, n->b);
        r->line = n->line;
        return get_item(r, x, key);
    }
    const node *part[3] = {n->b->a, n->b->b, n->b->c};
    value bounds[3];
    for (int i = 0; i < 3; i++)
        bounds[i] = part[i] ? eval(r, f, part[i]) : NONE_VALUE;
    r->line = n->line;
    return get_slice(r, x, bounds);
}

static value plus(runtime *r, value v) {
    if (is_number(v))
        return v.kind == VALUE_BOOL ? value_int(v.b) : v;
    if (v.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, v);
    runtime_fail(r, LNR_E_ARGUMENT, "a %s has no sign", value_type_name(v));
    return NO_VALUE;
}

static value eval_operator(runtime *r, frame *f, const node *n) {
    value v;
    switch ((node_kind)n->kind) {
    case NODE_LIST:
        return eval_list(r, f, n, VALUE_LIST);
    case NODE_TUPLE:
        return eval_list(r, f, n, VALUE_TUPLE);
    case NODE_DICT:
        return eval_dict(r, f, n);
    case NODE_IF_ELSE:
        return eval_if_else(r, f, n);
    case NODE_OR:
    case NODE_AND:
        return eval_logic(r, f, n);
    case NODE_NOT:
        return value_bool(!value_truth(r, eval(r, f, n->a)));
    case NODE_COMPARE:
        return eval_compare(r, f, n);
    case NODE_MATH:
        return eval_math(r, f, n);
    case NODE_CONCAT:
        return eval_concat(r, f, n);
    case NODE_MINUS:
        return negate(r, eval(r, f, n->a));
    case NODE_PLUS:
        return plus(r, eval(r, f, n->a));
    case NODE_ATTRIBUTE:
        v = eval(r, f, n->a);
        r->line = n->line;
        return get_attribute(r, v, n->text);
    case NODE_ITEM:
        return eval_item(r, f, n);
    case NODE_CALL:
        return eval_call(r, f, n, NULL);
    case NODE_FILTER:
    case NODE_TEST:
        return eval_builtin(r, f, n, eval(r, f, n->a));
    default:
        runtime_fail(r, LNR_E_FORMAT, "not an expression");
        return NO_VALUE;
    }
}

value eval(runtime *r, frame *f, const node *n) {
    if (!runtime_step(r))
        return NO_VALUE;
    if (n->kind == NODE_CONST)
        return n->constant;
    if (n->kind == NODE_NAME)
        return eval_name(r, f, n);
    if (!runtime_enter(r))
        return NO_VALUE;
    value v = eval_operator(r, f, n);
    runtime_leave(r);
    return r->status == LNR_OK ? v : NO_VALUE;
}
