/* `lanner render`: what a chat template makes of messages, byte for byte what a model would be
 * given. MODEL's own template, or a template in a file of its own. */
#include "app/input.h"
#include "cli/cli.h"
#include "os/os.h"

#include <lanner/template.h>

typedef struct render_options {
    const char *template_name;
} render_options;

static const app_option options[] = {
    {.name = "template",
     .kind = APP_STRING,
     .offset = offsetof(render_options, template_name),
     .value = "NAME",
     .help = "which one, of a MODEL with several: its key is tokenizer.chat_template.NAME"},
};

static const app_command table = {
    .name = "render",
    .arguments = "MODEL|TEMPLATE MESSAGES.json",
    .n_arguments_min = 2,
    .n_arguments_max = 2,
    .summary = "show the prompt that a chat template makes of messages",
    .details =
        "Renders messages with the chat template of MODEL, a GGUF file, or with TEMPLATE, a file "
        "that holds the Jinja template itself, and prints the prompt, exactly and without a "
        "newline "
        "behind it. MESSAGES.json ('-': standard input) is a list of messages, or an object with "
        "messages, tools and what else the template asks for. add_generation_prompt is true unless "
        "the object says otherwise; bos_token and eos_token are those of MODEL.\n",
    .option = options,
    .n_options = sizeof options / sizeof options[0],
};

/* GGUF files begin with these bytes; a template that did would be a text that begins with GGUF. */
static bool is_gguf(lnr_str head) {
    return lnr_str_starts(head, "GGUF");
}

static lnr_status open_template(const char *path, const char *name, lnr_template **out,
                                lnr_error *err) {
    char head[4];
    *out = NULL;
    os_file *f;
    LNR_TRY(os_file_open(path, &f, err));
    bool gguf = os_file_size(f) >= sizeof head &&
                os_file_read_at(f, 0, head, sizeof head, err) == LNR_OK &&
                is_gguf((lnr_str){head, sizeof head});
    os_file_close(f);
    if (gguf)
        return lnr_template_open(path, name, out, err);
    if (name)
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "option '--template' chooses among those of a model file, and %s%s is none",
                        LNR_PATH(path));
    lnr_buf source;
    buf_init(&source);
    lnr_status st = app_input_read(path, &source, err);
    if (st == LNR_OK)
        st = lnr_template_compile(source.p ? source.p : "", source.n, out, err);
    buf_deinit(&source);
    return st;
}

/* file: the model or template, and the messages. */
static lnr_status render(const char *const file[2], const char *name, char **text, size_t *n_text,
                         lnr_error *err) {
    lnr_template *t;
    lnr_buf json;
    LNR_TRY(open_template(file[0], name, &t, err));
    buf_init(&json);
    lnr_status st = app_input_read(file[1], &json, err);
    if (st == LNR_OK)
        st = lnr_template_render(t, json.p ? json.p : "", json.n, text, n_text, err);
    buf_deinit(&json);
    lnr_template_destroy(t);
    return st;
}

static int render_main(int n_words, char **words) {
    app_parsed parsed;
    lnr_error err;
    render_options o = {0};
    char *text = NULL;
    size_t n_text = 0;
    int code;
    if (!cli_parse(&table, n_words, words, &o, &parsed, &code))
        return code;
    if (render(parsed.argument, o.template_name, &text, &n_text, &err)) {
        (void)cli_fail(&err);
        return CLI_FAILURE; /* a template that refuses messages is no mistake in usage */
    }
    code = cli_write(text, n_text);
    lnr_text_free(text);
    return code;
}

const cli_command cli_render = {&table, render_main};
