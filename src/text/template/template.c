/* Compiling and rendering: the whole of a template's life; see template.h. */
#include "text/template/template.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "text/template/call.h"
#include "text/template/json_in.h"
#include "text/template/parser.h"

#include <inttypes.h>

/* The source in the template's arena, as Jinja2 reads it: every line end is \n, and one at the very
 * end is dropped. LNR_E_FORMAT if it is not UTF-8. */
static lnr_status copy_source(compiled_template *t, lnr_str source, lnr_str *out, lnr_error *err) {
    uint32_t cp, line = 1;
    char *p = arena_alloc(&t->memory, source.n + 1, 1);
    size_t n = 0;
    if (p == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "template of %zu bytes", source.n);
    for (size_t i = 0, len; i < source.n; i += len) {
        len = lnr_utf8_decode(source.p + i, source.n - i, &cp);
        if (len == 0)
            return LNR_FAIL(err, LNR_E_FORMAT, "template line %" PRIu32 ": not UTF-8", line);
        if (cp == '\r') {
            len += i + 1 < source.n && source.p[i + 1] == '\n';
            p[n++] = '\n';
        } else {
            memcpy(p + n, source.p + i, len);
            n += len;
        }
        line += cp == '\n' || cp == '\r';
    }
    n -= n && p[n - 1] == '\n';
    *out = (lnr_str){p, n};
    return LNR_OK;
}

lnr_status template_compile(lnr_str source, compiled_template **out, lnr_error *err) {
    *out = NULL;
    if (source.n > TEMPLATE_SOURCE_MAX)
        return LNR_FAIL(err, LNR_E_LIMIT, "template: %zu bytes, at most %u are allowed", source.n,
                        TEMPLATE_SOURCE_MAX);
    compiled_template *t = lnr_new(compiled_template);
    if (t == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "template");
    arena_init(&t->memory);
    strmap_init(&t->names);
    lnr_str copy;
    lnr_status st = copy_source(t, source, &copy, err);
    if (st == LNR_OK) {
        parser p = {.t = t, .err = err};
        lexer_init(&p.lexer, copy);
        t->body = parse_template(&p);
        st = p.status;
    }
    if (st != LNR_OK) {
        template_destroy(t);
        return st;
    }
    *out = t;
    return LNR_OK;
}

void template_destroy(compiled_template *t) {
    if (t == NULL)
        return;
    strmap_deinit(&t->names);
    arena_deinit(&t->memory);
    lnr_free(t);
}

/* The variables as a dict: an object, or a bare list, which is the messages. */
static value_dict *read_variables(runtime *r, lnr_str json) {
    value v = json_read(r, json);
    if (v.kind == VALUE_DICT)
        return v.dict;
    value_dict *d = dict_create(r);
    if (v.kind == VALUE_LIST)
        dict_set(r, d, value_str(lnr_str_from("messages")), v);
    else
        runtime_fail(r, LNR_E_FORMAT,
                     "a template's variables are a JSON object or a list of messages, not %s",
                     value_type_name(v));
    return d;
}

static void add_missing(runtime *r, value_dict *d, lnr_str defaults) {
    value_dict *from = read_variables(r, defaults);
    for (size_t i = 0; r->status == LNR_OK && i < from->n; i++)
        if (dict_find(r, d, from->entry[i].key) == NULL)
            dict_set(r, d, from->entry[i].key, from->entry[i].val);
}

lnr_status template_render(const compiled_template *t, lnr_str variables,
                           const template_clock *clock, const template_limits *limits, lnr_buf *out,
                           lnr_error *err) {
    return template_render_over(t, lnr_str_from("{}"), variables, clock, limits, out, err);
}

lnr_status template_render_over(const compiled_template *t, lnr_str defaults, lnr_str variables,
                                const template_clock *clock, const template_limits *limits,
                                lnr_buf *out, lnr_error *err) {
    template_limits bound = limits ? *limits : TEMPLATE_LIMITS_DEFAULT;
    runtime r = {.out = out,
                 .out_start = out->n,
                 .err = err,
                 .clock = clock,
                 .compiled = t,
                 .steps_left = bound.steps,
                 .steps_max = bound.steps,
                 .memory_left = bound.memory_bytes,
                 .memory_max = bound.memory_bytes,
                 .out_max = bound.output_bytes};
    arena_init(&r.memory);
    value_dict *given = read_variables(&r, variables);
    add_missing(&r, given, defaults);
    if (r.status == LNR_OK) {
        r.variables = given;
        exec(&r, frame_open(&r, NULL), t->body);
    }
    arena_deinit(&r.memory);
    if (r.status != LNR_OK)
        out->n = r.out_start;
    return r.status;
}
