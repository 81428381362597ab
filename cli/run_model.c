/* Loading for `lanner run`; see run_model.h. */
#include "cli/run_model.h"

#include "app/builtin.h"
#include "app/input.h"
#include "app/interrupt.h"
#include "app/progress.h"
#include "base/alloc.h"
#include "os/os.h"

#include <lanner/machine.h>

#define PATH_BYTES 4096

/* Templates of our own, for models whose file has none. */
static const struct {
    const char *name, *source;
} templates[] = {
    {"plain", "{% for m in messages %}{{ m.content }}"
              "{% if m.role != 'user' %}{{ '\n' }}{% endif %}{% endfor %}"},
    {"chatml", "{% for m in messages %}"
               "{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
               "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"},
};
#define N_TEMPLATES (sizeof templates / sizeof templates[0])

static lnr_status compile(const char *source, size_t n, const char *name, lnr_template **out,
                          lnr_error *err) {
    lnr_error inner;
    lnr_status st = lnr_template_compile(source, n, out, &inner);
    return st ? LNR_FAIL(err, st, "%s%s: %s", LNR_PATH(name), inner.text) : LNR_OK;
}

static lnr_status open_chosen(run_model *m, const char *name, lnr_error *err) {
    for (size_t i = 0; i < N_TEMPLATES; i++)
        if (strcmp(name, templates[i].name) == 0) {
            m->add_start = true;
            return compile(templates[i].source, strlen(templates[i].source), name, &m->chat, err);
        }
    lnr_buf source;
    lnr_error inner;
    buf_init(&source);
    lnr_status st = app_input_read(name, &source, &inner);
    if (st)
        LNR_FAIL(err, st, "option '--chat-template' knows plain and chatml, or a file; %s",
                 inner.text);
    else
        st = compile(source.p ? source.p : "", source.n, name, &m->chat, err);
    buf_deinit(&source);
    return st;
}

/* Whether the file has a template at all; one that cannot be used is an error of its own. */
static bool has_template(const char *path) {
    lnr_file *f;
    bool found = false;
    if (lnr_file_open(path, &f, NULL))
        return false;
    for (size_t i = 0; i < lnr_file_n_metadata(f) && !found; i++) {
        lnr_metadata entry;
        lnr_file_metadata(f, i, &entry);
        found = strcmp(entry.key, "tokenizer.chat_template") == 0;
    }
    lnr_file_close(f);
    return found;
}

static lnr_status open_template(const run_options *o, run_model *m, lnr_error *err) {
    if (o->chat_template)
        return open_chosen(m, o->chat_template, err);
    if (o->template_name == NULL && !has_template(m->path))
        return LNR_OK;
    return lnr_template_open(m->path, o->template_name, &m->chat, err);
}

lnr_status run_model_go_plain(run_model *m, lnr_error *err) {
    return open_chosen(m, "plain", err);
}

static bool on_load_progress(uint64_t done, uint64_t total, void *user) {
    app_progress_update(user, done, total, os_now_ns());
    return !app_interrupted();
}

static lnr_status find_path(const char *path, run_model *m, lnr_error *err) {
    char builtin[PATH_BYTES];
    if (path == NULL) {
        LNR_TRY(app_builtin_model(builtin, sizeof builtin, err));
        path = builtin;
    }
    m->path = lnr_strdup_n(path, strlen(path));
    return m->path ? LNR_OK : LNR_FAIL(err, LNR_E_NOMEM, "no memory to start");
}

static lnr_status load(const run_options *o, run_model *m, lnr_error *err) {
    app_progress progress;
    uint64_t start_ns = os_now_ns();
    app_progress_init(&progress, "loading", app_progress_stream(), app_color_wanted(), start_ns);
    lnr_model_options opts = {.struct_size = sizeof opts,
                              .n_threads = o->n_threads,
                              .no_pack = o->no_pack,
                              .on_progress = on_load_progress,
                              .user = &progress};
    lnr_status st = lnr_model_load(m->path, &opts, &m->model, err);
    app_progress_end(&progress);
    if (st)
        return st;
    m->load_ns = os_now_ns() - start_ns;
    lnr_model_get_info(m->model, &m->info);
    return LNR_OK;
}

static lnr_status create_engine(const run_options *o, run_model *m, lnr_error *err) {
    lnr_engine_options opts = {.struct_size = sizeof opts,
                               .n_ctx = o->n_ctx,
                               .n_ubatch = o->n_ubatch,
                               .n_threads = o->n_threads,
                               .n_guesses = o->n_guesses,
                               .kv_type_k = o->kv_type_k,
                               .kv_type_v = o->kv_type_v};
    LNR_TRY(lnr_engine_create(m->model, &opts, &m->engine, err));
    lnr_engine_get_info(m->engine, &m->engine_info);
    return LNR_OK;
}

lnr_status run_model_open(const run_options *o, const char *path, bool with_template,
                          run_model *out, lnr_error *err) {
    *out = (run_model){0};
    lnr_status st = find_path(path, out, err);
    if (st == LNR_OK && o->isa)
        st = lnr_isa_limit(o->isa, err);
    if (st == LNR_OK)
        st = load(o, out, err);
    if (st == LNR_OK && with_template)
        st = open_template(o, out, err);
    if (st == LNR_OK)
        st = create_engine(o, out, err);
    if (st)
        run_model_close(out);
    return st;
}

void run_model_close(run_model *m) {
    lnr_engine_destroy(m->engine);
    lnr_template_destroy(m->chat);
    lnr_model_unref(m->model);
    lnr_free(m->path);
    *m = (run_model){0};
}

const char *run_model_name(const run_model *m) {
    const char *slash = strrchr(m->path, '/');
    return *m->info.name ? m->info.name : slash ? slash + 1 : m->path;
}
