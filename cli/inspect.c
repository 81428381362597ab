/* `lanner inspect`: what a GGUF file says about itself, from its header alone. Every string in it
 * may be hostile: in the text form nothing unprintable gets through, the JSON form is always valid.
 * Does not say whether lanner can run the model; `lanner run` does. */
#include "app/format.h"
#include "app/json.h"
#include "base/checked.h"
#include "cli/cli.h"

#include <lanner/model.h>

#include <inttypes.h>
#include <stdio.h>

#define TYPES_MAX       64 /* more than GGUF has */
#define TEXT_SHOWN      72 /* bytes of a string that the text form shows */
#define TEXT_ITEMS      6  /* items of an array that it shows */
#define JSON_ITEMS_MAX  32 /* longer arrays are shortened */
#define JSON_ITEMS_KEPT 8
#define KEY_COLUMNS     42

typedef struct inspect_options {
    bool tensors, json;
} inspect_options;

static const app_option options[] = {
    {.name = "tensors",
     .kind = APP_FLAG,
     .offset = offsetof(inspect_options, tensors),
     .help = "list the tensors too: name, type, shape, bytes, offset"},
    {.name = "json",
     .kind = APP_FLAG,
     .offset = offsetof(inspect_options, json),
     .help = "print one JSON object; arrays of more than 32 items become "
             "{\"items\": count, \"first\": [8 items]}"},
};

static const app_command table = {
    .name = "inspect",
    .arguments = "MODEL",
    .n_arguments_min = 1,
    .n_arguments_max = 1,
    .summary = "show what a model file contains",
    .details =
        "Shows what a GGUF file contains: a summary and all metadata, long values shortened. "
        "Reads only the header; files without weights are fine.\n",
    .option = options,
    .n_options = sizeof options / sizeof options[0],
};

typedef struct type_share {
    const char *type;
    uint64_t bytes;
} type_share;

/* The figures of the summary. Strings are borrowed from the file; p is NULL for what it does not
 * say. */
typedef struct summary {
    lnr_str architecture, name, tokenizer, splitter;
    bool has_context, has_layers, has_vocabulary;
    uint64_t context, layers, vocabulary;
    uint64_t n_parameters, weight_bytes; /* UINT64_MAX if the sum does not fit */
    type_share share[TYPES_MAX];         /* largest first */
    size_t n_shares;
} summary;

static bool find_value(const lnr_file *f, lnr_str key, lnr_metadata *m) {
    size_t n = lnr_file_n_metadata(f);
    for (size_t i = 0; i < n; i++) {
        lnr_file_metadata(f, i, m);
        if (lnr_str_equal((lnr_str){m->key, m->n_key}, key))
            return true;
    }
    return false;
}

static lnr_str find_string(const lnr_file *f, const char *key) {
    lnr_metadata m;
    if (find_value(f, lnr_str_from(key), &m) && m.kind == LNR_VALUE_STRING)
        return (lnr_str){m.value.s.p, m.value.s.n};
    return (lnr_str){0};
}

/* The number at "<architecture>.<name>". */
static bool find_count(const lnr_file *f, lnr_str architecture, const char *name, uint64_t *out) {
    lnr_metadata m;
    lnr_buf key;
    buf_init(&key);
    buf_add(&key, architecture.p, architecture.n);
    buf_printf(&key, ".%s", name);
    bool found = !buf_failed(&key) && find_value(f, (lnr_str){key.p, key.n}, &m);
    buf_deinit(&key);
    if (!found || (m.kind != LNR_VALUE_UINT && (m.kind != LNR_VALUE_INT || m.value.i < 0)))
        return false;
    *out = m.kind == LNR_VALUE_UINT ? m.value.u : (uint64_t)m.value.i;
    return true;
}

static void add_saturating(uint64_t *sum, uint64_t value) {
    if (!lnr_add_u64(*sum, value, sum))
        *sum = UINT64_MAX;
}

static void count_tensor(summary *s, const lnr_tensor_info *t) {
    uint64_t n = 1;
    for (uint32_t d = 0; d < t->n_dims; d++)
        if (!lnr_mul_u64(n, t->dim[d], &n))
            n = UINT64_MAX;
    add_saturating(&s->n_parameters, n);
    add_saturating(&s->weight_bytes, t->bytes);
    size_t i = 0;
    while (i < s->n_shares && strcmp(s->share[i].type, t->type) != 0)
        i++;
    if (i == TYPES_MAX)
        return;
    if (i == s->n_shares)
        s->share[s->n_shares++] = (type_share){.type = t->type};
    add_saturating(&s->share[i].bytes, t->bytes);
    for (; i > 0 && s->share[i].bytes > s->share[i - 1].bytes; i--) {
        type_share smaller = s->share[i - 1];
        s->share[i - 1] = s->share[i];
        s->share[i] = smaller;
    }
}

