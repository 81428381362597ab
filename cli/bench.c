/* `lanner bench`: how fast models run here, beside what the machine could do at most. */
#include "cli/bench.h"

#include "app/interrupt.h"
#include "base/alloc.h"
#include "cli/cli.h"
#include "os/os.h"

#define OPTION(member) .offset = offsetof(bench_options, member)

static const app_option options[] = {
    {.name = "prompt",
     .kind = APP_U32,
     OPTION(n_prompt),
     .value = "N",
     .max = 1u << 20,
     .help = "tokens of the prompt test; 0: none"},
    {.name = "gen",
     .kind = APP_U32,
     OPTION(n_gen),
     .value = "N",
     .max = 1u << 20,
     .help = "tokens of the generation test; 0: none"},
    {.name = "depth",
     .kind = APP_STRING,
     OPTION(depths),
     .value = "N,N...",
     .shown_default = "0",
     .help = "tokens that stand in the context before the test begins"},
    {.name = "streams",
     .kind = APP_STRING,
     OPTION(streams),
     .value = "N,N...",
     .shown_default = "1",
     .help = "requests at the same time; speeds are of all together"},
    {.name = "threads",
     .kind = APP_STRING,
     OPTION(threads),
     .value = "N,N...",
     .shown_default = "one per CPU granted to this process",
     .help = "threads that compute"},
    {.name = "set",
     .kind = APP_STRING,
     OPTION(set),
     .value = "\"KEY=V,V...\"",
     .help = "sweep options, several parted by blanks: ubatch, kv-type-k, kv-type-v, temp, "
             "top-k, top-p, min-p, repeat-penalty"},
    {.name = "reps",
     .kind = APP_U32,
     OPTION(n_reps),
     .value = "N",
     .min = 1,
     .max = LNR_SAMPLES_MAX,
     .help = "repetitions; from 6 on the interval of a median reaches 95 %"},
    {.name = "warmup",
     .kind = APP_U32,
     OPTION(n_warmup),
     .value = "N",
     .max = 100,
     .help = "repetitions before them that do not count"},
    {.name = "json", .kind = APP_FLAG, OPTION(json), .help = "print one JSON object"},
    {.name = "csv", .kind = APP_FLAG, OPTION(csv), .help = "print CSV"},
    {.name = "html",
     .kind = APP_STRING,
     OPTION(html),
     .value = "FILE",
     .help = "also write a page with charts, which needs nothing else"},
    {.name = "compare",
     .kind = APP_FLAG,
     OPTION(compare),
     .help = "measure nothing: say of two results of --json whether B is faster or slower than A"},
};

static const app_command table = {
    .name = "bench",
    .arguments = "MODEL... | --compare A.json B.json",
    .n_arguments_min = 1,
    .n_arguments_max = BENCH_MODELS_MAX,
    .summary = "measure how fast models run, beside the machine's limits",
    .details =
        "Measures prompt and generation speed of model files, or of synth:SHAPE:TYPE, which is "
        "made as 'lanner synth' does and removed again. Every repetition stands between two "
        "measurements of memory bandwidth and of the processor's peak; tests take turns.\n",
    .option = options,
    .n_options = sizeof options / sizeof options[0],
};

static lnr_status check_words(const bench_options *o, const app_parsed *p, lnr_error *err) {
    if (o->json && o->csv)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "--json and --csv exclude each other");
    if (o->compare && p->n_arguments != 2)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "--compare takes two files of lanner bench --json");
    if (o->compare && (o->csv || o->html))
        return LNR_FAIL(err, LNR_E_ARGUMENT, "--compare prints text or, with --json, JSON");
    return LNR_OK;
}

static lnr_status write_page(const bench *b, const char *path, lnr_error *err) {
    lnr_buf page;
    os_writer *w;
    buf_init(&page);
    bench_report_html(b, &page);
    lnr_status st = buf_failed(&page) ? LNR_FAIL(err, LNR_E_NOMEM, "no memory to build %s", path)
                                      : os_writer_open(path, &w, err);
    if (st == LNR_OK) {
        st = os_writer_write(w, page.p, page.n, err);
        if (st == LNR_OK)
            st = os_writer_commit(w, err);
        else
            os_writer_abandon(w);
    }
    buf_deinit(&page);
    return st;
}

static int run(bench *b) {
    lnr_error err;
    lnr_buf out;
    if (bench_plan(b, &err))
        return cli_fail(&err);
    app_interrupt_install();
    if (bench_run(b, &err))
        return cli_fail(&err);
    buf_init(&out);
    if (b->o->json)
        bench_report_json(b, &out);
    else if (b->o->csv)
        bench_report_csv(b, &out);
    else
        bench_report_text(b, &out);
    int code = cli_write_buf(&out);
    buf_deinit(&out);
    if (b->o->html && write_page(b, b->o->html, &err))
        return cli_fail(&err);
    return code;
}

static int bench_main(int n_words, char **words) {
    bench_options o = {
        .n_prompt = 512, .n_gen = 64, .n_reps = 5, .n_warmup = 1, .depths = "0", .streams = "1"};
    app_parsed parsed;
    lnr_error err;
    int code;
    if (!cli_parse(&table, n_words, words, &o, &parsed, &code))
        return code;
    if (check_words(&o, &parsed, &err))
        return cli_fail(&err);
    if (o.compare)
        return bench_compare(parsed.argument[0], parsed.argument[1], o.json);
    bench *b = lnr_new(bench);
    if (b == NULL) {
        LNR_FAIL(&err, LNR_E_NOMEM, "no memory to start");
        return cli_fail(&err);
    }
    b->o = &o;
    for (unsigned i = 0; i < parsed.n_arguments; i++)
        b->model[b->n_models++].name = parsed.argument[i];
    code = run(b);
    bench_plan_free(b);
    lnr_free(b);
    return code;
}

const cli_command cli_bench = {&table, bench_main};
