/* Statements: scopes, loops, assignments, macros; see call.h. */
#include "text/template/call.h"

/* ---- variables */

frame *frame_open(runtime *r, frame *parent) {
    frame *f = r->free_frames;
    if (f) {
        r->free_frames = f->parent;
    } else if ((f = runtime_alloc(r, 1, sizeof *f)) == NULL) {
        return parent;
    }
    *f = (frame){.parent = parent};
    return f;
}

void frame_close(runtime *r, frame *f) {
    if (f->captured || r->status != LNR_OK)
        return;
    while (f->first) {
        binding *b = f->first;
        f->first = b->next;
        b->next = r->free_bindings;
        r->free_bindings = b;
    }
    f->parent = r->free_frames;
    r->free_frames = f;
}

void frame_bind(runtime *r, frame *f, uint32_t symbol, value v) {
    binding *b = f->first;
    size_t n_probes = 0;
    for (; b && b->symbol != symbol; b = b->next)
        n_probes++;
    if (!runtime_spend(r, n_probes / 16))
        return;
    if (b == NULL) {
        b = r->free_bindings;
        if (b)
            r->free_bindings = b->next;
        else if ((b = runtime_alloc(r, 1, sizeof *b)) == NULL)
            return;
        b->symbol = symbol;
        b->next = f->first;
        f->first = b;
    }
    b->v = v;
}

static void capture_frames(frame *f) {
    for (; f && !f->captured; f = f->parent)
        f->captured = true;
}

static value lookup(runtime *r, frame *f, uint32_t symbol, lnr_str name) {
    size_t n_probes = 0;
    for (; f; f = f->parent)
        for (binding *b = f->first; b; b = b->next, n_probes++)
            if (b->symbol == symbol) {
                runtime_spend(r, n_probes / 16);
                return b->v;
            }
    runtime_spend(r, n_probes / 16);
    const value *v = dict_find_str(r, r->variables, name);
    if (v)
        return *v;
    const builtin *fn = find_global(name);
    if (fn)
        return (value){.kind = VALUE_FUNCTION, .function = fn};
    return value_undefined(UNDEFINED_VARIABLE, name);
}

value eval_name(runtime *r, frame *f, const node *n) {
    return lookup(r, f, n->name, r->compiled->symbol[n->name]);
}

static void assign(runtime *r, frame *f, const node *target, value v);

static void unpack(runtime *r, frame *f, const node *targets, value v) {
    cursor c;
    value item;
    size_t i = 0, n = targets->items.n;
    if (!cursor_init(r, &c, v))
        return;
    while (cursor_next(r, &c, &item)) {
        if (i == n) {
            runtime_fail(r, LNR_E_ARGUMENT, "more than %zu values to unpack", n);
            return;
        }
        assign(r, f, targets->items.item[i++], item);
    }
    if (i < n)
        runtime_fail(r, LNR_E_ARGUMENT, "%zu values to unpack, %zu expected", i, n);
}

static void assign(runtime *r, frame *f, const node *target, value v) {
    if (r->status != LNR_OK)
        return;
    if (target->kind == NODE_NAME) {
        frame_bind(r, f, target->name, v);
    } else if (target->kind == NODE_TUPLE) {
        unpack(r, f, target, v);
    } else {
        value ns = eval_name(r, f, target);
        if (ns.kind == VALUE_NAMESPACE)
            dict_set(r, ns.dict, value_str(target->text), v);
        else
            runtime_fail(r, LNR_E_ARGUMENT, "cannot set attribute '%.*s': not a namespace",
                         LNR_STR(target->text));
    }
}

/* ---- loops */

/* The loop's next item that its filter lets pass; VALUE_ABSENT at the end. */
static value fetch(runtime *r, loop_state *loop) {
    value v;
    const node *n = loop->definition;
    while (cursor_next(r, &loop->items, &v)) {
        if (n->c == NULL || loop->filtered)
            return v;
        frame *f = frame_open(r, loop->scope);
        assign(r, f, n->a, v);
        bool pass = value_truth(r, eval(r, f, n->c));
        frame_close(r, f);
        if (r->status == LNR_OK && pass)
            return v;
    }
    return (value){.kind = VALUE_ABSENT};
}

static value look_ahead(runtime *r, loop_state *loop) {
    if (loop->next.kind == VALUE_ABSENT)
        loop->next = fetch(r, loop);
    return loop->next;
}

