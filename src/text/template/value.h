/* The values of a template: what Python's are, as far as templates can tell.
 *
 * A value is 24 bytes and copied freely; what it points to lives in the rendering's arena. Strings
 * are valid UTF-8 and never change; lists, dicts and namespaces are shared by reference, as in
 * Python. Integers have 64 bits: a result that needs more is an error, not another number. */
#ifndef LNR_TEXT_TEMPLATE_VALUE_H
#define LNR_TEXT_TEMPLATE_VALUE_H

#include "base/slice.h"

#include <stdint.h>

typedef struct runtime runtime;
typedef struct value value;
typedef struct value_list value_list;
typedef struct value_dict value_dict;
typedef struct builtin builtin;
typedef struct bound_method bound_method;
typedef struct macro macro;
typedef struct loop_state loop_state;
typedef struct value_range value_range;

typedef enum value_kind {
    VALUE_ABSENT, /* an argument that was not given; no template ever sees one */
    VALUE_UNDEFINED,
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_TUPLE,
    VALUE_DICT,
    VALUE_RANGE,
    VALUE_VIEW,      /* dict.keys(), .values(), .items() */
    VALUE_GENERATOR, /* what map, select, items ... give: can be gone through once */
    VALUE_NAMESPACE,
    VALUE_LOOP,
    VALUE_MACRO,
    VALUE_METHOD,
    VALUE_FUNCTION,
    VALUE_CYCLER,
    VALUE_JOINER,
} value_kind;

/* value.note of an undefined value: what its name was looked up in. */
enum {
    UNDEFINED_VARIABLE,
    UNDEFINED_PARAMETER,
    UNDEFINED_MESSAGE, /* s is the whole message */
    UNDEFINED_UNSAFE,  /* a name that begins with an underscore */
    UNDEFINED_MEMBER,  /* + value_kind of the owner */
};

/* value.note of a string: `safe` or `escape` made it, so that + escapes what it is joined to. */
enum { STRING_PLAIN, STRING_MARKUP };

/* value.note of a tuple: groupby made it, so that it has the attributes grouper and list. */
enum { TUPLE_PLAIN, TUPLE_GROUP };

struct value {
    uint8_t kind; /* value_kind */
    uint8_t note;
    union {
        bool b;
        int64_t i;
        double f;
        lnr_str s;        /* STRING; UNDEFINED: the name */
        value_list *list; /* LIST, TUPLE, VIEW, GENERATOR, CYCLER; JOINER: its separator */
        value_dict *dict; /* DICT, NAMESPACE */
        value_range *range;
        loop_state *loop;
        macro *macro;
        bound_method *method;
        const builtin *function;
        const void *identity; /* any of the pointers above */
    };
};

struct value_list {
    value *item;
    size_t n, capacity;
    size_t at;        /* CYCLER: the current one; JOINER and GENERATOR: 1 once used */
    const char *name; /* VIEW and GENERATOR: for printing */
};

typedef struct dict_entry {
    value key, val;
    uint32_t hash;
} dict_entry;

struct value_dict {
    dict_entry *entry; /* in order of insertion */
    size_t n, capacity;
    uint32_t *slot; /* (n_slots) entry + 1, 0 = free; NULL while the dict is small */
    size_t n_slots; /* a power of two */
};

struct value_range {
    int64_t start, stop, step;
    size_t n;
};

struct bound_method {
    value self;
    const builtin *fn;
};

/* Arguments as written at a call. */
typedef struct call_args {
    value *arg;
    size_t n;
    lnr_str *name; /* (n_named) */
    value *named;
    size_t n_named;
} call_args;

/* A filter, test, method or global. params lists the names of its parameters; arg[i] is the i-th or
 * VALUE_ABSENT. "*" takes whatever was given: fn reads raw. fn == NULL: known, not supported. */
#define BUILTIN_ARGS_MAX 6
struct builtin {
    const char *name;
    const char *params;
    unsigned n_required;
    value (*fn)(runtime *r, value self, const value *arg, const call_args *raw);
};

