/* The methods of lists, tuples, dicts and cyclers, as Python has them; see call.h. */
#include "text/template/filters.h"

#define METHOD(name)                                                                               \
    static value method_##name(runtime *r, value self, const value *arg, const call_args *raw)
#define UNUSED ((void)arg, (void)raw)

static bool given(value v) {
    return v.kind != VALUE_ABSENT;
}

/* ---- lists and tuples */

METHOD(append) {
    (void)raw;
    list_add(r, self.list, arg[0]);
    return NONE_VALUE;
}

METHOD(extend) {
    (void)raw;
    value_list *more = list_from(r, arg[0]);
    for (size_t i = 0; i < more->n; i++)
        list_add(r, self.list, more->item[i]);
    return NONE_VALUE;
}

METHOD(insert) {
    (void)raw;
    value_list *l = self.list;
    int64_t n = (int64_t)l->n, at = arg_int(r, arg[0], 0, "index");
    at = at < 0 ? (at + n < 0 ? 0 : at + n) : at > n ? n : at;
    list_add(r, l, arg[1]);
    if (!runtime_spend(r, l->n - (size_t)at))
        return NO_VALUE;
    memmove(&l->item[at + 1], &l->item[at], (size_t)(n - at) * sizeof *l->item);
    l->item[at] = arg[1];
    return NONE_VALUE;
}

static void remove_at(value_list *l, size_t at) {
    memmove(&l->item[at], &l->item[at + 1], (l->n - at - 1) * sizeof *l->item);
    l->n--;
}

METHOD(list_pop) {
    (void)raw;
    value_list *l = self.list;
    int64_t n = (int64_t)l->n, at = arg_int(r, arg[0], -1, "index");
    at += at < 0 ? n : 0;
    if (at < 0 || at >= n) {
        runtime_fail(r, LNR_E_ARGUMENT, "pop: there is no such item");
        return NO_VALUE;
    }
    value v = l->item[at];
    if (runtime_spend(r, l->n))
        remove_at(l, (size_t)at);
    return v;
}

/* Index of the first equal item from start on, or the length. */
static size_t find_item(runtime *r, const value_list *l, value v, size_t start) {
    for (; start < l->n && runtime_step(r); start++)
        if (value_equal(r, l->item[start], v))
            return start;
    return l->n;
}

static bool found(runtime *r, const value_list *l, size_t at) {
    if (at == l->n)
        runtime_fail(r, LNR_E_ARGUMENT, "there is no such item");
    return r->status == LNR_OK;
}

METHOD(remove) {
    (void)raw;
    size_t at = find_item(r, self.list, arg[0], 0);
    if (found(r, self.list, at))
        remove_at(self.list, at);
    return NONE_VALUE;
}

METHOD(list_index) {
    (void)raw;
    int64_t n = (int64_t)self.list->n, start = arg_int(r, arg[1], 0, "start");
    int64_t end = arg_int(r, arg[2], n, "end");
    start = start < 0 ? (start + n < 0 ? 0 : start + n) : start > n ? n : start;
    end = end < 0 ? end + n : end;
    size_t at = find_item(r, self.list, arg[0], (size_t)start);
    at = (int64_t)at < end ? at : self.list->n;
    return found(r, self.list, at) ? value_size(at) : NO_VALUE;
}

METHOD(list_count) {
    (void)raw;
    size_t n = 0;
    for (size_t i = 0; i < self.list->n && runtime_step(r); i++)
        n += value_equal(r, self.list->item[i], arg[0]);
    return value_size(n);
}

METHOD(list_reverse) {
    UNUSED;
    value_list *l = self.list;
    for (size_t i = 0; i < l->n / 2 && runtime_step(r); i++) {
        value v = l->item[i];
        l->item[i] = l->item[l->n - 1 - i];
        l->item[l->n - 1 - i] = v;
    }
    return NONE_VALUE;
}

METHOD(list_sort) {
    (void)raw;
    if (given(arg[0]) && arg[0].kind != VALUE_NONE)
        runtime_fail(r, LNR_E_UNSUPPORTED, "sort with a key function");
    list_sort(r, self.list, NULL, given(arg[1]) && value_truth(r, arg[1]));
    return NONE_VALUE;
}

METHOD(list_copy) {
    UNUSED;
    return value_from_list(VALUE_LIST, list_from(r, self));
}

METHOD(list_clear) {
    UNUSED;
    (void)r;
    self.list->n = 0;
    return NONE_VALUE;
}

/* ---- dicts */

enum view { VIEW_KEYS, VIEW_VALUES, VIEW_ITEMS };

