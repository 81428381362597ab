/* `lanner synth`: writes a model of a real one's shape with random weights. */
#include "app/format.h"
#include "app/interrupt.h"
#include "app/json.h"
#include "app/progress.h"
#include "cli/cli.h"
#include "os/os.h"

#include <lanner/quantize.h>

#include <inttypes.h>

#define SHAPE_BYTES_MAX 64
#define MIX_DEFAULT     "Q4_K_M"
#define OPTION(member)  .offset = offsetof(synth_options, member)

typedef struct synth_options {
    uint64_t seed;
    uint32_t n_threads;
    bool list, json;
} synth_options;

static const app_option options[] = {
    {.name = "list",
     .kind = APP_FLAG,
     OPTION(list),
     .help = "show the shapes and their sizes in bytes, then end"},
    {.name = "seed",
     .kind = APP_U64,
     OPTION(seed),
     .value = "S",
     .max = UINT64_MAX,
     .help = "another seed gives other weights"},
    CLI_THREADS_OPTION(OPTION(n_threads)),
    {.name = "json", .kind = APP_FLAG, OPTION(json), .help = "with --list: print a JSON array"},
};

static const app_command table = {
    .name = "synth",
    .arguments = "SHAPE[:TYPE] OUT.gguf",
    .n_arguments_max = 2,
    .summary = "write a model of a known shape with random weights",
    .details =
        "Writes a model with the metadata, tensors and types of a published one, such as "
        "qwen2.5-3b:Q4_K_M, and random weights: it computes as fast as the real one and says "
        "nothing sensible. Its vocabulary is made up, of the real size. TYPE is a mix as in "
        "'lanner quantize', Q4_K_M if not given. --list shows the shapes.\n",
    .option = options,
    .n_options = sizeof options / sizeof options[0],
};

/* ---- --list
 * -------------------------------------------------------------------------------------- */

static const char *const listed[] = {"F16", "Q8_0", "Q4_K_M"};
#define N_LISTED (sizeof listed / sizeof listed[0])

static void list_text(lnr_buf *out) {
    lnr_synth_info info;
    buf_printf(out, "%-16s %-8s %10s", "SHAPE", "FAMILY", "PARAMETERS");
    for (size_t i = 0; i < N_LISTED; i++)
        buf_printf(out, " %10s", listed[i]);
    buf_add_char(out, '\n');
    for (size_t i = 0; lnr_synth_shape(i, listed[0], &info); i++) {
        buf_printf(out, "%-16s %-8s %8.2f G", info.shape, info.architecture,
                   (double)info.n_parameters * 1e-9);
        for (size_t k = 0; k < N_LISTED && lnr_synth_shape(i, listed[k], &info); k++)
            buf_printf(out, " %7.2f GB", (double)info.bytes * 1e-9);
        buf_add_char(out, '\n');
    }
}

static void list_json(lnr_buf *out) {
    app_json j;
    lnr_synth_info info;
    const char *const *mixes = lnr_quantize_mixes();
    app_json_init(&j);
    app_json_array(&j, NULL);
    for (size_t i = 0; lnr_synth_shape(i, mixes[0], &info); i++) {
        app_json_object(&j, NULL);
        app_json_cstr(&j, "shape", info.shape);
        app_json_cstr(&j, "architecture", info.architecture);
        app_json_uint(&j, "parameters", info.n_parameters);
        app_json_object(&j, "bytes_by_type");
        for (size_t k = 0; mixes[k] && lnr_synth_shape(i, mixes[k], &info); k++)
            app_json_uint(&j, mixes[k], info.bytes);
        app_json_end(&j);
        app_json_end(&j);
    }
    app_json_end(&j);
    *out = j.text;
    buf_add_char(out, '\n');
}

static int list(const synth_options *o) {
    lnr_buf out;
    buf_init(&out);
    if (o->json)
        list_json(&out);
    else
        list_text(&out);
    int code = cli_write_buf(&out);
    buf_deinit(&out);
    return code;
}

/* ---- writing
 * ------------------------------------------------------------------------------------- */

static bool on_progress(uint64_t done, uint64_t total, void *user) {
    app_progress_update(user, done, total, os_now_ns());
    return !app_interrupted();
}

static lnr_status check_words(const synth_options *o, const app_parsed *parsed, lnr_error *err) {
    if (o->list && parsed->n_arguments > 0)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "--list takes no SHAPE");
    if (!o->list && o->json)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "--json goes with --list only");
    if (!o->list && parsed->n_arguments < 2)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "too few arguments; usage: lanner synth [options] %s",
                        table.arguments);
    return LNR_OK;
}

static int write_model(const synth_options *o, const char *what, const char *out) {
    lnr_error err;
    app_progress progress;
    char shape[SHAPE_BYTES_MAX];
    size_t n = strcspn(what, ":");
    const char *mix = what[n] ? what + n + 1 : MIX_DEFAULT;
    if (n >= sizeof shape) /* longer than any name: let the library say so */
        n = sizeof shape - 1;
    memcpy(shape, what, n);
    shape[n] = '\0';
    lnr_synth_options s = {.struct_size = sizeof s,
                           .seed = o->seed,
                           .n_threads = o->n_threads,
                           .on_progress = on_progress,
                           .user = &progress};
    app_interrupt_install();
    uint64_t start = os_now_ns();
    app_progress_init(&progress, "writing", app_progress_stream(), app_color_wanted(), start);
    lnr_status st = lnr_synth(shape, mix, out, &s, &err);
    app_progress_end(&progress);
    if (st)
        return cli_fail(&err);
    lnr_synth_info info;
    lnr_buf text;
    buf_init(&text);
    for (size_t i = 0; lnr_synth_shape(i, mix, &info); i++)
        if (strcmp(info.shape, shape) == 0) {
            buf_printf(&text, "%s %s: %.2f G parameters, ", shape, mix,
                       (double)info.n_parameters * 1e-9);
            app_add_grouped(&text, info.bytes);
            buf_printf(&text, " bytes of tensors, %.1f s\n", (double)(os_now_ns() - start) * 1e-9);
        }
    int code = cli_write_buf(&text);
    buf_deinit(&text);
    return code;
}

static int synth_main(int n_words, char **words) {
    synth_options o = {0};
    app_parsed parsed;
    lnr_error err;
    int code;
    if (!cli_parse(&table, n_words, words, &o, &parsed, &code))
        return code;
    if (check_words(&o, &parsed, &err))
        return cli_fail(&err);
    return o.list ? list(&o) : write_model(&o, parsed.argument[0], parsed.argument[1]);
}

const cli_command cli_synth = {&table, synth_main};
