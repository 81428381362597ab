/* The filters on lists and dicts; see call.h. Defaults and order of parameters are Jinja2's. */
#include "text/template/filters.h"

#include "text/template/letters.h"

#define FILTER(name)                                                                               \
    static value filter_##name(runtime *r, value self, const value *arg, const call_args *raw)
#define UNUSED ((void)arg, (void)raw)

static bool given(value v) {
    return v.kind != VALUE_ABSENT;
}

static bool truth_of(runtime *r, value v) {
    return given(v) && value_truth(r, v);
}

static value generator(value_list *l) {
    return value_from_list(VALUE_GENERATOR, l);
}

static value empty_undefined(void) {
    return value_undefined(UNDEFINED_MESSAGE, LITERAL("there is no item: the sequence is empty"));
}

/* ---- attributes of items: "name", "a.b", "0", 0 */

static value item_part(runtime *r, value item, lnr_str part) {
    int64_t i;
    bool overflow, digits = part.n > 0;
    for (size_t j = 0; j < part.n; j++)
        digits &= part.p[j] >= '0' && part.p[j] <= '9';
    if (digits && text_to_int(part, 10, &i, &overflow) && !overflow)
        return get_item(r, item, value_int(i));
    return get_item(r, item, value_str(part));
}

static value item_attribute(runtime *r, value item, value attribute, value otherwise) {
    if (attribute.kind != VALUE_STRING)
        return given(attribute) && attribute.kind != VALUE_NONE ? get_item(r, item, attribute)
                                                                : item;
    lnr_str rest = attribute.s;
    for (;;) {
        const char *dot = rest.n ? memchr(rest.p, '.', rest.n) : NULL;
        size_t n = dot ? (size_t)(dot - rest.p) : rest.n;
        item = item_part(r, item, (lnr_str){rest.p, n});
        if (item.kind == VALUE_UNDEFINED && given(otherwise) && otherwise.kind != VALUE_NONE)
            item = otherwise;
        if (dot == NULL || r->status != LNR_OK)
            return item;
        rest = (lnr_str){rest.p + n + 1, rest.n - n - 1};
    }
}

static value without_case(runtime *r, value v) {
    if (v.kind != VALUE_STRING)
        return v;
    size_t mark = out_mark(r);
    letters_lower(r, v.s);
    return out_take(r, mark);
}

/* What items are ordered and compared by. "a,b" gives a list of two attributes. */
static value sort_key(runtime *r, value item, value attribute, bool with_case) {
    if (attribute.kind != VALUE_STRING || attribute.s.n == 0 ||
        !memchr(attribute.s.p, ',', attribute.s.n)) {
        value v = item_attribute(r, item, attribute, (value){.kind = VALUE_ABSENT});
        return with_case ? v : without_case(r, v);
    }
    value_list *keys = list_create(r, 2);
    lnr_str rest = attribute.s;
    while (r->status == LNR_OK) {
        const char *comma = rest.n ? memchr(rest.p, ',', rest.n) : NULL;
        value part = value_str((lnr_str){rest.p, comma ? (size_t)(comma - rest.p) : rest.n});
        list_add(r, keys, sort_key(r, item, part, with_case));
        if (comma == NULL)
            break;
        rest = (lnr_str){comma + 1, rest.n - part.s.n - 1};
    }
    return value_from_list(VALUE_LIST, keys);
}

static value_list *sort_keys(runtime *r, const value_list *l, value attribute, bool with_case) {
    value_list *keys = list_create(r, l->n);
    for (size_t i = 0; i < l->n && r->status == LNR_OK; i++)
        list_add(r, keys, sort_key(r, l->item[i], attribute, with_case));
    return keys;
}

/* Merges the sorted runs from[low..middle) and from[middle..high) of indices into `to`; the left
 * one wins among equals, in either direction, as Python's stable sort has it. */