static void summarise(const lnr_file *f, summary *s) {
    lnr_metadata tokens;
    *s = (summary){0};
    s->architecture = find_string(f, "general.architecture");
    s->name = find_string(f, "general.name");
    s->tokenizer = find_string(f, "tokenizer.ggml.model");
    s->splitter = find_string(f, "tokenizer.ggml.pre");
    s->has_context = find_count(f, s->architecture, "context_length", &s->context);
    s->has_layers = find_count(f, s->architecture, "block_count", &s->layers);
    s->has_vocabulary = find_value(f, lnr_str_from("tokenizer.ggml.tokens"), &tokens) &&
                        tokens.kind == LNR_VALUE_ARRAY;
    s->vocabulary = s->has_vocabulary ? tokens.value.array.n : 0;
    size_t n = lnr_file_n_tensors(f);
    for (size_t i = 0; i < n; i++) {
        lnr_tensor_info t;
        lnr_file_tensor(f, i, &t);
        count_tensor(s, &t);
    }
}

/* ---- text
 * ---------------------------------------------------------------------------------------- */

static void add_quoted(lnr_buf *out, lnr_str s) {
    buf_add_char(out, '"');
    bool whole = app_add_printable(out, s, TEXT_SHOWN);
    buf_add_char(out, '"');
    if (!whole)
        buf_printf(out, "... (%zu bytes)", s.n);
}

static bool is_single(const lnr_metadata *m) {
    return strcmp(m->type_name, "f32") == 0;
}

static void add_value(lnr_buf *out, const lnr_metadata *m) {
    char number[APP_NUMBER_MAX];
    switch (m->kind) {
    case LNR_VALUE_INT:
        buf_printf(out, "%" PRId64, m->value.i);
        break;
    case LNR_VALUE_UINT:
        buf_printf(out, "%" PRIu64, m->value.u);
        break;
    case LNR_VALUE_FLOAT:
        if (is_single(m))
            app_format_float((float)m->value.f, number);
        else
            app_format_double(m->value.f, number);
        buf_add_str(out, number);
        break;
    case LNR_VALUE_BOOL:
        buf_add_str(out, m->value.b ? "true" : "false");
        break;
    case LNR_VALUE_STRING:
        add_quoted(out, (lnr_str){m->value.s.p, m->value.s.n});
        break;
    case LNR_VALUE_ARRAY:
        buf_printf(out, "%" PRIu64 " x %s", m->value.array.n, m->value.array.item_type);
        break;
    }
}

static void add_metadata(lnr_buf *out, const lnr_file *f, size_t idx) {
    lnr_metadata m, item;
    lnr_file_metadata(f, idx, &m);
    size_t start = out->n;
    buf_add_str(out, "  ");
    app_add_printable(out, (lnr_str){m.key, m.n_key}, SIZE_MAX);
    do
        buf_add_char(out, ' ');
    while (!buf_failed(out) && out->n - start < KEY_COLUMNS);
    add_value(out, &m);
    if (m.kind == LNR_VALUE_ARRAY) {
        uint64_t n = m.value.array.n;
        for (uint64_t i = 0; i < n && i < TEXT_ITEMS; i++) {
            lnr_file_array_item(f, idx, i, &item);
            buf_add_str(out, i == 0 ? ": " : ", ");
            add_value(out, &item);
        }
        buf_add_str(out, n > TEXT_ITEMS ? ", ..." : "");
    }
    buf_add_char(out, '\n');
}

static void add_label(lnr_buf *out, const char *label) {
    buf_printf(out, "%-12s  ", label);
}

static void add_text_line(lnr_buf *out, const char *label, lnr_str value) {
    if (value.p == NULL)
        return;
    add_label(out, label);
    if (!app_add_printable(out, value, TEXT_SHOWN))
        buf_printf(out, "... (%zu bytes)", value.n);
    buf_add_char(out, '\n');
}

