/* Rendering; see run_prompt.h. What a model's template writes is taken exactly: control tokens in
 * it are such, and no start token is added to it. */
#include "cli/run_prompt.h"

static void write_token(app_json *j, const char *name, const lnr_tokenizer *t, int32_t id) {
    size_t n;
    if (id < 0)
        return;
    const char *text = lnr_tokenizer_token_text(t, id, &n);
    app_json_str(j, name, (lnr_str){text, n});
}

/* The template's text for the conversation. */
static lnr_status render(const run_model *m, const app_conversation *c, size_t n_left_out,
                         bool asks, lnr_buf *out, lnr_error *err) {
    const lnr_tokenizer *t = lnr_model_tokenizer(m->model);
    app_json j;
    char *text;
    size_t n;
    app_json_init(&j);
    app_json_object(&j, NULL);
    app_conversation_write(c, n_left_out, &j);
    app_json_bool(&j, "add_generation_prompt", asks);
    write_token(&j, "bos_token", t, lnr_tokenizer_bos(t));
    write_token(&j, "eos_token", t, lnr_tokenizer_eos(t));
    app_json_end(&j);
    lnr_status st = buf_failed(&j.text)
                        ? LNR_FAIL(err, LNR_E_NOMEM, "no memory for the prompt")
                        : lnr_template_render(m->chat, j.text.p, j.text.n, &text, &n, err);
    app_json_deinit(&j);
    LNR_TRY(st);
    buf_add(out, text, n);
    lnr_text_free(text);
    return buf_failed(out) ? LNR_FAIL(err, LNR_E_NOMEM, "no memory for the prompt") : LNR_OK;
}

static lnr_status make(const run_model *m, const app_conversation *c, size_t n_left_out, bool asks,
                       run_prompt *out, lnr_error *err) {
    unsigned flags = LNR_TOKENIZE_PARSE_SPECIAL | (m->add_start ? LNR_TOKENIZE_ADD_SPECIAL : 0);
    *out = (run_prompt){0};
    buf_init(&out->text);
    lnr_status st = render(m, c, n_left_out, asks, &out->text, err);
    if (st == LNR_OK)
        st = lnr_tokenize(lnr_model_tokenizer(m->model), out->text.n ? out->text.p : "",
                          out->text.n, flags, &out->ids, &out->n, err);
    if (st == LNR_OK && out->n == 0)
        st = LNR_FAIL(err, LNR_E_ARGUMENT, "the chat template makes an empty prompt of this");
    if (st)
        run_prompt_deinit(out);
    return st;
}

lnr_status run_prompt_render(const run_model *m, const app_conversation *c, size_t n_left_out,
                             run_prompt *out, lnr_error *err) {
    return make(m, c, n_left_out, true, out, err);
}

size_t run_prompt_system_tokens(const run_model *m, const app_conversation *c,
                                const run_prompt *whole) {
    run_prompt system;
    app_conversation only = {.message = c->message, .n = 1};
    if (!app_conversation_has_system(c) || make(m, &only, 0, false, &system, NULL))
        return 0;
    size_t n = 0;
    while (n < system.n && n < whole->n && system.ids[n] == whole->ids[n])
        n++;
    run_prompt_deinit(&system);
    return n;
}

void run_prompt_deinit(run_prompt *p) {
    buf_deinit(&p->text);
    lnr_tokens_free(p->ids);
    *p = (run_prompt){0};
}
