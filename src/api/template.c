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

static lnr_status create_from_file(const gguf_file *f, lnr_template **out, lnr_error *err) {
    static const char key[] = "tokenizer.chat_template";
    lnr_str source = {0};
    LNR_TRY(gguf_get_str(f, key, &source, err));
    if (source.p == NULL)
        return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                        "key '%s' is missing: the file has no chat template", key);
    tokenizer *t;
    LNR_TRY(tokenizer_create(f, &t, err));
    lnr_status st = create(source, t, out, err);
    tokenizer_destroy(t);
    return st;
}

lnr_status lnr_template_open(const char *path, lnr_template **out, lnr_error *err) {
    *out = NULL;
    gguf_file *f = NULL;
    lnr_status st = gguf_open(path, &f, err);
    if (st == LNR_OK)
        st = create_from_file(f, out, err);
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
