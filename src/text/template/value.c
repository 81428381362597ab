/* Lists, dicts, equality, order and iteration as Python has them; see value.h. */
#include "text/template/value.h"

#include "base/hash.h"
#include "base/utf8.h"
#include "text/template/runtime.h"

#include <inttypes.h>
#include <math.h>

#define DICT_SMALL 8 /* up to so many entries are searched one by one */

value_list *list_create(runtime *r, size_t capacity) {
    value_list *l = runtime_alloc(r, 1, sizeof *l);
    if (l == NULL)
        return &r->sink_list;
    l->item = capacity ? runtime_alloc(r, capacity, sizeof *l->item) : NULL;
    l->capacity = l->item ? capacity : 0;
    return l;
}

void list_add(runtime *r, value_list *l, value v) {
    if (!runtime_step(r) || l == &r->sink_list)
        return;
    if (l->n == l->capacity) {
        size_t capacity = l->capacity ? l->capacity * 2 : 4;
        value *item = runtime_alloc(r, capacity, sizeof *item);
        if (item == NULL)
            return;
        if (l->n)
            memcpy(item, l->item, l->n * sizeof *item);
        l->item = item;
        l->capacity = capacity;
    }
    l->item[l->n++] = v;
}

value value_from_list(value_kind kind, value_list *l) {
    return (value){.kind = (uint8_t)kind, .list = l};
}

value value_from_dict(value_kind kind, value_dict *d) {
    return (value){.kind = (uint8_t)kind, .dict = d};
}

value value_pair(runtime *r, value a, value b) {
    value_list *l = list_create(r, 2);
    list_add(r, l, a);
    list_add(r, l, b);
    return value_from_list(VALUE_TUPLE, l);
}

/* ---- dicts */

bool value_hashable(value v) {
    if (v.kind == VALUE_LIST || v.kind == VALUE_DICT || v.kind == VALUE_VIEW)
        return false;
    if (v.kind == VALUE_TUPLE)
        for (size_t i = 0; i < v.list->n; i++)
            if (v.list->item[i].kind == VALUE_TUPLE || !value_hashable(v.list->item[i]))
                return false; /* tuples in tuples: allowed by Python, used by no template */
    return true;
}

/* Equal values have equal hashes: 1, 1.0 and True are one key. */
static uint32_t hash_of(value v) {
    uint64_t word = v.kind;
    switch (v.kind) {
    case VALUE_STRING:
        return (uint32_t)lnr_hash_seeded(v.s.p, v.s.n);
    case VALUE_FLOAT:
        if (!(v.f >= -0x1p63 && v.f < 0x1p63 && (double)(int64_t)v.f == v.f))
            return (uint32_t)lnr_hash_seeded(&v.f, sizeof v.f);
        word = (uint64_t)(int64_t)v.f;
        break;
    case VALUE_BOOL:
    case VALUE_INT:
        word = (uint64_t)integer_of(v);
        break;
    case VALUE_TUPLE:
        for (size_t i = 0; i < v.list->n; i++)
            word = word * 31 + hash_of(v.list->item[i]);
        break;
    case VALUE_NONE:
    case VALUE_UNDEFINED:
        break;
    default:
        word = (uint64_t)(uintptr_t)v.identity;
    }
    return (uint32_t)lnr_hash_seeded(&word, sizeof word);
}

value_dict *dict_create(runtime *r) {
    value_dict *d = runtime_alloc(r, 1, sizeof *d);
    return d ? d : &r->sink_dict;
}

static void index_entry(value_dict *d, size_t i) {
    size_t slot = d->entry[i].hash & (d->n_slots - 1);
    while (d->slot[slot])
        slot = (slot + 1) & (d->n_slots - 1);
    d->slot[slot] = (uint32_t)i + 1;
}

static void index_all(value_dict *d) {
    memset(d->slot, 0, d->n_slots * sizeof *d->slot);
    for (size_t i = 0; i < d->n; i++)
        index_entry(d, i);
}

/* Place of the entry, or d->n. */
static size_t find_entry(runtime *r, value_dict *d, value key, uint32_t hash) {
    if (d->slot == NULL) {
        for (size_t i = 0; i < d->n; i++)
            if (d->entry[i].hash == hash && value_equal(r, d->entry[i].key, key))
                return i;
        return d->n;
    }
    for (size_t slot = hash & (d->n_slots - 1); d->slot[slot];
         slot = (slot + 1) & (d->n_slots - 1)) {
        size_t i = d->slot[slot] - 1;
        if (d->entry[i].hash == hash && value_equal(r, d->entry[i].key, key))
            return i;
    }
    return d->n;
}