static void merge_runs(runtime *r, const value *key, const size_t *from, size_t *to,
                       const size_t bound[3], bool reverse) {
    size_t i = bound[0], j = bound[1];
    for (size_t k = bound[0]; k < bound[2]; k++) {
        bool right = i == bound[1];
        if (i < bound[1] && j < bound[2] && runtime_step(r))
            right = reverse ? value_less(r, key[from[i]], key[from[j]])
                            : value_less(r, key[from[j]], key[from[i]]);
        to[k] = right ? from[j++] : from[i++];
    }
}

void list_sort(runtime *r, value_list *l, value_list *keys, bool reverse) {
    size_t n = l->n;
    size_t *a = runtime_alloc(r, n, sizeof *a), *b = runtime_alloc(r, n, sizeof *b);
    value *sorted = runtime_alloc(r, n, sizeof *sorted);
    const value *key = keys ? keys->item : l->item;
    if (n < 2 || sorted == NULL || a == NULL || b == NULL || (keys && keys->n != n))
        return;
    for (size_t i = 0; i < n; i++)
        a[i] = i;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t middle = low + width < n ? low + width : n;
            size_t high = low + 2 * width < n ? low + 2 * width : n;
            merge_runs(r, key, a, b, (size_t[]){low, middle, high}, reverse);
        }
        size_t *swap = a;
        a = b;
        b = swap;
    }
    for (size_t i = 0; i < n; i++)
        sorted[i] = l->item[a[i]];
    l->item = sorted;
    l->capacity = n;
}

/* ---- the filters */

FILTER(length) {
    UNUSED;
    size_t n = 0;
    if (!value_length(self, &n))
        runtime_fail(r, LNR_E_ARGUMENT, "a %s has no length", value_type_name(self));
    runtime_spend(r, self.kind == VALUE_STRING ? self.s.n / 64 : 0);
    return value_size(n);
}

FILTER(first) {
    UNUSED;
    cursor c;
    value v;
    return cursor_init(r, &c, self) && cursor_next(r, &c, &v) ? v : empty_undefined();
}

FILTER(last) {
    UNUSED;
    if (self.kind == VALUE_GENERATOR)
        runtime_fail(r, LNR_E_ARGUMENT, "the last item of a generator is not known");
    value_list *l = list_from(r, self);
    return l->n ? l->item[l->n - 1] : empty_undefined();
}

FILTER(join) {
    (void)raw;
    value items = self;
    if (given(arg[1]) && arg[1].kind != VALUE_NONE)
        items = value_from_list(VALUE_LIST, sort_keys(r, list_from(r, self), arg[1], true));
    return join_texts(r, given(arg[0]) ? value_text(r, arg[0]) : LITERAL(""), items, false);
}

FILTER(list) {
    UNUSED;
    return value_from_list(VALUE_LIST, list_from(r, self));
}

FILTER(reverse) {
    UNUSED;
    value_list *l = list_from(r, self);
    for (size_t i = 0; i < l->n / 2; i++) {
        value v = l->item[i];
        l->item[i] = l->item[l->n - 1 - i];
        l->item[l->n - 1 - i] = v;
    }
    if (self.kind == VALUE_STRING)
        return join_texts(r, LITERAL(""), value_from_list(VALUE_LIST, l), false);
    return self.kind == VALUE_GENERATOR ? value_from_list(VALUE_LIST, l) : generator(l);
}

FILTER(sort) {
    (void)raw;
    value_list *l = list_from(r, self);
    list_sort(r, l, sort_keys(r, l, arg[2], truth_of(r, arg[1])), truth_of(r, arg[0]));
    return value_from_list(VALUE_LIST, l);
}

FILTER(unique) {
    (void)raw;
    value_list *l = list_from(r, self), *keys = sort_keys(r, l, arg[1], truth_of(r, arg[0]));
    value_list *kept = list_create(r, 0);
    value_dict *seen = dict_create(r);
    for (size_t i = 0; i < keys->n && r->status == LNR_OK; i++)
        if (dict_find(r, seen, keys->item[i]) == NULL) {
            dict_set(r, seen, keys->item[i], NONE_VALUE);
            list_add(r, kept, l->item[i]);
        }
    return generator(kept);
}