static size_t loop_length(runtime *r, loop_state *loop) {
    if (loop->length_known)
        return loop->length;
    loop->length_known = true;
    if (loop->definition->c == NULL && loop->iterable.kind != VALUE_GENERATOR &&
        value_length(loop->iterable, &loop->length))
        return loop->length;
    value_list *ahead = list_create(r, 0); /* count what is left, then go on from there */
    value v = look_ahead(r, loop);
    for (; v.kind != VALUE_ABSENT && r->status == LNR_OK; v = fetch(r, loop))
        list_add(r, ahead, v);
    loop->length = loop->index0 + 1 + ahead->n;
    loop->next = (value){.kind = VALUE_ABSENT};
    cursor_init(r, &loop->items, value_from_list(VALUE_LIST, ahead));
    loop->filtered = true;
    return loop->length;
}

static value loop_cycle(runtime *r, value self, const value *arg, const call_args *raw) {
    (void)arg;
    if (raw->n == 0) {
        runtime_fail(r, LNR_E_ARGUMENT, "loop.cycle needs an item");
        return NO_VALUE;
    }
    return raw->arg[self.loop->index0 % raw->n];
}

static value loop_changed(runtime *r, value self, const value *arg, const call_args *raw) {
    (void)arg;
    value_list *l = list_create(r, raw->n);
    for (size_t i = 0; i < raw->n; i++)
        list_add(r, l, raw->arg[i]);
    value now = value_from_list(VALUE_TUPLE, l);
    bool same = self.loop->changed.kind == VALUE_TUPLE && value_equal(r, self.loop->changed, now);
    self.loop->changed = now;
    return value_bool(!same);
}

static const builtin loop_methods[] = {
    {"cycle", "*", 0, loop_cycle},
    {"changed", "*", 0, loop_changed},
};

value get_loop_attribute(runtime *r, loop_state *loop, lnr_str name) {
    if (lnr_str_is(name, "index"))
        return value_size(loop->index0 + 1);
    if (lnr_str_is(name, "index0"))
        return value_size(loop->index0);
    if (lnr_str_is(name, "first"))
        return value_bool(loop->index0 == 0);
    if (lnr_str_is(name, "last"))
        return value_bool(look_ahead(r, loop).kind == VALUE_ABSENT);
    if (lnr_str_is(name, "length"))
        return value_size(loop_length(r, loop));
    if (lnr_str_is(name, "revindex"))
        return value_size(loop_length(r, loop) - loop->index0);
    if (lnr_str_is(name, "revindex0"))
        return value_size(loop_length(r, loop) - loop->index0 - 1);
    if (lnr_str_is(name, "depth"))
        return value_size(loop->depth0 + 1);
    if (lnr_str_is(name, "depth0"))
        return value_size(loop->depth0);
    value v = NO_VALUE;
    if (lnr_str_is(name, "previtem"))
        v = loop->previous;
    else if (lnr_str_is(name, "nextitem"))
        v = look_ahead(r, loop);
    if (v.kind == VALUE_ABSENT)
        return value_undefined(UNDEFINED_MESSAGE, LITERAL("there is no such item"));
    return v;
}

const builtin *find_loop_method(lnr_str name) {
    return FIND_IN(loop_methods, name);
}

static void run_loop(runtime *r, frame *f, const node *n, value iterable, size_t depth0) {
    loop_state *loop = runtime_alloc(r, 1, sizeof *loop);
    if (loop == NULL)
        return;
    *loop = (loop_state){.definition = n, .scope = f, .iterable = iterable, .depth0 = depth0};
    if (n->c || n->op == 'r') /* `loop` may be kept, and its filter or body run later */
        capture_frames(f);
    if (!cursor_init(r, &loop->items, iterable))
        return;
    value v;
    for (; (v = look_ahead(r, loop)).kind != VALUE_ABSENT && runtime_step(r); loop->index0++) {
        loop->previous = loop->current;
        loop->current = v;
        loop->next = (value){.kind = VALUE_ABSENT};
        frame *inner = frame_open(r, f);
        frame_bind(r, inner, SYMBOL_LOOP, (value){.kind = VALUE_LOOP, .loop = loop});
        assign(r, inner, n->a, v);
        exec(r, inner, n->items.item[0]);
        frame_close(r, inner);
        if (r->jump == NODE_BREAK)
            break;
        r->jump = 0;
    }
    bool ran = loop->index0 > 0 || r->jump == NODE_BREAK;
    r->jump = 0;
    if (!ran && n->items.n > 1 && r->status == LNR_OK) {
        frame *inner = frame_open(r, f);
        exec(r, inner, n->items.item[1]);
        frame_close(r, inner);
    }
}