value *dict_find(runtime *r, value_dict *d, value key) {
    if (d->n == 0 || !value_hashable(key))
        return NULL;
    size_t i = find_entry(r, d, key, hash_of(key));
    return i < d->n ? &d->entry[i].val : NULL;
}

value *dict_find_str(runtime *r, value_dict *d, lnr_str key) {
    return dict_find(r, d, value_str(key));
}

static bool dict_grow(runtime *r, value_dict *d) {
    size_t capacity = d->capacity ? d->capacity * 2 : DICT_SMALL;
    dict_entry *entry = runtime_alloc(r, capacity, sizeof *entry);
    uint32_t *slot = capacity > DICT_SMALL ? runtime_alloc(r, capacity * 2, sizeof *slot) : NULL;
    if (entry == NULL || (capacity > DICT_SMALL && slot == NULL))
        return false;
    if (d->n)
        memcpy(entry, d->entry, d->n * sizeof *entry);
    d->entry = entry;
    d->capacity = capacity;
    if (slot) {
        d->slot = slot;
        d->n_slots = capacity * 2;
        index_all(d);
    }
    return true;
}

void dict_set(runtime *r, value_dict *d, value key, value v) {
    if (!runtime_step(r) || d == &r->sink_dict)
        return;
    if (!value_hashable(key)) {
        runtime_fail(r, LNR_E_ARGUMENT, "a %s cannot be a key", value_type_name(key));
        return;
    }
    uint32_t hash = hash_of(key);
    size_t i = find_entry(r, d, key, hash);
    if (i < d->n) {
        d->entry[i].val = v;
        return;
    }
    if (d->n == d->capacity && !dict_grow(r, d))
        return;
    d->entry[d->n] = (dict_entry){key, v, hash};
    if (d->slot)
        index_entry(d, d->n);
    d->n++;
}

bool dict_remove(runtime *r, value_dict *d, value key, value *removed) {
    if (d->n == 0 || !value_hashable(key))
        return false;
    size_t i = find_entry(r, d, key, hash_of(key));
    if (i == d->n || !runtime_spend(r, d->n))
        return false;
    *removed = d->entry[i].val;
    memmove(&d->entry[i], &d->entry[i + 1], (d->n - i - 1) * sizeof *d->entry);
    d->n--;
    if (d->slot)
        index_all(d);
    return true;
}

/* ---- questions */

const char *value_type_name(value v) {
    static const char *const names[] = {
        [VALUE_ABSENT] = "nothing",
        [VALUE_UNDEFINED] = "Undefined",
        [VALUE_NONE] = "NoneType",
        [VALUE_BOOL] = "bool",
        [VALUE_INT] = "int",
        [VALUE_FLOAT] = "float",
        [VALUE_STRING] = "str",
        [VALUE_LIST] = "list",
        [VALUE_TUPLE] = "tuple",
        [VALUE_DICT] = "dict",
        [VALUE_RANGE] = "range",
        [VALUE_VIEW] = "dict view",
        [VALUE_GENERATOR] = "generator",
        [VALUE_NAMESPACE] = "Namespace",
        [VALUE_LOOP] = "LoopContext",
        [VALUE_MACRO] = "Macro",
        [VALUE_METHOD] = "method",
        [VALUE_FUNCTION] = "function",
        [VALUE_CYCLER] = "Cycler",
        [VALUE_JOINER] = "Joiner",
    };
    return names[v.kind];
}

void value_fail_undefined(runtime *r, value v) {
    switch (v.note) {
    case UNDEFINED_VARIABLE:
        runtime_fail(r, LNR_E_ARGUMENT, "'%.*s' is undefined", LNR_STR(v.s));
        return;
    case UNDEFINED_PARAMETER:
        runtime_fail(r, LNR_E_ARGUMENT, "parameter '%.*s' was not provided", LNR_STR(v.s));
        return;
    case UNDEFINED_MESSAGE:
        runtime_fail(r, LNR_E_ARGUMENT, "%.*s", LNR_STR(v.s));
        return;
    case UNDEFINED_UNSAFE:
        runtime_fail(r, LNR_E_ARGUMENT, "access to '%.*s' is not allowed", LNR_STR(v.s));
        return;
    default:
        runtime_fail(r, LNR_E_ARGUMENT, "'%s object' has no attribute '%.*s'",
                     value_type_name((value){.kind = (uint8_t)(v.note - UNDEFINED_MEMBER)}),
                     LNR_STR(v.s));
    }
}