static value extreme(runtime *r, value self, const value *arg, bool largest) {
    value_list *l = list_from(r, self), *keys = sort_keys(r, l, arg[1], truth_of(r, arg[0]));
    size_t best = 0;
    if (keys->n == 0)
        return empty_undefined();
    for (size_t i = 1; i < keys->n && r->status == LNR_OK; i++)
        if (largest ? value_less(r, keys->item[best], keys->item[i])
                    : value_less(r, keys->item[i], keys->item[best]))
            best = i;
    return l->item[best];
}

FILTER(min) {
    (void)raw;
    return extreme(r, self, arg, false);
}

FILTER(max) {
    (void)raw;
    return extreme(r, self, arg, true);
}

FILTER(sum) {
    (void)raw;
    value_list *l = sort_keys(r, list_from(r, self), arg[0], true);
    value sum = given(arg[1]) ? arg[1] : value_int(0);
    if (sum.kind == VALUE_STRING)
        runtime_fail(r, LNR_E_ARGUMENT, "sum does not join strings");
    for (size_t i = 0; i < l->n && r->status == LNR_OK; i++)
        sum = apply_math(r, '+', sum, l->item[i]);
    return sum;
}

FILTER(items) {
    UNUSED;
    value_list *l = list_create(r, 0);
    if (self.kind == VALUE_DICT)
        for (size_t i = 0; i < self.dict->n && r->status == LNR_OK; i++)
            list_add(r, l, value_pair(r, self.dict->entry[i].key, self.dict->entry[i].val));
    else if (self.kind != VALUE_UNDEFINED)
        runtime_fail(r, LNR_E_ARGUMENT, "items needs a dict, not %s", value_type_name(self));
    return generator(l);
}

FILTER(dictsort) {
    (void)raw;
    value_list *l = list_create(r, 0), *keys = list_create(r, 0);
    lnr_str by = given(arg[1]) ? arg_text(r, arg[1], "by") : LITERAL("key");
    if (self.kind == VALUE_UNDEFINED)
        value_fail_undefined(r, self);
    if (self.kind != VALUE_DICT)
        runtime_fail(r, LNR_E_ARGUMENT, "dictsort needs a dict, not %s", value_type_name(self));
    if (!lnr_str_is(by, "key") && !lnr_str_is(by, "value"))
        runtime_fail(r, LNR_E_ARGUMENT, "dictsort: 'by' is \"key\" or \"value\"");
    bool by_value = lnr_str_is(by, "value"), with_case = truth_of(r, arg[0]);
    for (size_t i = 0; r->status == LNR_OK && i < self.dict->n; i++) {
        const dict_entry *e = &self.dict->entry[i];
        value key = by_value ? e->val : e->key;
        list_add(r, l, value_pair(r, e->key, e->val));
        list_add(r, keys, with_case ? key : without_case(r, key));
    }
    list_sort(r, l, keys, truth_of(r, arg[2]));
    return value_from_list(VALUE_LIST, l);
}

FILTER(default) {
    (void)raw;
    if (self.kind == VALUE_UNDEFINED || (truth_of(r, arg[1]) && !value_truth(r, self)))
        return given(arg[0]) ? arg[0] : value_str(LITERAL(""));
    return self;
}

FILTER(attr) {
    (void)raw;
    return find_python_attribute(r, self, value_text(r, arg[0]));
}

/* ---- groups */

