/* From lists on the command line to rows: every model with every setup, number of threads, number
 * of streams and depth, each as a prompt and as a generation.
 *
 * --set takes the names of options of `lanner run`; they are parsed by a table like any command
 * line, so that mistakes get the same answers. */
#include "base/alloc.h"
#include "cli/bench.h"
#include "cli/cli.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SETUPS_MAX     64
#define ROWS_MAX       4096
#define KEYS_MAX       8
#define OPTION(member) .offset = offsetof(bench_setup, member)

static const char *const kv_types[] = {"F16", "Q8_0", "F32", NULL};

static const app_option settings[] = {
    {.name = "ubatch", .kind = APP_U32, OPTION(n_ubatch), .value = "N", .min = 1, .max = 4096},
    {.name = "kv-type-k",
     .kind = APP_CHOICE,
     OPTION(kv_type_k),
     .value = "TYPE",
     .choices = kv_types},
    {.name = "kv-type-v",
     .kind = APP_CHOICE,
     OPTION(kv_type_v),
     .value = "TYPE",
     .choices = kv_types},
    {.name = "temp",
     .kind = APP_FLOAT,
     OPTION(sampler.temperature),
     .value = "T",
     .float_max = FLT_MAX,
     .range = "0 or more"},
    {.name = "top-k", .kind = APP_U32, OPTION(sampler.top_k), .value = "K", .max = UINT32_MAX},
    {.name = "top-p",
     .kind = APP_FLOAT,
     OPTION(sampler.top_p),
     .value = "P",
     .float_min = FLT_MIN,
     .float_max = 1,
     .range = "more than 0, at most 1"},
    {.name = "min-p",
     .kind = APP_FLOAT,
     OPTION(sampler.min_p),
     .value = "P",
     .float_max = 1,
     .range = "0 to 1"},
    {.name = "repeat-penalty",
     .kind = APP_FLOAT,
     OPTION(sampler.repeat_penalty),
     .value = "P",
     .float_min = FLT_MIN,
     .float_max = FLT_MAX,
     .range = "more than 0"},
};
#define N_SETTINGS (sizeof settings / sizeof settings[0])

static const app_command setting_table = {
    .name = "bench", .arguments = "", .option = settings, .n_options = N_SETTINGS};

/* ---- lists
 * -------------------------------------------------------------------------------------- */

static lnr_status parse_list(const char *name, const char *text, uint32_t min, uint32_t max,
                             bench_list *out, lnr_error *err) {
    *out = (bench_list){0};
    for (const char *p = text;; p++) {
        uint64_t value = 0;
        const char *from = p;
        while (*p >= '0' && *p <= '9' && value <= max)
            value = value * 10 + (uint64_t)(*p++ - '0');
        if (p == from || value < min || value > max || (*p != ',' && *p != '\0'))
            return LNR_FAIL(err, LNR_E_ARGUMENT,
                            "option '--%s': '%s' is no list of numbers from %" PRIu32 " to %" PRIu32
                            ", as in 1,4",
                            name, text, min, max);
        if (out->n == BENCH_LIST_MAX)
            return LNR_FAIL(err, LNR_E_ARGUMENT, "option '--%s': more than %d values", name,
                            BENCH_LIST_MAX);
        out->value[out->n++] = (uint32_t)value;
        if (*p == '\0')
            return LNR_OK;
    }
}

/* ---- --set
 * -------------------------------------------------------------------------------------- */

/* "KEY=V1,V2", cut in place. */
typedef struct setting_list {
    const char *key;
    const char *value[BENCH_LIST_MAX];
    size_t n;
} setting_list;

static lnr_status cut_settings(char *text, setting_list *list, size_t *n, lnr_error *err) {
    *n = 0;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        char *values = strchr(word, '=');
        if (values == NULL || values == word || values[1] == '\0')
            return LNR_FAIL(err, LNR_E_ARGUMENT, "option '--set': '%s' is not KEY=VALUE,VALUE ...",
                            word);
        if (*n == KEYS_MAX)
            return LNR_FAIL(err, LNR_E_ARGUMENT, "option '--set': more than %d keys", KEYS_MAX);
        *values++ = '\0';
        setting_list *l = &list[(*n)++];
        *l = (setting_list){.key = word};
        for (char *comma = values; comma; values = comma + 1) {
            if (l->n == BENCH_LIST_MAX)
                return LNR_FAIL(err, LNR_E_ARGUMENT, "option '--set': more than %d values for %s",
                                BENCH_LIST_MAX, l->key);
            comma = strchr(values, ',');
            if (comma)
                *comma = '\0';
            l->value[l->n++] = values;
        }
    }
    return LNR_OK;
}

static lnr_status make_setup(bench_setup *s, const setting_list *list, size_t n, size_t choice,
                             lnr_error *err) {
    char words[KEYS_MAX][BENCH_LABEL], *word[KEYS_MAX];
    app_parsed parsed;
    size_t used = 0;
    *s = (bench_setup){0};
    lnr_sampler_defaults(&s->sampler);
    for (size_t i = 0; i < n; i++) {
        const char *value = list[i].value[choice % list[i].n];
        choice /= list[i].n;
        word[i] = words[i];
        int bytes = snprintf(words[i], sizeof words[i], "--%s=%s", list[i].key, value);
        int left = (int)(sizeof s->label - used);
        int more =
            snprintf(s->label + used, (size_t)left, "%s%s=%s", i ? " " : "", list[i].key, value);
        if (bytes < 0 || bytes >= BENCH_LABEL || more < 0 || more >= left)
            return LNR_FAIL(err, LNR_E_ARGUMENT, "option '--set': '%s' is too long", list[i].key);
        used += (size_t)more;
    }
    LNR_TRY(app_options_parse(&setting_table, (int)n, word, s, &parsed, err));
    return lnr_sampler_check(&s->sampler, err);
}