static void add_count_line(lnr_buf *out, const char *label, bool known, uint64_t value) {
    if (!known)
        return;
    add_label(out, label);
    app_add_grouped(out, value);
    buf_add_char(out, '\n');
}

static void add_types_line(lnr_buf *out, const summary *s) {
    add_label(out, "types");
    for (size_t i = 0; i < s->n_shares; i++) {
        const type_share *share = &s->share[i];
        buf_printf(out, "%s%s %.1f %% (", i == 0 ? "" : ", ", share->type,
                   100 * (double)share->bytes / (double)s->weight_bytes);
        app_add_size(out, share->bytes);
        buf_add_char(out, ')');
    }
    buf_add_char(out, '\n');
}

static void add_summary(lnr_buf *out, const lnr_file *f, const summary *s) {
    size_t n_tensors = lnr_file_n_tensors(f);
    uint32_t n_parts = lnr_file_parts(f);
    add_label(out, "format");
    buf_printf(out, "GGUF version %" PRIu32 ", ", lnr_file_version(f));
    app_add_size(out, lnr_file_bytes(f));
    if (n_parts > 1)
        buf_printf(out, " in %" PRIu32 " files", n_parts);
    buf_add_char(out, '\n');
    add_text_line(out, "architecture", s->architecture);
    add_text_line(out, "name", s->name);
    add_count_line(out, "parameters", n_tensors > 0, s->n_parameters);
    add_count_line(out, "tensors", true, n_tensors);
    if (s->weight_bytes > 0)
        add_types_line(out, s);
    add_count_line(out, "context", s->has_context, s->context);
    add_count_line(out, "layers", s->has_layers, s->layers);
    add_count_line(out, "vocabulary", s->has_vocabulary, s->vocabulary);
    add_text_line(out, "tokenizer", s->tokenizer);
    add_text_line(out, "splitter", s->splitter);
}

static void add_tensor_lines(lnr_buf *out, const lnr_file *f) {
    size_t n = lnr_file_n_tensors(f);
    buf_printf(out, "\ntensors (%zu):\n  %-10s %24s %14s %14s  name\n", n, "type", "shape", "bytes",
               "offset");
    for (size_t i = 0; i < n; i++) {
        lnr_tensor_info t;
        char shape[4 * 24] = "";
        int at = 0;
        lnr_file_tensor(f, i, &t);
        for (uint32_t d = 0; d < t.n_dims; d++)
            at += snprintf(shape + at, sizeof shape - (size_t)at, "%s%" PRIu64, d == 0 ? "" : " x ",
                           t.dim[d]);
        buf_printf(out, "  %-10s %24s %14" PRIu64 " %14" PRIu64 "  ", t.type, shape, t.bytes,
                   t.offset);
        app_add_printable(out, lnr_str_from(t.name), SIZE_MAX);
        buf_add_char(out, '\n');
    }
}

static void add_text(lnr_buf *out, const lnr_file *f, bool tensors) {
    summary s;
    size_t n = lnr_file_n_metadata(f);
    summarise(f, &s);
    add_summary(out, f, &s);
    buf_printf(out, "\nmetadata (%zu):\n", n);
    for (size_t i = 0; i < n; i++)
        add_metadata(out, f, i);
    if (tensors)
        add_tensor_lines(out, f);
}

/* ---- JSON
 * ---------------------------------------------------------------------------------------- */

/* A value whose name, if it has one, is written. */
static void json_value(app_json *j, const lnr_metadata *m) {
    switch (m->kind) {
    case LNR_VALUE_INT:
        app_json_int(j, NULL, m->value.i);
        break;
    case LNR_VALUE_UINT:
        app_json_uint(j, NULL, m->value.u);
        break;
    case LNR_VALUE_FLOAT:
        if (is_single(m))
            app_json_float(j, NULL, (float)m->value.f);
        else
            app_json_double(j, NULL, m->value.f);
        break;
    case LNR_VALUE_BOOL:
        app_json_bool(j, NULL, m->value.b);
        break;
    case LNR_VALUE_STRING:
        app_json_str(j, NULL, (lnr_str){m->value.s.p, m->value.s.n});
        break;
    case LNR_VALUE_ARRAY: /* inside another array: its items cannot be had */
        app_json_object(j, NULL);
        app_json_uint(j, "items", m->value.array.n);
        app_json_end(j);
        break;
    }
}