FILTER(batch) {
    (void)raw;
    int64_t size = arg_int(r, arg[0], 1, "linecount");
    value_list *l = list_from(r, self), *batches = list_create(r, 0), *batch = NULL;
    for (size_t i = 0; i < l->n && r->status == LNR_OK; i++) {
        if (batch == NULL || (int64_t)batch->n == size) {
            batch = list_create(r, 0);
            list_add(r, batches, value_from_list(VALUE_LIST, batch));
        }
        list_add(r, batch, l->item[i]);
    }
    bool fill = batch && given(arg[1]) && arg[1].kind != VALUE_NONE;
    while (fill && (int64_t)batch->n < size && runtime_step(r))
        list_add(r, batch, arg[1]);
    return generator(batches);
}

FILTER(slice) {
    (void)raw;
    int64_t n_slices = arg_int(r, arg[0], 1, "slices");
    value_list *l = list_from(r, self), *slices = list_create(r, 0);
    if (n_slices < 1)
        runtime_fail(r, LNR_E_ARGUMENT, "slice needs at least one slice");
    size_t n = n_slices < 1 ? 1 : (size_t)n_slices, at = 0;
    for (size_t i = 0; i < n && runtime_step(r); i++) {
        value_list *part = list_create(r, 0);
        size_t size = l->n / n + (i < l->n % n);
        for (size_t j = 0; j < size; j++)
            list_add(r, part, l->item[at++]);
        if (given(arg[1]) && arg[1].kind != VALUE_NONE && l->n % n && i >= l->n % n)
            list_add(r, part, arg[1]);
        list_add(r, slices, value_from_list(VALUE_LIST, part));
    }
    return generator(slices);
}

FILTER(groupby) {
    (void)raw;
    bool with_case = truth_of(r, arg[2]);
    value_list *l = list_from(r, self), *keys = list_create(r, 0), *groups = list_create(r, 0);
    for (size_t i = 0; i < l->n && r->status == LNR_OK; i++) {
        value v = item_attribute(r, l->item[i], arg[0], arg[1]);
        list_add(r, keys, value_pair(r, with_case ? v : without_case(r, v), v));
    }
    value_list *pairs = list_create(r, 0);
    for (size_t i = 0; i < keys->n && r->status == LNR_OK; i++)
        list_add(r, pairs, value_pair(r, keys->item[i], l->item[i]));
    list_sort(r, pairs, sort_keys(r, pairs, value_str(LITERAL("0.0")), true), false);
    value last = NO_VALUE;
    value_list *group = NULL;
    for (size_t i = 0; i < pairs->n && r->status == LNR_OK; i++) {
        const value *pair = pairs->item[i].list->item, *key = pair[0].list->item;
        if (group == NULL || !value_equal(r, key[0], last)) {
            group = list_create(r, 0);
            value g = value_pair(r, key[1], value_from_list(VALUE_LIST, group));
            g.note = TUPLE_GROUP;
            list_add(r, groups, g);
            last = key[0];
        }
        list_add(r, group, pair[1]);
    }
    return value_from_list(VALUE_LIST, groups);
}

/* ---- map, select, reject and their kin */

static call_args after(const call_args *raw, size_t n) {
    call_args rest = *raw;
    rest.arg += n;
    rest.n -= n;
    return rest;
}

static const value *named_argument(const call_args *raw, const char *name) {
    for (size_t i = 0; i < raw->n_named; i++)
        if (lnr_str_is(raw->name[i], name))
            return &raw->named[i];
    return NULL;
}

FILTER(map) {
    (void)arg;
    value_list *out = list_create(r, 0);
    if (!value_truth(r, self)) /* even a number or None, and whatever the arguments */
        return generator(out);
    const value *attribute = named_argument(raw, "attribute");
    const value *otherwise = named_argument(raw, "default");
    const builtin *fn = NULL;
    if (raw->n == 0 && (attribute == NULL || raw->n_named > 1 + (otherwise != NULL))) {
        runtime_fail(r, LNR_E_ARGUMENT, "map needs a filter or an attribute");
    } else if (raw->n) {
        lnr_str name = arg_text(r, raw->arg[0], "filter");
        fn = find_filter(name);
        if (fn == NULL)
            runtime_fail(r, LNR_E_ARGUMENT, "there is no filter '%.*s'", LNR_STR(name));
    }
    call_args rest = raw->n ? after(raw, 1) : *raw;
    cursor c;
    value v;
    if (r->status != LNR_OK || !cursor_init(r, &c, self))
        return NO_VALUE;
    while (cursor_next(r, &c, &v))
        list_add(r, out,
                 fn ? call_builtin(r, fn, v, &rest)
                    : item_attribute(r, v, *attribute,
                                     otherwise ? *otherwise : (value){.kind = VALUE_ABSENT}));
    return generator(out);
}

