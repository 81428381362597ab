/* include/lanner/template.h */
#include <lanner/template.h>

#include "base/alloc.h"
#include "model/model.h"
#include "text/template/template.h"

struct lnr_template {
    compiled_template *compiled; /* owned */
    lnr_buf defaults;            /* a JSON object: what the caller's variables need not say */
};

/* A token's text as a JSON string; what JSON cannot hold as it is, is escaped. */
static void add_json_string(lnr_buf *b, lnr_str s) {
    buf_add_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == '"' || c == '\\')
            buf_printf(b, "\\u%04x", c);
        else
            buf_add_char(b, s.p[i]);
    }
    buf_add_char(b, '"');
}

static void add_token(lnr_buf *b, const tokenizer *t, const char *name, int32_t id) {
    if (id == TOKEN_NONE)
        return;
    buf_printf(b, ", \"%s\": ", name);
    add_json_string(b, tokenizer_token_text(t, id));
}

static lnr_status create(lnr_str source, const tokenizer *t, lnr_template **out, lnr_error *err) {
    lnr_template *made = lnr_new(lnr_template);
    if (made == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for a template");
    buf_init(&made->defaults);
    buf_add_str(&made->defaults, "{\"add_generation_prompt\": true");
    if (t) {
        add_token(&made->defaults, t, "bos_token", tokenizer_bos(t));
        add_token(&made->defaults, t, "eos_token", tokenizer_eos(t));
    }
    buf_add_char(&made->defaults, '}');
    lnr_status st = template_compile(source, &made->compiled, err);
    if (st == LNR_OK && buf_failed(&made->defaults))
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for a template");
    if (st) {
        lnr_template_destroy(made);
        return st;
    }
    *out = made;
    return LNR_OK;
}

lnr_status lnr_template_compile(const char *source, size_t n_bytes, lnr_template **out,
                                lnr_error *err) {
    *out = NULL;
    return create((lnr_str){source, n_bytes}, NULL, out, err);
}

#define TEMPLATE_KEY "tokenizer.chat_template"

/* "'default', 'tool_use'": what the file's templates are called. */
static void list_names(const gguf_file *f, lnr_buf *out) {
    static const char prefix[] = TEMPLATE_KEY ".";
    if (gguf_find(f, TEMPLATE_KEY))
        buf_add_str(out, "'default'");
    for (size_t i = 0; i < gguf_n_values(f); i++) {
        lnr_str key = gguf_value_at(f, i)->key;
        if (!lnr_str_starts(key, prefix))
            continue;
        buf_add_str(out, out->n ? ", '" : "'");
        buf_add(out, key.p + sizeof prefix - 1, key.n - (sizeof prefix - 1));
        buf_add_char(out, '\'');
    }
}

static lnr_status no_such_name(const gguf_file *f, const char *name, lnr_error *err) {
    lnr_buf names;
    buf_init(&names);
    list_names(f, &names);
    const char *known = names.n ? buf_cstr(&names) : "none";
    lnr_status st = LNR_FAIL(err, LNR_E_ARGUMENT, "no chat template called '%.*s'; there are: %s",
                             LNR_STR(lnr_str_from(name)), known ? known : "?");
    buf_deinit(&names);
    return st;
}

static lnr_status find_source(const gguf_file *f, const char *name, lnr_str *source,
                              lnr_error *err) {
    if (name == NULL || strcmp(name, "default") == 0) {
        LNR_TRY(gguf_get_str(f, TEMPLATE_KEY, source, err));
        if (source->p == NULL && name == NULL)
            return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                            "key '" TEMPLATE_KEY "' is missing: the file has no chat template");
    } else {
        lnr_buf key;
        buf_init(&key);
        buf_printf(&key, TEMPLATE_KEY ".%s", name);
        const char *z = buf_cstr(&key);
        lnr_status st = z ? gguf_get_str(f, z, source, err)
                          : LNR_FAIL(err, LNR_E_NOMEM, "no memory for a template's name");
        buf_deinit(&key);
        LNR_TRY(st);
    }
    return source->p ? LNR_OK : no_such_name(f, name, err);
}

static lnr_status create_from_file(const gguf_file *f, const char *name, lnr_template **out,
                                   lnr_error *err) {
    lnr_str source = {0};
    LNR_TRY(find_source(f, name, &source, err));
    tokenizer *t;
    LNR_TRY(tokenizer_create(f, &t, err));
    lnr_status st = create(source, t, out, err);
    tokenizer_destroy(t);
    return st;
}

lnr_status lnr_template_open(const char *path, const char *name, lnr_template **out,
                             lnr_error *err) {
    *out = NULL;
    gguf_file *f = NULL;
    lnr_status st = gguf_open(path, &f, err);
    if (st == LNR_OK)
        st = create_from_file(f, name, out, err);
    gguf_close(f);
    return st ? model_error_with_path(err, st, path) : LNR_OK;
}

void lnr_template_destroy(lnr_template *t) {
    if (t == NULL)
        return;
    template_destroy(t->compiled);
    buf_deinit(&t->defaults);
    lnr_free(t);
}

lnr_status lnr_template_render(const lnr_template *t, const char *variables_json, size_t n_bytes,
                               char **text, size_t *n_text, lnr_error *err) {
    *text = NULL;
    *n_text = 0;
    template_clock clock;
    os_wall_clock(&clock.unix_seconds, &clock.utc_offset_seconds);
    lnr_buf out;
    buf_init(&out);
    lnr_status st =
        template_render_over(t->compiled, (lnr_str){t->defaults.p, t->defaults.n},
                             (lnr_str){variables_json, n_bytes}, &clock, NULL, &out, err);
    if (st == LNR_OK && buf_cstr(&out) == NULL)
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for the rendered text");
    if (st) {
        buf_deinit(&out);
        return st;
    }
    *text = out.p;
    *n_text = out.n;
    return LNR_OK;
}

void lnr_text_free(char *text) {
    lnr_free(text);
}