value call_loop(runtime *r, loop_state *loop, const call_args *args) {
    if (loop->definition->op != 'r' || args->n != 1 || args->n_named) {
        runtime_fail(r, LNR_E_ARGUMENT, "loop(...) needs a recursive loop and one list");
        return NO_VALUE;
    }
    if (!runtime_enter(r))
        return NO_VALUE;
    size_t mark = out_mark(r);
    run_loop(r, loop->scope, loop->definition, args->arg[0], loop->depth0 + 1);
    runtime_leave(r);
    return out_take(r, mark);
}

void show_loop(runtime *r, loop_state *loop) {
    out_add_str(r, "<LoopContext ");
    show_str(r, value_size(loop->index0 + 1));
    out_add_char(r, '/');
    show_str(r, value_size(loop_length(r, loop)));
    out_add_char(r, '>');
}

/* ---- macros */

void show_macro(runtime *r, const macro *m) {
    out_add_str(r, "<Macro ");
    show_repr(r, value_str(m->definition->text));
    out_add_char(r, '>');
}

static value macro_create(runtime *r, frame *f, const node *definition) {
    macro *m = runtime_alloc(r, 1, sizeof *m);
    if (m == NULL)
        return NO_VALUE;
    *m = (macro){definition, f};
    capture_frames(f);
    return (value){.kind = VALUE_MACRO, .macro = m};
}

/* Index of the parameter, or their number. */
static size_t find_parameter(const runtime *r, const node *d, lnr_str name) {
    size_t i = 0;
    while (i < d->items.n && !lnr_str_equal(r->compiled->symbol[d->items.item[i]->name], name))
        i++;
    return i;
}

/* Named arguments that are no parameters: caller and **kwargs. */
static void bind_named(runtime *r, frame *f, const node *d, const call_args *args) {
    value_dict *kwargs = d->op & MACRO_USES_KWARGS ? dict_create(r) : NULL;
    value caller = value_undefined(UNDEFINED_MESSAGE, LITERAL("no caller defined"));
    for (size_t i = 0; i < args->n_named; i++) {
        lnr_str name = args->name[i];
        size_t parameter = find_parameter(r, d, name);
        if (parameter < d->items.n) {
            if (parameter < args->n)
                runtime_fail(r, LNR_E_ARGUMENT, "macro '%.*s' got '%.*s' twice", LNR_STR(d->text),
                             LNR_STR(name));
            frame_bind(r, f, d->items.item[parameter]->name, args->named[i]);
        } else if (lnr_str_is(name, "caller") && (d->op & MACRO_USES_CALLER)) {
            caller = args->named[i];
        } else if (kwargs) {
            dict_set(r, kwargs, value_str(name), args->named[i]);
        } else {
            runtime_fail(r, LNR_E_ARGUMENT, "macro '%.*s' has no parameter '%.*s'",
                         LNR_STR(d->text), LNR_STR(name));
        }
    }
    if (d->op & MACRO_USES_CALLER)
        frame_bind(r, f, SYMBOL_CALLER, caller);
    if (kwargs)
        frame_bind(r, f, SYMBOL_KWARGS, value_from_dict(VALUE_DICT, kwargs));
}

static void bind_positional(runtime *r, frame *f, const node *d, const call_args *args) {
    size_t n = d->items.n;
    for (size_t i = 0; i < n && i < args->n; i++)
        frame_bind(r, f, d->items.item[i]->name, args->arg[i]);
    if (args->n > n && !(d->op & MACRO_USES_VARARGS))
        runtime_fail(r, LNR_E_ARGUMENT, "macro '%.*s' takes at most %zu arguments, not %zu",
                     LNR_STR(d->text), n, args->n);
    if (!(d->op & MACRO_USES_VARARGS))
        return;
    value_list *rest = list_create(r, 0);
    for (size_t i = n; i < args->n; i++)
        list_add(r, rest, args->arg[i]);
    frame_bind(r, f, SYMBOL_VARARGS, value_from_list(VALUE_TUPLE, rest));
}

