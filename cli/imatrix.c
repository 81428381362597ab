/* `lanner imatrix`: lets a model read a text and writes which columns of its matrices matter, for
 * `lanner quantize --imatrix`. */
#include "app/input.h"
#include "app/interrupt.h"
#include "app/progress.h"
#include "cli/cli.h"
#include "os/os.h"

#include <lanner/quantize.h>

#include <inttypes.h>

#define OPTION(member) .offset = offsetof(imatrix_options, member)

typedef struct imatrix_options {
    const char *text, *out;
    uint32_t n_ctx, n_chunks, n_threads;
} imatrix_options;

static const app_option options[] = {
    {.name = "text",
     .kind = APP_STRING,
     OPTION(text),
     .value = "FILE",
     .help = "the text to read, required; '-' is standard input"},
    {.name = "output",
     .letter = 'o',
     .kind = APP_STRING,
     OPTION(out),
     .value = "OUT.gguf",
     .help = "the file to write"},
    {.name = "ctx",
     .kind = APP_U32,
     OPTION(n_ctx),
     .value = "N",
     .min = 2,
     .max = UINT32_MAX,
     .range = "2 to what the model was trained with",
     .shown_default = "512",
     .help = "tokens in a chunk; each is read from an empty context"},
    {.name = "chunks",
     .kind = APP_U32,
     OPTION(n_chunks),
     .value = "N",
     .min = 1,
     .max = UINT32_MAX,
     .shown_default = "all of the text",
     .help = "read at most N chunks"},
    CLI_THREADS_OPTION(OPTION(n_threads)),
};

static const app_command table = {
    .name = "imatrix",
    .arguments = "MODEL",
    .n_arguments_min = 1,
    .n_arguments_max = 1,
    .summary = "measure which weights matter, for quantize",
    .details =
        "Lets MODEL read a text and writes for each of its matrices how large the values are that "
        "come in, by column (an importance matrix, in llama.cpp's GGUF form). 'lanner quantize "
        "--imatrix' then keeps the errors small where they matter. Some hundred thousand tokens "
        "of varied text are plenty; a last chunk that is not full is left out.\n",
    .option = options,
    .n_options = sizeof options / sizeof options[0],
};

static bool on_progress(uint64_t done, uint64_t total, void *user) {
    app_progress_update(user, done, total, os_now_ns());
    return !app_interrupted();
}

static void begin(app_progress *p, const char *label) {
    app_progress_init(p, label, app_progress_stream(), app_color_wanted(), os_now_ns());
}

static lnr_status load(const char *path, uint32_t n_threads, lnr_model **out, lnr_error *err) {
    app_progress progress;
    lnr_model_options o = {.struct_size = sizeof o,
                           .n_threads = n_threads,
                           .on_progress = on_progress,
                           .user = &progress};
    begin(&progress, "loading");
    lnr_status st = lnr_model_load(path, &o, out, err);
    app_progress_end(&progress);
    return st;
}

static lnr_status measure(const imatrix_options *o, lnr_model *m, lnr_str text,
                          lnr_imatrix_info *info, lnr_error *err) {
    app_progress progress;
    lnr_imatrix_options i = {.struct_size = sizeof i,
                             .n_ctx = o->n_ctx,
                             .n_chunks = o->n_chunks,
                             .n_threads = o->n_threads,
                             .dataset = o->text,
                             .on_progress = on_progress,
                             .user = &progress};
    begin(&progress, "reading");
    lnr_status st = lnr_imatrix(m, text.p, text.n, &i, o->out, info, err);
    app_progress_end(&progress);
    return st;
}

static lnr_status run(const imatrix_options *o, const char *path, lnr_buf *text,
                      lnr_imatrix_info *info, lnr_error *err) {
    if (o->text == NULL || o->out == NULL)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "option '--%s' is required",
                        o->text ? "output" : "text");
    LNR_TRY(app_input_read(o->text, text, err));
    app_interrupt_install();
    lnr_model *m;
    LNR_TRY(load(path, o->n_threads, &m, err));
    lnr_status st = measure(o, m, (lnr_str){text->n ? text->p : "", text->n}, info, err);
    lnr_model_unref(m);
    return st;
}

static int imatrix_main(int n_words, char **words) {
    imatrix_options o = {0};
    app_parsed parsed;
    lnr_error err;
    lnr_imatrix_info info;
    lnr_buf text;
    int code;
    if (!cli_parse(&table, n_words, words, &o, &parsed, &code))
        return code;
    buf_init(&text);
    if (run(&o, parsed.argument[0], &text, &info, &err)) {
        code = cli_fail(&err);
    } else {
        buf_clear(&text);
        buf_printf(&text, "%" PRIu32 " matrices, %" PRIu64 " tokens in %" PRIu32 " chunks\n",
                   info.n_matrices, info.n_tokens, info.n_chunks);
        code = cli_write_buf(&text);
    }
    buf_deinit(&text);
    return code;
}

const cli_command cli_imatrix = {&table, imatrix_main};