bool value_length(value v, size_t *n) {
    switch (v.kind) {
    case VALUE_STRING:
        *n = text_length(v.s);
        return true;
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_VIEW:
        *n = v.list->n;
        return true;
    case VALUE_DICT:
        *n = v.dict->n;
        return true;
    case VALUE_RANGE:
        *n = v.range->n;
        return true;
    case VALUE_UNDEFINED:
        *n = 0;
        return true;
    default:
        return false;
    }
}

bool value_truth(runtime *r, value v) {
    size_t n;
    switch (v.kind) {
    case VALUE_NONE:
        return false;
    case VALUE_BOOL:
        return v.b;
    case VALUE_INT:
        return v.i != 0;
    case VALUE_FLOAT:
        return v.f != 0;
    case VALUE_STRING:
        return v.s.n != 0;
    default:
        (void)r;
        return !value_length(v, &n) || n != 0;
    }
}

/* -1, 0, 1, exactly, though not every int64 is a double; 2 with a NaN. */
static int compare_numbers(value a, value b) {
    if (is_integer(a) && is_integer(b)) {
        int64_t x = integer_of(a), y = integer_of(b);
        return (x > y) - (x < y);
    }
    if (a.kind == VALUE_FLOAT && b.kind == VALUE_FLOAT)
        return isnan(a.f) || isnan(b.f) ? 2 : (a.f > b.f) - (a.f < b.f);
    if (a.kind == VALUE_FLOAT) {
        int c = compare_numbers(b, a);
        return c == 2 ? 2 : -c;
    }
    int64_t x = integer_of(a);
    if (isnan(b.f))
        return 2;
    if (b.f >= 0x1p63 || b.f < -0x1p63)
        return b.f > 0 ? -1 : 1;
    int64_t y = (int64_t)b.f; /* towards zero; the rest decides between equal integers */
    double rest = b.f - (double)y;
    if (x != y)
        return x > y ? 1 : -1;
    return (rest < 0) - (rest > 0);
}

static bool lists_equal(runtime *r, value_list *a, value_list *b) {
    if (a->n != b->n || !runtime_enter(r))
        return false;
    bool equal = true;
    for (size_t i = 0; equal && i < a->n && i < b->n; i++)
        equal = runtime_step(r) && value_equal(r, a->item[i], b->item[i]);
    runtime_leave(r);
    return equal;
}

static bool dicts_equal(runtime *r, value_dict *a, value_dict *b) {
    if (a->n != b->n || !runtime_enter(r))
        return false;
    bool equal = true;
    for (size_t i = 0; equal && i < a->n; i++) {
        const value *other = dict_find(r, b, a->entry[i].key);
        equal = runtime_step(r) && other && value_equal(r, a->entry[i].val, *other);
    }
    runtime_leave(r);
    return equal;
}

bool value_equal(runtime *r, value a, value b) {
    if (is_number(a) && is_number(b))
        return compare_numbers(a, b) == 0;
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case VALUE_ABSENT:
    case VALUE_UNDEFINED:
    case VALUE_NONE:
        return true;
    case VALUE_STRING:
        return runtime_spend(r, a.s.n == b.s.n ? a.s.n / 64 : 0) && lnr_str_equal(a.s, b.s);
    case VALUE_LIST:
    case VALUE_TUPLE:
        return a.list == b.list || lists_equal(r, a.list, b.list);
    case VALUE_DICT:
        return a.dict == b.dict || dicts_equal(r, a.dict, b.dict);
    case VALUE_RANGE:
        return a.range->n == b.range->n &&
               (a.range->n == 0 || (a.range->start == b.range->start &&
                                    (a.range->n == 1 || a.range->step == b.range->step)));
    default:
        return a.identity == b.identity;
    }
}

static bool text_less(lnr_str a, lnr_str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0; /* UTF-8 sorts as its code points do */
    return c ? c < 0 : a.n < b.n;
}

bool value_less(runtime *r, value a, value b) {
    if (is_number(a) && is_number(b))
        return compare_numbers(a, b) == -1;
    if (a.kind == VALUE_STRING && b.kind == VALUE_STRING)
        return runtime_spend(r, 1 + a.s.n / 64) && text_less(a.s, b.s);
    if (a.kind == b.kind && (a.kind == VALUE_LIST || a.kind == VALUE_TUPLE) && runtime_enter(r)) {
        size_t i = 0, n = a.list->n < b.list->n ? a.list->n : b.list->n;
        while (i < n && runtime_step(r) && value_equal(r, a.list->item[i], b.list->item[i]))
            i++;
        bool less = i < n ? value_less(r, a.list->item[i], b.list->item[i]) : a.list->n < b.list->n;
        runtime_leave(r);
        return less;
    }
    if (a.kind == VALUE_UNDEFINED || b.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, a.kind == VALUE_UNDEFINED ? a : b);
    runtime_fail(r, LNR_E_ARGUMENT, "%s and %s cannot be ordered", value_type_name(a),
                 value_type_name(b));
    return false;
}