/* Defaults see the parameters before them. */
static void bind_defaults(runtime *r, frame *f, const node *d, const call_args *args) {
    size_t n = d->items.n, first_default = n - d->more.n;
    for (size_t i = args->n; i < n; i++) {
        uint32_t symbol = d->items.item[i]->name;
        bool given = false;
        for (size_t j = 0; j < args->n_named; j++)
            given |= lnr_str_equal(r->compiled->symbol[symbol], args->name[j]);
        if (given)
            continue;
        if (i >= first_default)
            frame_bind(r, f, symbol, eval(r, f, d->more.item[i - first_default]));
        else
            frame_bind(r, f, symbol,
                       value_undefined(UNDEFINED_PARAMETER, r->compiled->symbol[symbol]));
    }
}

value call_macro(runtime *r, const macro *m, const call_args *args) {
    const node *d = m->definition;
    uint32_t line = r->line;
    if (r->n_calls == TEMPLATE_CALLS_MAX)
        runtime_fail(r, LNR_E_LIMIT, "macro '%.*s': more than %d calls inside each other",
                     LNR_STR(d->text), TEMPLATE_CALLS_MAX);
    if (!runtime_enter(r))
        return NO_VALUE;
    r->n_calls++;
    frame *f = frame_open(r, m->scope);
    bind_positional(r, f, d, args);
    bind_named(r, f, d, args);
    bind_defaults(r, f, d, args);
    size_t mark = out_mark(r);
    exec(r, f, d->a);
    value text = out_take(r, mark);
    frame_close(r, f);
    r->n_calls--;
    r->line = line;
    runtime_leave(r);
    return text;
}

/* ---- statements */

static void exec_if(runtime *r, frame *f, const node *n) {
    for (size_t i = 0; i + 1 < n->items.n; i += 2) {
        bool yes = value_truth(r, eval(r, f, n->items.item[i]));
        if (r->status != LNR_OK)
            return;
        if (yes) {
            exec(r, f, n->items.item[i + 1]);
            return;
        }
    }
    if (n->a)
        exec(r, f, n->a);
}

/* A body in a scope of its own, its text as a value. */
static value capture(runtime *r, frame *f, const node *body) {
    frame *inner = frame_open(r, f);
    size_t mark = out_mark(r);
    exec(r, inner, body);
    frame_close(r, inner);
    return out_take(r, mark);
}

static void exec_with(runtime *r, frame *f, const node *n) {
    frame *inner = frame_open(r, f);
    for (size_t i = 0; i + 1 < n->items.n; i += 2)
        assign(r, inner, n->items.item[i], eval(r, f, n->items.item[i + 1]));
    exec(r, inner, n->a);
    frame_close(r, inner);
}

static void exec_block(runtime *r, frame *f, const node *n) {
    for (size_t i = 0; i < n->items.n && r->status == LNR_OK && r->jump == 0; i++)
        exec(r, f, n->items.item[i]);
}

static void exec_statement(runtime *r, frame *f, const node *n) {
    value v;
    switch ((node_kind)n->kind) {
    case NODE_TEXT:
        out_add_text(r, n->text);
        return;
    case NODE_PRINT:
        show_str(r, eval(r, f, n->a));
        return;
    case NODE_BLOCK:
        exec_block(r, f, n);
        return;
    case NODE_IF:
        exec_if(r, f, n);
        return;
    case NODE_FOR:
        run_loop(r, f, n, eval(r, f, n->b), 0);
        return;
    case NODE_BREAK:
    case NODE_CONTINUE:
        r->jump = n->kind;
        return;
    case NODE_SET:
        assign(r, f, n->a, eval(r, f, n->b));
        return;
    case NODE_SET_BLOCK:
        v = capture(r, f, n->b);
        assign(r, f, n->a, eval_filters(r, f, n->c, v));
        return;
    case NODE_WITH:
        exec_with(r, f, n);
        return;
    case NODE_MACRO:
        frame_bind(r, f, n->name, macro_create(r, f, n));
        return;
    case NODE_CALL_BLOCK:
        v = macro_create(r, f, n->b);
        show_str(r, eval_call(r, f, n->a, &v));
        return;
    case NODE_FILTER_BLOCK:
        v = capture(r, f, n->a);
        show_str(r, eval_filters(r, f, n->b, v));
        return;
    default:
        runtime_fail(r, LNR_E_FORMAT, "not a statement");
    }
}

void exec(runtime *r, frame *f, const node *n) {
    if (!runtime_step(r) || !runtime_enter(r))
        return;
    r->line = n->line;
    exec_statement(r, f, n);
    runtime_leave(r);
}
