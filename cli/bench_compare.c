/* `lanner bench --compare A.json B.json`: which of two results is faster, row by row, or that the
 * samples do not say. */
#include "app/format.h"
#include "app/input.h"
#include "cli/bench.h"
#include "cli/cli.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

typedef struct samples {
    double value[LNR_SAMPLES_MAX];
    size_t n;
} samples;

/* A row of a result file, borrowed from its JSON. */
typedef struct result {
    const char *model, *test, *set;
    json_int_t threads, streams;
    samples samples;
} result;

typedef struct totals {
    size_t n_faster, n_slower, n_same, n_undecided, n_unmatched;
} totals;

static lnr_status load(const char *path, json_t **out, lnr_error *err) {
    lnr_buf text;
    json_error_t why;
    *out = NULL;
    buf_init(&text);
    lnr_status st = app_input_read(path, &text, err);
    if (st == LNR_OK) {
        *out = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &why);
        if (*out == NULL)
            st = LNR_FAIL(err, LNR_E_FORMAT, "%s: line %d: %s", path, why.line, why.text);
        else if (!json_is_array(json_object_get(*out, "results")))
            st = LNR_FAIL(err, LNR_E_FORMAT, "%s: no \"results\": not from lanner bench --json",
                          path);
    }
    buf_deinit(&text);
    return st;
}

static bool read_result(const json_t *row, result *out) {
    const json_t *list = json_object_get(row, "samples"),
                 *threads = json_object_get(row, "threads");
    *out = (result){.model = json_string_value(json_object_get(row, "model")),
                    .test = json_string_value(json_object_get(row, "test")),
                    .set = json_string_value(json_object_get(row, "set")),
                    .threads = json_integer_value(threads),
                    .streams = json_integer_value(json_object_get(row, "streams"))};
    out->samples.n = json_array_size(list);
    if (out->set == NULL)
        out->set = "";
    if (!out->model || !out->test || out->samples.n == 0 || out->samples.n > LNR_SAMPLES_MAX)
        return false;
    for (size_t i = 0; i < out->samples.n; i++) {
        out->samples.value[i] = json_number_value(json_array_get(list, i));
        if (!(out->samples.value[i] > 0))
            return false;
    }
    return true;
}

static bool same_row(const result *a, const result *b) {
    return strcmp(a->model, b->model) == 0 && strcmp(a->test, b->test) == 0 &&
           strcmp(a->set, b->set) == 0 && a->threads == b->threads && a->streams == b->streams;
}

static lnr_status find(const json_t *file, const char *path, const result *want, result *out,
                       bool *found, lnr_error *err) {
    const json_t *rows = json_object_get(file, "results");
    *found = false;
    for (size_t i = 0; !*found && i < json_array_size(rows); i++) {
        if (!read_result(json_array_get(rows, i), out))
            return LNR_FAIL(err, LNR_E_FORMAT, "%s: result %zu lacks a name or samples above 0",
                            path, i);
        *found = same_row(want, out);
    }
    return LNR_OK;
}

static const char *verdict(const lnr_estimate *e, totals *t) {
    if (e->coverage < 0.95) {
        t->n_undecided++;
        return "too few samples";
    }
    if (e->low > 1) {
        t->n_faster++;
        return "faster";
    }
    if (e->high < 1) {
        t->n_slower++;
        return "slower";
    }
    t->n_same++;
    return "no difference";
}

static void add_text(lnr_buf *out, const result *r, const lnr_estimate *e, const char *says) {
    buf_printf(out,
               "%-15s %.3f (%.3f to %.3f)  %s, %" JSON_INTEGER_FORMAT
               " threads, %" JSON_INTEGER_FORMAT " streams, ",
               says, e->value, e->low, e->high, r->test, r->threads, r->streams);
    app_add_printable(out, lnr_str_from(r->model), 200);
    if (r->set[0]) {
        buf_add_str(out, ", ");
        app_add_printable(out, lnr_str_from(r->set), 200);
    }
    buf_add_char(out, '\n');
}

static void add_json(app_json *j, const result *r, const lnr_estimate *e, const char *says) {
    app_json_object(j, NULL);
    app_json_cstr(j, "model", r->model);
    app_json_cstr(j, "test", r->test);
    app_json_cstr(j, "set", r->set);
    app_json_int(j, "threads", r->threads);
    app_json_int(j, "streams", r->streams);
    app_json_double(j, "ratio", e->value);
    app_json_double(j, "low", e->low);
    app_json_double(j, "high", e->high);
    app_json_double(j, "coverage", e->coverage);
    app_json_cstr(j, "verdict", says);
    app_json_end(j);
}

typedef struct comparison {
    const char *path_a, *path_b;
    json_t *a, *b; /* owned */
    app_json j;    /* owned, as text */
    lnr_buf text;
    totals totals;
} comparison;

static lnr_status compare_rows(comparison *c, lnr_error *err) {
    const json_t *rows = json_object_get(c->a, "results");
    app_json_array(&c->j, NULL);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        result a, b;
        bool found;
        lnr_estimate e;
        if (!read_result(json_array_get(rows, i), &a))
            return LNR_FAIL(err, LNR_E_FORMAT, "%s: result %zu lacks a name or samples above 0",
                            c->path_a, i);
        LNR_TRY(find(c->b, c->path_b, &a, &b, &found, err));
        if (!found) {
            c->totals.n_unmatched++;
            continue;
        }
        LNR_TRY(
            lnr_stat_ratio(a.samples.value, a.samples.n, b.samples.value, b.samples.n, &e, err));
        const char *says = verdict(&e, &c->totals);
        add_text(&c->text, &a, &e, says);
        add_json(&c->j, &a, &e, says);
    }
    app_json_end(&c->j);
    buf_add_char(&c->j.text, '\n');
    const totals *t = &c->totals;
    buf_printf(&c->text,
               "B beside A: %zu faster, %zu slower, %zu no difference, %zu too few samples; "
               "%zu only in A\n",
               t->n_faster, t->n_slower, t->n_same, t->n_undecided, t->n_unmatched);
    if (t->n_faster + t->n_slower + t->n_same + t->n_undecided == 0)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "the two files have no row in common");
    return LNR_OK;
}

int bench_compare(const char *path_a, const char *path_b, bool json) {
    comparison c = {.path_a = path_a, .path_b = path_b};
    lnr_error err;
    buf_init(&c.text);
    app_json_init(&c.j);
    lnr_status st = load(path_a, &c.a, &err);
    if (st == LNR_OK)
        st = load(path_b, &c.b, &err);
    if (st == LNR_OK)
        st = compare_rows(&c, &err);
    int code = st ? cli_fail(&err) : cli_write_buf(json ? &c.j.text : &c.text);
    json_decref(c.a);
    json_decref(c.b);
    app_json_deinit(&c.j);
    buf_deinit(&c.text);
    return code;
}