static value view_of(runtime *r, value self, enum view what) {
    static const char *const names[] = {"dict_keys", "dict_values", "dict_items"};
    const value_dict *d = self.dict;
    value_list *l = list_create(r, d->n);
    for (size_t i = 0; i < d->n && r->status == LNR_OK; i++) {
        const dict_entry *e = &d->entry[i];
        list_add(r, l,
                 what == VIEW_KEYS     ? e->key
                 : what == VIEW_VALUES ? e->val
                                       : value_pair(r, e->key, e->val));
    }
    if (r->status == LNR_OK)
        l->name = names[what];
    return value_from_list(VALUE_VIEW, l);
}

METHOD(keys) {
    UNUSED;
    return view_of(r, self, VIEW_KEYS);
}

METHOD(values) {
    UNUSED;
    return view_of(r, self, VIEW_VALUES);
}

METHOD(items) {
    UNUSED;
    return view_of(r, self, VIEW_ITEMS);
}

static bool check_key(runtime *r, value key) {
    if (!value_hashable(key))
        runtime_fail(r, LNR_E_ARGUMENT, "a %s cannot be a key", value_type_name(key));
    return r->status == LNR_OK;
}

METHOD(get) {
    (void)raw;
    const value *stored = check_key(r, arg[0]) ? dict_find(r, self.dict, arg[0]) : NULL;
    return stored ? *stored : given(arg[1]) ? arg[1] : NONE_VALUE;
}

METHOD(dict_pop) {
    (void)raw;
    value v = NO_VALUE;
    if (!check_key(r, arg[0]) || dict_remove(r, self.dict, arg[0], &v))
        return v;
    if (!given(arg[1]))
        runtime_fail(r, LNR_E_ARGUMENT, "pop: there is no such key");
    return arg[1];
}

METHOD(setdefault) {
    (void)raw;
    const value *stored = check_key(r, arg[0]) ? dict_find(r, self.dict, arg[0]) : NULL;
    if (stored)
        return *stored;
    value v = given(arg[1]) ? arg[1] : NONE_VALUE;
    dict_set(r, self.dict, arg[0], v);
    return v;
}

METHOD(update) {
    (void)arg;
    value more = call_builtin(r, find_global(LITERAL("dict")), NO_VALUE, raw);
    for (size_t i = 0; r->status == LNR_OK && i < more.dict->n; i++)
        dict_set(r, self.dict, more.dict->entry[i].key, more.dict->entry[i].val);
    return NONE_VALUE;
}

METHOD(dict_copy) {
    UNUSED;
    return call_builtin(r, find_global(LITERAL("dict")), NO_VALUE,
                        &(call_args){.arg = &self, .n = 1});
}

METHOD(dict_clear) {
    UNUSED;
    (void)r;
    *self.dict = (value_dict){0};
    return NONE_VALUE;
}

/* ---- cyclers */

METHOD(next) {
    UNUSED;
    (void)r;
    value v = self.list->item[self.list->at];
    self.list->at = (self.list->at + 1) % self.list->n;
    return v;
}

METHOD(reset) {
    UNUSED;
    (void)r;
    self.list->at = 0;
    return NONE_VALUE;
}

static const builtin list_methods[] = {
    {"append", "object", 1, method_append},
    {"extend", "iterable", 1, method_extend},
    {"insert", "index object", 2, method_insert},
    {"pop", "index", 0, method_list_pop},
    {"remove", "value", 1, method_remove},
    {"index", "value start end", 1, method_list_index},
    {"count", "value", 1, method_list_count},
    {"reverse", "", 0, method_list_reverse},
    {"sort", "key reverse", 0, method_list_sort},
    {"copy", "", 0, method_list_copy},
    {"clear", "", 0, method_list_clear},
};

static const builtin tuple_methods[] = {
    {"index", "value start end", 1, method_list_index},
    {"count", "value", 1, method_list_count},
};

static const builtin dict_methods[] = {
    {"items", "", 0, method_items},
    {"keys", "", 0, method_keys},
    {"values", "", 0, method_values},
    {"get", "key default", 1, method_get},
    {"pop", "key default", 1, method_dict_pop},
    {"setdefault", "key default", 1, method_setdefault},
    {"update", "*", 0, method_update},
    {"copy", "", 0, method_dict_copy},
    {"clear", "", 0, method_dict_clear},
    {"popitem", "*", 0, NULL},
    {"fromkeys", "*", 0, NULL},
};

static const builtin cycler_methods[] = {
    {"next", "", 0, method_next},
    {"reset", "", 0, method_reset},
};

const builtin *find_method(value self, lnr_str name) {
    switch (self.kind) {
    case VALUE_STRING:
        return find_text_method(name);
    case VALUE_LIST:
        return FIND_IN(list_methods, name);
    case VALUE_TUPLE:
        return FIND_IN(tuple_methods, name);
    case VALUE_DICT:
        return FIND_IN(dict_methods, name);
    case VALUE_LOOP:
        return find_loop_method(name);
    case VALUE_CYCLER:
        return FIND_IN(cycler_methods, name);
    default:
        return NULL;
    }
}