static lnr_status plan_setups(bench *b, lnr_error *err) {
    setting_list list[KEYS_MAX];
    size_t n = 0, n_setups = 1;
    const char *set = b->o->set ? b->o->set : "";
    char *text = lnr_strdup_n(set, strlen(set));
    if (text == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the settings");
    lnr_status st = cut_settings(text, list, &n, err);
    for (size_t i = 0; st == LNR_OK && i < n; i++)
        n_setups *= list[i].n < SETUPS_MAX ? list[i].n : SETUPS_MAX;
    if (st == LNR_OK && n_setups > SETUPS_MAX)
        st = LNR_FAIL(err, LNR_E_ARGUMENT, "option '--set': %zu combinations, at most %d allowed",
                      n_setups, SETUPS_MAX);
    if (st == LNR_OK && !(b->setup = lnr_alloc_array(n_setups, sizeof *b->setup)))
        st = LNR_FAIL(err, LNR_E_NOMEM, "no memory for the settings");
    for (size_t i = 0; st == LNR_OK && i < n_setups; i++)
        st = make_setup(&b->setup[b->n_setups++], list, n, i, err);
    lnr_free(text);
    return st;
}

/* ---- rows
 * --------------------------------------------------------------------------------------- */

static size_t engine_for(bench *b, const bench_engine *want) {
    for (size_t i = 0; i < b->n_engines; i++) {
        const bench_engine *e = &b->engine[i];
        if (e->model == want->model && e->n_threads == want->n_threads &&
            e->n_streams == want->n_streams && e->setup == want->setup)
            return i;
    }
    b->engine[b->n_engines] = *want;
    return b->n_engines++;
}

static lnr_status add_row(bench *b, const bench_engine *e, uint32_t depth, bool is_prompt,
                          lnr_error *err) {
    bench_row *r = &b->row[b->n_rows++];
    *r = (bench_row){.model = e->model,
                     .engine = engine_for(b, e),
                     .is_prompt = is_prompt,
                     .n_tokens = is_prompt ? b->o->n_prompt : b->o->n_gen,
                     .depth = depth,
                     .n_streams = e->n_streams,
                     .n_threads = e->n_threads,
                     .setup = e->setup};
    int n = snprintf(r->test, sizeof r->test, "%s%" PRIu32, is_prompt ? "pp" : "tg", r->n_tokens);
    if (depth)
        snprintf(r->test + n, sizeof r->test - (size_t)n, "@d%" PRIu32, depth);
    r->sample = lnr_alloc_array(b->o->n_reps, sizeof *r->sample);
    return r->sample ? LNR_OK : LNR_FAIL(err, LNR_E_NOMEM, "no memory for the results");
}

typedef struct axes {
    bench_list depths, streams, threads;
} axes;

static lnr_status add_rows(bench *b, const axes *a, const bench_engine *e, lnr_error *err) {
    for (size_t i = 0; i < a->depths.n; i++)
        for (int is_prompt = 1; is_prompt >= 0; is_prompt--)
            if (is_prompt ? b->o->n_prompt : b->o->n_gen)
                LNR_TRY(add_row(b, e, a->depths.value[i], is_prompt, err));
    return LNR_OK;
}

static lnr_status plan_rows(bench *b, const axes *a, lnr_error *err) {
    size_t n = b->n_models * b->n_setups * a->threads.n * a->streams.n;
    if (n * a->depths.n * 2 > ROWS_MAX)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "that would be more than %d tests", ROWS_MAX);
    b->row = lnr_alloc_array(n * a->depths.n * 2, sizeof *b->row);
    b->engine = lnr_alloc_array(n, sizeof *b->engine);
    if (b->row == NULL || b->engine == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the results");
    for (size_t m = 0; m < b->n_models; m++)
        for (size_t s = 0; s < b->n_setups; s++)
            for (size_t t = 0; t < a->threads.n; t++)
                for (size_t k = 0; k < a->streams.n; k++) {
                    bench_engine e = {.model = m,
                                      .n_threads = a->threads.value[t],
                                      .n_streams = a->streams.value[k],
                                      .setup = &b->setup[s]};
                    LNR_TRY(add_rows(b, a, &e, err));
                }
    return LNR_OK;
}

lnr_status bench_plan(bench *b, lnr_error *err) {
    axes a;
    LNR_TRY(parse_list("depth", b->o->depths, 0, 1u << 24, &a.depths, err));
    LNR_TRY(parse_list("streams", b->o->streams, 1, BENCH_STREAMS_MAX, &a.streams, err));
    if (b->o->threads) {
        LNR_TRY(parse_list("threads", b->o->threads, 1, 1024, &a.threads, err));
    } else {
        lnr_machine_info info;
        lnr_machine_get_info(&info);
        a.threads = (bench_list){{info.n_threads}, 1};
    }
    if (b->o->n_prompt == 0 && b->o->n_gen == 0)
        return LNR_FAIL(err, LNR_E_ARGUMENT, "--prompt 0 and --gen 0 leave nothing to measure");
    LNR_TRY(plan_setups(b, err));
    LNR_TRY(plan_rows(b, &a, err));
    for (size_t i = 0; i < b->n_rows; i++) {
        const bench_row *r = &b->row[i];
        uint32_t n = r->depth + r->n_tokens + 2; /* the first token read, the last one sampled */
        b->n_ctx = n > b->n_ctx ? n : b->n_ctx;
    }
    return LNR_OK;
}

void bench_plan_free(bench *b) {
    for (size_t i = 0; i < b->n_rows; i++)
        lnr_free(b->row[i].sample);
    lnr_free(b->row);
    lnr_free(b->engine);
    lnr_free(b->setup);
}