/* Keeps the items (by_attribute: those whose attribute) for which the test, or their truth, gives
 * `wanted`. */
static value select_items(runtime *r, value self, const call_args *raw, bool by_attribute,
                          bool wanted) {
    value_list *out = list_create(r, 0);
    if (!value_truth(r, self))
        return generator(out);
    const builtin *fn = NULL;
    size_t n_used = by_attribute;
    if (raw->n < n_used) {
        runtime_fail(r, LNR_E_ARGUMENT, "the name of an attribute is missing");
        return NO_VALUE;
    }
    if (raw->n > n_used) {
        lnr_str name = arg_text(r, raw->arg[n_used], "test");
        fn = find_test(name);
        if (fn == NULL)
            runtime_fail(r, LNR_E_ARGUMENT, "there is no test '%.*s'", LNR_STR(name));
        n_used++;
    }
    call_args rest = after(raw, n_used);
    cursor c;
    value v;
    if (r->status != LNR_OK || !cursor_init(r, &c, self))
        return NO_VALUE;
    while (cursor_next(r, &c, &v)) {
        value subject =
            by_attribute ? item_attribute(r, v, raw->arg[0], (value){.kind = VALUE_ABSENT}) : v;
        if (value_truth(r, fn ? call_builtin(r, fn, subject, &rest) : subject) == wanted)
            list_add(r, out, v);
    }
    return generator(out);
}

FILTER(select) {
    (void)arg;
    return select_items(r, self, raw, false, true);
}

FILTER(reject) {
    (void)arg;
    return select_items(r, self, raw, false, false);
}

FILTER(selectattr) {
    (void)arg;
    return select_items(r, self, raw, true, true);
}

FILTER(rejectattr) {
    (void)arg;
    return select_items(r, self, raw, true, false);
}

static const builtin list_filters[] = {
    {"length", "", 0, filter_length},
    {"count", "", 0, filter_length},
    {"first", "", 0, filter_first},
    {"last", "", 0, filter_last},
    {"join", "d attribute", 0, filter_join},
    {"list", "", 0, filter_list},
    {"reverse", "", 0, filter_reverse},
    {"sort", "reverse case_sensitive attribute", 0, filter_sort},
    {"unique", "case_sensitive attribute", 0, filter_unique},
    {"min", "case_sensitive attribute", 0, filter_min},
    {"max", "case_sensitive attribute", 0, filter_max},
    {"sum", "attribute start", 0, filter_sum},
    {"items", "", 0, filter_items},
    {"dictsort", "case_sensitive by reverse", 0, filter_dictsort},
    {"default", "default_value boolean", 0, filter_default},
    {"d", "default_value boolean", 0, filter_default},
    {"attr", "name", 1, filter_attr},
    {"batch", "linecount fill_with", 1, filter_batch},
    {"slice", "slices fill_with", 1, filter_slice},
    {"groupby", "attribute default case_sensitive", 1, filter_groupby},
    {"map", "*", 0, filter_map},
    {"select", "*", 0, filter_select},
    {"reject", "*", 0, filter_reject},
    {"selectattr", "*", 0, filter_selectattr},
    {"rejectattr", "*", 0, filter_rejectattr},
    {"random", "*", 0, NULL},
};

const builtin *find_list_filter(lnr_str name) {
    return FIND_IN(list_filters, name);
}