#define NO_VALUE   ((value){.kind = VALUE_UNDEFINED, .note = UNDEFINED_MESSAGE})
#define NONE_VALUE ((value){.kind = VALUE_NONE})
#define LITERAL(z) ((lnr_str){(z), sizeof(z) - 1})

static inline value value_bool(bool b) {
    return (value){.kind = VALUE_BOOL, .b = b};
}

static inline value value_int(int64_t i) {
    return (value){.kind = VALUE_INT, .i = i};
}

static inline value value_size(size_t n) {
    return value_int((int64_t)n);
}

static inline value value_float(double f) {
    return (value){.kind = VALUE_FLOAT, .f = f};
}

static inline value value_str(lnr_str s) {
    return (value){.kind = VALUE_STRING, .s = s};
}

static inline value value_undefined(unsigned note, lnr_str name) {
    return (value){.kind = VALUE_UNDEFINED, .note = (uint8_t)note, .s = name};
}

static inline bool is_number(value v) {
    return v.kind == VALUE_BOOL || v.kind == VALUE_INT || v.kind == VALUE_FLOAT;
}

/* True and False count as the integers 1 and 0. */
static inline bool is_integer(value v) {
    return v.kind == VALUE_BOOL || v.kind == VALUE_INT;
}

static inline int64_t integer_of(value v) {
    return v.kind == VALUE_BOOL ? v.b : v.i;
}

static inline double number_of(value v) {
    return v.kind == VALUE_FLOAT ? v.f : (double)integer_of(v);
}

/* ---- lists, dicts: never NULL, so callers go on after a failure without asking */

value_list *list_create(runtime *r, size_t capacity);
void list_add(runtime *r, value_list *l, value v);
value value_from_list(value_kind kind, value_list *l);
value value_pair(runtime *r, value a, value b); /* a tuple of two */

value_dict *dict_create(runtime *r);
value value_from_dict(value_kind kind, value_dict *d);
/* The stored value or NULL. An unhashable key is never found; dict_set fails on it. */
value *dict_find(runtime *r, value_dict *d, value key);
value *dict_find_str(runtime *r, value_dict *d, lnr_str key);
void dict_set(runtime *r, value_dict *d, value key, value v);
bool dict_remove(runtime *r, value_dict *d, value key, value *removed);
bool value_hashable(value v);

/* ---- questions */

const char *value_type_name(value v); /* as Python names it, for messages */
bool value_truth(runtime *r, value v);
bool value_equal(runtime *r, value a, value b);
bool value_less(runtime *r, value a, value b); /* fails for types without an order */
bool value_contains(runtime *r, value container, value item);
bool value_length(value v, size_t *n); /* false: has none */
bool value_is_callable(value v);
bool value_is_iterable(value v);
bool value_is_sequence(value v); /* has a length and takes an index */

/* Fails with what the undefined value was; for every use that Jinja2 refuses. */
void value_fail_undefined(runtime *r, value v);

/* ---- going through anything that can be gone through */

typedef struct cursor {
    value over;
    size_t i, n; /* items given, and to be given; for a string bytes */
    const value *item;
    const dict_entry *entry;
} cursor;

bool cursor_init(runtime *r, cursor *c, value over); /* fails when it is not iterable */
bool cursor_next(runtime *r, cursor *c, value *out); /* false at the end or after a failure */
value_list *list_from(runtime *r, value iterable);   /* a new list */

/* ---- text of values (show.c, tojson.c), appended to the output */

void show_str(runtime *r, value v);      /* Python's str() */
void show_repr(runtime *r, value v);     /* Python's repr() */
lnr_str value_text(runtime *r, value v); /* str() as a string */

typedef struct json_style {
    bool ascii; /* escape what is not ASCII */
    bool sort_keys;
    bool pretty; /* one item per line, indented by */
    lnr_str indent;
    lnr_str item_sep, key_sep;
} json_style;

void show_json(runtime *r, value v, const json_style *style);

/* Python's strings count characters, ours bytes. */
size_t text_length(lnr_str s);                 /* characters */
size_t text_offset(lnr_str s, size_t n_chars); /* bytes of the first n_chars characters */

#endif
