/* `lanner quantize`: writes a model with smaller weights, and tells for each tensor what became of
 * it. */
#include "app/format.h"
#include "app/interrupt.h"
#include "app/json.h"
#include "app/progress.h"
#include "cli/cli.h"
#include "os/os.h"

#include <lanner/quantize.h>

#include <inttypes.h>

#define OPTION(member) .offset = offsetof(quantize_options, member)

typedef struct quantize_options {
    const char *imatrix, *keep;
    bool requantize, json;
    uint32_t n_threads;
} quantize_options;

static const app_option options[] = {
    {.name = "imatrix",
     .kind = APP_STRING,
     OPTION(imatrix),
     .value = "FILE",
     .help =
         "weigh errors by an importance matrix, from 'lanner imatrix' or llama.cpp (GGUF form)"},
    {.name = "keep",
     .kind = APP_STRING,
     OPTION(keep),
     .value = "RULES",
     .help = "other types for some matrices: rules REGEX=TYPE, separated by blanks; the first that "
             "matches a name counts, as in --keep 'ffn_down=Q6_K blk\\.0\\.=Q8_0'"},
    {.name = "requantize",
     .kind = APP_FLAG,
     OPTION(requantize),
     .help = "allow an input that is quantised already, though its weights lose twice"},
    CLI_THREADS_OPTION(OPTION(n_threads)),
    {.name = "json",
     .kind = APP_FLAG,
     OPTION(json),
     .help = "print one JSON object with types, bytes and errors of all tensors"},
};

static const app_command table = {
    .name = "quantize",
    .arguments = "IN.gguf OUT.gguf TYPE",
    .n_arguments_min = 3,
    .n_arguments_max = 3,
    .summary = "make a model file smaller",
    .details =
        "Writes the model IN.gguf to OUT.gguf with weights of the mix TYPE: F32, BF16, F16, Q8_0, "
        "Q6_K, Q5_K_M, Q5_K_S, Q5_1, Q5_0, Q4_K_M, Q4_K_S, Q4_1, IQ4_NL, IQ4_XS, Q4_0, Q3_K_L, "
        "Q3_K_M, Q3_K_S or Q2_K, from the smallest error to the largest. A mix gives better types "
        "to the tensors that lose most; vectors and norms stay as they are. Prints for each tensor "
        "its types, bytes and the root of its mean squared error (rmse). OUT.gguf appears when it "
        "is complete.\n",
    .option = options,
    .n_options = sizeof options / sizeof options[0],
};

typedef struct report {
    const quantize_options *o;
    app_progress progress;
    lnr_buf text;  /* lines for people */
    app_json json; /* inside the array "tensors" */
    uint64_t from_bytes, to_bytes, n_weights;
    uint32_t n_tensors, n_fell_back;
} report;

static bool on_progress(uint64_t done, uint64_t total, void *user) {
    report *r = user;
    app_progress_update(&r->progress, done, total, os_now_ns());
    return !app_interrupted();
}

static void add_line(lnr_buf *out, const lnr_quantized *t) {
    size_t begin = out->n;
    app_add_printable(out, lnr_str_from(t->name), SIZE_MAX);
    if (!out->failed && out->n - begin < 32)
        buf_printf(out, "%*s", (int)(32 - (out->n - begin)), "");
    buf_printf(out, " %-6s %-6s ", t->from, t->to);
    begin = out->n;
    app_add_size(out, t->to_bytes);
    if (!out->failed && out->n - begin < 12)
        buf_printf(out, "%*s", (int)(12 - (out->n - begin)), "");
    if (strcmp(t->from, t->to) == 0)
        buf_add_str(out, "copied");
    else
        buf_printf(out, "rmse %.3e%s%s%s", t->rmse,
                   t->fell_back ? ", row length needs this type" : "", t->kept ? ", by rule" : "",
                   t->weighted ? ", weighted" : "");
    buf_add_char(out, '\n');
}