static bool text_contains(runtime *r, lnr_str s, lnr_str part) {
    if (part.n == 0)
        return true;
    if (part.n > s.n || !runtime_spend(r, s.n / 16))
        return false;
    const char *p = s.p, *end = s.p + (s.n - part.n) + 1;
    while (p < end && (p = memchr(p, part.p[0], (size_t)(end - p))) != NULL) {
        if (memcmp(p, part.p, part.n) == 0)
            return true;
        if (!runtime_spend(r, part.n / 64))
            return false;
        p++;
    }
    return false;
}

bool value_contains(runtime *r, value container, value item) {
    if (container.kind == VALUE_STRING) {
        if (item.kind == VALUE_STRING)
            return text_contains(r, container.s, item.s);
        runtime_fail(r, LNR_E_ARGUMENT, "'in' a string needs a string, not %s",
                     value_type_name(item));
        return false;
    }
    if (container.kind == VALUE_DICT) {
        if (!value_hashable(item))
            runtime_fail(r, LNR_E_ARGUMENT, "a %s cannot be a key", value_type_name(item));
        return dict_find(r, container.dict, item) != NULL;
    }
    cursor c;
    value v;
    if (cursor_init(r, &c, container))
        while (cursor_next(r, &c, &v))
            if (value_equal(r, v, item))
                return true;
    return false;
}

bool value_is_callable(value v) {
    return v.kind == VALUE_MACRO || v.kind == VALUE_METHOD || v.kind == VALUE_FUNCTION ||
           v.kind == VALUE_LOOP || v.kind == VALUE_JOINER || v.kind == VALUE_UNDEFINED;
}

bool value_is_iterable(value v) {
    size_t n;
    return v.kind == VALUE_GENERATOR || v.kind == VALUE_LOOP || value_length(v, &n);
}

bool value_is_sequence(value v) {
    size_t n;
    return v.kind != VALUE_VIEW && value_length(v, &n);
}

/* ---- iteration */

bool cursor_init(runtime *r, cursor *c, value over) {
    *c = (cursor){.over = over};
    switch (over.kind) {
    case VALUE_GENERATOR:
        c->item = over.list->item;
        c->n = over.list->at ? 0 : over.list->n;
        over.list->at = 1;
        break;
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_VIEW:
        c->item = over.list->item;
        c->n = over.list->n;
        break;
    case VALUE_DICT:
        c->entry = over.dict->entry;
        c->n = over.dict->n;
        break;
    case VALUE_RANGE:
        c->n = over.range->n;
        break;
    case VALUE_STRING:
        c->n = over.s.n;
        break;
    case VALUE_UNDEFINED:
        break;
    default:
        runtime_fail(r, LNR_E_ARGUMENT, "a %s cannot be gone through", value_type_name(over));
        return false;
    }
    return r->status == LNR_OK;
}

bool cursor_next(runtime *r, cursor *c, value *out) {
    if (c->i >= c->n || !runtime_step(r))
        return false;
    if (c->over.kind == VALUE_STRING) {
        uint32_t cp;
        size_t len = lnr_utf8_decode(c->over.s.p + c->i, c->n - c->i, &cp);
        len = len ? len : 1; /* strings are valid; this only keeps the loop finite */
        *out = value_str((lnr_str){c->over.s.p + c->i, len});
        c->i += len;
        return true;
    }
    if (c->item)
        *out = c->item[c->i];
    else if (c->entry)
        *out = c->entry[c->i].key;
    else /* within start .. stop, so no overflow */
        *out = value_int(c->over.range->start + (int64_t)c->i * c->over.range->step);
    c->i++;
    return true;
}

value_list *list_from(runtime *r, value iterable) {
    value_list *l = list_create(r, 0);
    cursor c;
    value v;
    if (cursor_init(r, &c, iterable))
        while (cursor_next(r, &c, &v))
            list_add(r, l, v);
    return l;
}

size_t text_length(lnr_str s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

size_t text_offset(lnr_str s, size_t n_chars) {
    size_t i = 0;
    for (; i < s.n; i++)
        if (((unsigned char)s.p[i] & 0xc0) != 0x80 && n_chars-- == 0)
            break;
    return i;
}
