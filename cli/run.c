/* `lanner run`: its options, and the choice between one completion and a conversation. */
#include "cli/run.h"

#include "cli/cli.h"
#include "os/os.h"

#define MAX_TOKENS     256
#define UBATCH_MAX     4096
#define OPTION(member) .offset = offsetof(run_options, member)

static const char *const kv_types[] = {"F32", "F16", "Q8_0", NULL};
static const char *const isa_levels[] = {"scalar",     "avx2", "avxvnni", "avx512",
                                         "avx512vnni", "amx",  NULL};

static const app_option options[] = {
    {.name = "prompt",
     .letter = 'p',
     .kind = APP_STRING,
     OPTION(prompt),
     .value = "TEXT",
     .help = "the text to go on from, or the question, for a model with a chat template"},
    {.name = "file",
     .letter = 'f',
     .kind = APP_STRING,
     OPTION(file),
     .value = "FILE",
     .help =
         "read it from FILE, exactly as it is, its last newline included; '-' is standard input, "
         "also the default when that is no terminal"},
    {.name = "max-tokens",
     .letter = 'n',
     .kind = APP_U32,
     OPTION(max_tokens),
     .value = "N",
     .max = UINT32_MAX,
     .shown_default = "256; in a chat 0",
     .help = "generate at most N tokens; 0: until the context is full"},
    // clang-format off
    SAMPLING_OPTIONS(run_options, sampler, sampling)
    // clang-format on
    {.name = "ctx",
     .kind = APP_U32,
     OPTION(n_ctx),
     .value = "N",
     .min = 2,
     .max = UINT32_MAX,
     .range = "2 to what the model was trained with",
     .shown_default = "that, at most 4096",
     .help = "tokens that prompt and completion may take together"},
    CLI_THREADS_OPTION(OPTION(n_threads)),
    {.name = "ubatch",
     .kind = APP_U32,
     OPTION(n_ubatch),
     .value = "N",
     .min = 1,
     .max = UBATCH_MAX,
     .shown_default = "128",
     .help = "prompt tokens computed at once; the result does not depend on it"},
    {.name = "kv-type-k",
     .kind = APP_CHOICE,
     OPTION(kv_type_k),
     .value = "TYPE",
     .choices = kv_types,
     .shown_default = "F16",
     .help = "how keys are kept in the context: F32 is exact, Q8_0 takes half of F16"},
    {.name = "kv-type-v",
     .kind = APP_CHOICE,
     OPTION(kv_type_v),
     .value = "TYPE",
     .choices = kv_types,
     .shown_default = "F16",
     .help = "how values are kept"},
    {.name = "guesses",
     .kind = APP_U32,
     OPTION(n_guesses),
     .value = "N",
     .max = 64,
     .range = "0 to 64",
     .shown_default = "0",
     .help = "try up to N tokens ahead that the text so far suggests: faster where it repeats "
             "itself, never another result"},
    {.name = "no-pack",
     .kind = APP_FLAG,
     OPTION(no_pack),
     .help = "leave the weights in the file and read them whenever they are used: for machines "
             "short of memory, slower, the same result"},
    {.name = "isa",
     .kind = APP_CHOICE,
     OPTION(isa),
     .value = "LEVEL",
     .choices = isa_levels,
     .shown_default = "the highest of this machine",
     .help = "highest instruction set to use; the result does not depend on it"},
    {.name = "raw",
     .kind = APP_FLAG,
     OPTION(raw),
     .help = "complete the text as it stands, without the model's chat template"},
    {.name = "system",
     .kind = APP_STRING,
     OPTION(system),
     .value = "TEXT",
     .help = "the system message: what the model is told before all else"},
    {.name = "template",
     .kind = APP_STRING,
     OPTION(template_name),
     .value = "NAME",
     .help = "which chat template, of a model with several"},
    {.name = "chat-template",
     .kind = APP_STRING,
     OPTION(chat_template),
     .value = "FILE",
     .help = "a chat template instead of the model's: a Jinja file, or one of ours, 'chatml' or "
             "'plain'"},
    {.name = "context-shift",
     .kind = APP_FLAG,
     OPTION(context_shift),
     .help = "when the context is full go on without the oldest tokens (in a chat: the oldest "
             "questions with their answers), and say which were dropped"},
    {.name = "keep",
     .kind = APP_U32,
     OPTION(keep),
     .value = "N",
     .max = UINT32_MAX,
     .shown_default = "the system message, or the start token",
     .help = "never drop the first N tokens"},
    {.name = "echo",
     .kind = APP_FLAG,
     OPTION(echo),
     .help = "print the prompt too, first, as the model is given it"},
    {.name = "special",
     .kind = APP_SWITCH,
     OPTION(special),
     .help = "add no start token, and take control tokens written in the prompt as plain text"},
    {.name = "logits-hash",
     .kind = APP_FLAG,
     OPTION(logits_hash),
     .help = "tell a hash of all logits drawn from: equal hashes, equal computation"},
    {.name = "json",
     .kind = APP_FLAG,
     OPTION(json),
     .help = "print one JSON object with text, tokens, timings and what really ran"},
};