static void add_member(app_json *j, const lnr_quantized *t) {
    app_json_object(j, NULL);
    app_json_cstr(j, "name", t->name);
    app_json_cstr(j, "from", t->from);
    app_json_cstr(j, "to", t->to);
    app_json_uint(j, "weights", t->n_weights);
    app_json_uint(j, "from_bytes", t->from_bytes);
    app_json_uint(j, "bytes", t->to_bytes);
    app_json_double(j, "rmse", t->rmse);
    app_json_bool(j, "fell_back", t->fell_back);
    app_json_bool(j, "by_rule", t->kept);
    app_json_bool(j, "weighted", t->weighted);
    app_json_end(j);
}

static void on_tensor(const lnr_quantized *t, void *user) {
    report *r = user;
    if (r->o->json)
        add_member(&r->json, t);
    else
        add_line(&r->text, t);
    r->from_bytes += t->from_bytes;
    r->to_bytes += t->to_bytes;
    r->n_weights += t->n_weights;
    r->n_tensors++;
    r->n_fell_back += t->fell_back;
}

static void add_summary(report *r, double seconds) {
    lnr_buf *out = &r->text;
    buf_printf(out, "%" PRIu32 " tensors, ", r->n_tensors);
    app_add_size(out, r->from_bytes);
    buf_add_str(out, " to ");
    app_add_size(out, r->to_bytes);
    buf_printf(out, ", %.2f bits per weight, %.1f s",
               r->n_weights ? 8.0 * (double)r->to_bytes / (double)r->n_weights : 0.0, seconds);
    if (r->n_fell_back)
        buf_printf(out, "; %" PRIu32 " tensors got a larger type because of their row length",
                   r->n_fell_back);
    buf_add_char(out, '\n');
}

static void begin_json(report *r, const char *out, const char *mix) {
    app_json_init(&r->json);
    app_json_object(&r->json, NULL);
    app_json_cstr(&r->json, "path", out);
    app_json_cstr(&r->json, "type", mix);
    app_json_array(&r->json, "tensors");
}

static void end_json(report *r, double seconds) {
    app_json *j = &r->json;
    app_json_end(j);
    app_json_uint(j, "from_bytes", r->from_bytes);
    app_json_uint(j, "bytes", r->to_bytes);
    app_json_uint(j, "weights", r->n_weights);
    app_json_double(j, "seconds", seconds);
    app_json_end(j);
    r->text = j->text;
    buf_add_char(&r->text, '\n');
}

static int quantize_main(int n_words, char **words) {
    quantize_options o = {0};
    app_parsed parsed;
    lnr_error err;
    int code;
    if (!cli_parse(&table, n_words, words, &o, &parsed, &code))
        return code;
    const char *in = parsed.argument[0], *out = parsed.argument[1], *mix = parsed.argument[2];
    report r = {.o = &o};
    lnr_quantize_options q = {.struct_size = sizeof q,
                              .imatrix = o.imatrix,
                              .keep = o.keep,
                              .requantize = o.requantize,
                              .n_threads = o.n_threads,
                              .on_progress = on_progress,
                              .on_tensor = on_tensor,
                              .user = &r};
    buf_init(&r.text);
    begin_json(&r, out, mix);
    app_interrupt_install();
    uint64_t start = os_now_ns();
    app_progress_init(&r.progress, "quantising", app_progress_stream(), app_color_wanted(), start);
    lnr_status st = lnr_quantize(in, out, mix, &q, &err);
    app_progress_end(&r.progress);
    double seconds = (double)(os_now_ns() - start) * 1e-9;
    if (st) {
        code = cli_fail(&err);
        app_json_deinit(&r.json);
    } else if (o.json) {
        end_json(&r, seconds);
        code = cli_write_buf(&r.text);
    } else {
        app_json_deinit(&r.json);
        add_summary(&r, seconds);
        code = cli_write_buf(&r.text);
    }
    buf_deinit(&r.text);
    return code;
}

const cli_command cli_quantize = {&table, quantize_main};
