/* `lanner tokenize`: the token ids of a text, as the model file defines them. Loads no weights. The
 * text is taken byte for byte: a pipe's last newline is part of it. */
#include "app/format.h"
#include "app/input.h"
#include "app/json.h"
#include "cli/cli.h"
#include "os/os.h"

#include <lanner/tokenizer.h>

#include <inttypes.h>

typedef struct tokenize_options {
    bool special, json;
} tokenize_options;

static const app_option options[] = {
    {.name = "special",
     .kind = APP_SWITCH,
     .offset = offsetof(tokenize_options, special),
     .help = "add no tokens at the start or end, and take control tokens written in the text as "
             "plain text"},
    {.name = "json",
     .kind = APP_FLAG,
     .offset = offsetof(tokenize_options, json),
     .help = "print {\"tokens\":[...]}"},
};

static const app_command table = {
    .name = "tokenize",
    .arguments = "MODEL [TEXT|-]",
    .n_arguments_min = 1,
    .n_arguments_max = 2,
    .summary = "show the token ids of a text",
    .details =
        "Shows the token ids of TEXT, one a line, each with what it stands for. With '-', or "
        "without TEXT when standard input is no terminal, the text is standard input exactly "
        "as it is, its last newline included. Needs only the file's vocabulary.\n",
    .option = options,
    .n_options = sizeof options / sizeof options[0],
};

/* What one token stands for: its text, or, if that is no whole character, the form the file stores.
 */
static lnr_status add_token_text(const lnr_tokenizer *t, int32_t id, lnr_buf *out) {
    lnr_detokenizer *d = lnr_detokenizer_create(t, true, false);
    const char *text, *rest;
    size_t n, n_rest;
    if (d == NULL)
        return LNR_E_NOMEM;
    lnr_status st = lnr_detokenizer_add(d, id, &text, &n);
    if (st == LNR_OK)
        app_add_printable(out, (lnr_str){text, n}, SIZE_MAX);
    if (st == LNR_OK && n == 0 && (st = lnr_detokenizer_end(d, &rest, &n_rest)) == LNR_OK &&
        n_rest > 0) {
        text = lnr_tokenizer_token_text(t, id, &n);
        app_add_printable(out, (lnr_str){text, n}, SIZE_MAX);
    }
    lnr_detokenizer_destroy(d);
    return st;
}

static lnr_status add_lines(const lnr_tokenizer *t, const int32_t *ids, size_t n, lnr_buf *out,
                            lnr_error *err) {
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%7" PRId32 "  \"", ids[i]);
        if (add_token_text(t, ids[i], out))
            return LNR_FAIL(err, LNR_E_NOMEM, "no memory to show the tokens");
        buf_add_str(out, "\"\n");
    }
    return LNR_OK;
}

static void add_json(const int32_t *ids, size_t n, lnr_buf *out) {
    app_json j;
    app_json_init(&j);
    app_json_object(&j, NULL);
    app_json_array(&j, "tokens");
    for (size_t i = 0; i < n; i++)
        app_json_int(&j, NULL, ids[i]);
    app_json_end(&j);
    app_json_end(&j);
    *out = j.text;
    buf_add_char(out, '\n');
}

static lnr_status tokenize(const char *model, const tokenize_options *o, lnr_str text, lnr_buf *out,
                           lnr_error *err) {
    lnr_tokenizer *t;
    int32_t *ids = NULL;
    size_t n = 0;
    unsigned flags = o->special ? LNR_TOKENIZE_ADD_SPECIAL | LNR_TOKENIZE_PARSE_SPECIAL : 0;
    LNR_TRY(lnr_tokenizer_open(model, &t, err));
    lnr_status st = lnr_tokenize(t, text.p, text.n, flags, &ids, &n, err);
    if (st == LNR_OK && o->json)
        add_json(ids, n, out);
    else if (st == LNR_OK)
        st = add_lines(t, ids, n, out, err);
    lnr_tokens_free(ids);
    lnr_tokenizer_close(t);
    return st;
}

/* The text of the command line or of standard input; input holds the latter. */
static lnr_status get_text(const app_parsed *parsed, lnr_buf *input, lnr_str *text,
                           lnr_error *err) {
    const char *word = parsed->n_arguments > 1 ? parsed->argument[1] : "-";
    if (strcmp(word, "-") != 0) {
        *text = lnr_str_from(word);
        return LNR_OK;
    }
    if (parsed->n_arguments == 1 && os_is_terminal(0))
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "no text: give it after MODEL, or '-' to read standard input");
    LNR_TRY(app_input_read("-", input, err));
    *text = (lnr_str){input->n ? input->p : "", input->n};
    return LNR_OK;
}

static int tokenize_main(int n_words, char **words) {
    tokenize_options o = {.special = true};
    app_parsed parsed;
    lnr_error err;
    lnr_str text = {0};
    lnr_buf input, out;
    int code;
    if (!cli_parse(&table, n_words, words, &o, &parsed, &code))
        return code;
    buf_init(&input);
    buf_init(&out);
    if (get_text(&parsed, &input, &text, &err) ||
        tokenize(parsed.argument[0], &o, text, &out, &err))
        code = cli_fail(&err);
    else
        code = cli_write_buf(&out);
    buf_deinit(&out);
    buf_deinit(&input);
    return code;
}

const cli_command cli_tokenize = {&table, tokenize_main};