static const app_command table = {
    .name = "run",
    .arguments = "[MODEL]",
    .n_arguments_max = 1,
    .summary = "chat with a model, or complete a text",
    .details =
        "Without a prompt, on a terminal: a conversation with MODEL, a GGUF file, or with the "
        "small built-in model; /help there lists its commands.\n"
        "With a prompt: the answer to it, by the model's chat template, or, with --raw and for a "
        "model without a template, the text's completion. It goes to standard output, timings to "
        "standard error. Control tokens written in the prompt, such as <|im_start|>, are taken as "
        "such unless --no-special is given. Ctrl-C ends the completion, a second one the "
        "program.\n",
    .option = options,
    .n_options = sizeof options / sizeof options[0],
};

/* The first pair of options that does not go together. */
static lnr_status check_options(const run_options *o, lnr_error *err) {
    const struct {
        bool both;
        const char *a, *b;
    } pair[] = {
        {o->prompt && o->file, "--prompt", "--file"},
        {o->raw && o->system, "--raw", "--system"},
        {o->raw && o->template_name, "--raw", "--template"},
        {o->raw && o->chat_template, "--raw", "--chat-template"},
        {o->template_name && o->chat_template, "--template", "--chat-template"},
        {o->context_shift && o->logits_hash, "--context-shift", "--logits-hash"},
    };
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++)
        if (pair[i].both)
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "options '%s' and '%s' exclude each other: give one", pair[i].a,
                            pair[i].b);
    if (o->sampling.logprobs && !o->json)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "option '--logprobs' needs '--json'");
    if (o->keep_given && !o->context_shift)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "option '--keep' needs '--context-shift'");
    return LNR_OK;
}

/* What makes no sense in a conversation. */
static lnr_status check_chat_options(const run_options *o, lnr_error *err) {
    const struct {
        bool given;
        const char *name;
    } option[] = {
        {o->raw, "--raw"},   {o->echo, "--echo"},           {o->logits_hash, "--logits-hash"},
        {o->json, "--json"}, {!o->special, "--no-special"}, {o->keep_given, "--keep"},
    };
    if (!os_is_terminal(1) && !os_is_terminal(2))
        return LNR_FAIL(err, LNR_E_ARGUMENT,
                        "no prompt: give -p TEXT, -f FILE, or a text on standard input (a chat "
                        "needs a terminal to show itself on)");
    for (size_t i = 0; i < sizeof option / sizeof option[0]; i++)
        if (option[i].given)
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "no prompt, which option '%s' needs: give -p TEXT, -f FILE, or a text "
                            "on standard input",
                            option[i].name);
    return LNR_OK;
}

static int run_main(int n_words, char **words) {
    run_options o = {.max_tokens = MAX_TOKENS, .special = true};
    lnr_sampler_defaults(&o.sampler);
    app_parsed parsed;
    lnr_error err;
    int code;
    if (!cli_parse(&table, n_words, words, &o, &parsed, &code))
        return code;
    /* 53 bits: a number every JSON reader keeps. */
    if (!app_options_given(&table, &parsed, "seed"))
        o.sampler.seed = os_random() >> 11;
    o.keep_given = app_options_given(&table, &parsed, "keep");
    if (sampling_options_finish(&o.sampling, &o.sampler, &err) || check_options(&o, &err))
        return cli_fail(&err);
    const char *path = parsed.n_arguments > 0 ? parsed.argument[0] : NULL;
    if (o.prompt || o.file || !os_is_terminal(0))
        return run_once(&o, path);
    if (!app_options_given(&table, &parsed, "max-tokens"))
        o.max_tokens = 0;
    return check_chat_options(&o, &err) ? cli_fail(&err) : run_chat(&o, path);
}

const cli_command cli_run = {&table, run_main};