static void json_items(app_json *j, const lnr_file *f, size_t idx, uint64_t n) {
    lnr_metadata item;
    for (uint64_t i = 0; i < n; i++) {
        lnr_file_array_item(f, idx, i, &item);
        json_value(j, &item);
    }
    app_json_end(j);
}

static void json_metadata(app_json *j, const lnr_file *f, size_t idx) {
    lnr_metadata m;
    lnr_file_metadata(f, idx, &m);
    app_json_name(j, (lnr_str){m.key, m.n_key});
    if (m.kind != LNR_VALUE_ARRAY) {
        json_value(j, &m);
    } else if (m.value.array.n <= JSON_ITEMS_MAX) {
        app_json_array(j, NULL);
        json_items(j, f, idx, m.value.array.n);
    } else {
        app_json_object(j, NULL);
        app_json_uint(j, "items", m.value.array.n);
        app_json_array(j, "first");
        json_items(j, f, idx, JSON_ITEMS_KEPT);
        app_json_end(j);
    }
}

static void json_string(app_json *j, const char *name, lnr_str value) {
    if (value.p)
        app_json_str(j, name, value);
    else
        app_json_null(j, name);
}

static void json_count(app_json *j, const char *name, bool known, uint64_t value) {
    if (known)
        app_json_uint(j, name, value);
    else
        app_json_null(j, name);
}

static void json_tensors(app_json *j, const lnr_file *f) {
    size_t n = lnr_file_n_tensors(f);
    app_json_array(j, "tensors");
    for (size_t i = 0; i < n; i++) {
        lnr_tensor_info t;
        lnr_file_tensor(f, i, &t);
        app_json_object(j, NULL);
        app_json_cstr(j, "name", t.name);
        app_json_cstr(j, "type", t.type);
        app_json_array(j, "shape");
        for (uint32_t d = 0; d < t.n_dims; d++)
            app_json_uint(j, NULL, t.dim[d]);
        app_json_end(j);
        app_json_uint(j, "bytes", t.bytes);
        app_json_uint(j, "offset", t.offset);
        app_json_uint(j, "part", t.part);
        app_json_end(j);
    }
    app_json_end(j);
}

static void json_summary(app_json *j, const lnr_file *f) {
    summary s;
    summarise(f, &s);
    json_string(j, "architecture", s.architecture);
    json_string(j, "name", s.name);
    app_json_uint(j, "version", lnr_file_version(f));
    app_json_uint(j, "parts", lnr_file_parts(f));
    app_json_uint(j, "file_bytes", lnr_file_bytes(f));
    app_json_uint(j, "parameters", s.n_parameters);
    app_json_uint(j, "n_tensors", lnr_file_n_tensors(f));
    json_count(j, "context", s.has_context, s.context);
    json_count(j, "layers", s.has_layers, s.layers);
    json_count(j, "vocabulary", s.has_vocabulary, s.vocabulary);
    json_string(j, "tokenizer", s.tokenizer);
    json_string(j, "splitter", s.splitter);
    app_json_object(j, "bytes_by_type");
    for (size_t i = 0; i < s.n_shares; i++)
        app_json_uint(j, s.share[i].type, s.share[i].bytes);
    app_json_end(j);
}

static void add_json(lnr_buf *out, const lnr_file *f, const char *path, bool tensors) {
    app_json j;
    size_t n = lnr_file_n_metadata(f);
    app_json_init(&j);
    app_json_object(&j, NULL);
    app_json_cstr(&j, "path", path);
    json_summary(&j, f);
    app_json_object(&j, "metadata");
    for (size_t i = 0; i < n; i++)
        json_metadata(&j, f, i);
    app_json_end(&j);
    if (tensors)
        json_tensors(&j, f);
    app_json_end(&j);
    *out = j.text;
    buf_add_char(out, '\n');
}

static int inspect_main(int n_words, char **words) {
    inspect_options o = {0};
    app_parsed parsed;
    lnr_error err;
    lnr_file *f;
    int code;
    if (!cli_parse(&table, n_words, words, &o, &parsed, &code))
        return code;
    const char *path = parsed.argument[0];
    if (lnr_file_open(path, &f, &err))
        return cli_fail(&err);
    lnr_buf out;
    buf_init(&out);
    if (o.json)
        add_json(&out, f, path, o.tensors);
    else
        add_text(&out, f, o.tensors);
    lnr_file_close(f);
    code = cli_write_buf(&out);
    buf_deinit(&out);
    return code;
}

const cli_command cli_inspect = {&table, inspect_main};
