/* Loading and freeing a model, and running one step of it; see model.h. */
#include "model/model.h"

#include "backend/cpu/cpu.h"
#include "base/alloc.h"
#include "base/checked.h"
#include "base/hash.h"
#include "model/family.h"

#include <inttypes.h>
#include <stdio.h>

static const model_family *const families[] = {
    &model_family_llama,  &model_family_qwen2,  &model_family_qwen3, &model_family_qwen3moe,
    &model_family_gemma2, &model_family_gemma3, &model_family_phi3};
#define N_FAMILIES (sizeof families / sizeof families[0])

static lnr_status find_family(const gguf_file *f, const model_family **out, lnr_error *err) {
    lnr_str arch;
    LNR_TRY(gguf_get_str_required(f, "general.architecture", &arch, err));
    char names[160] = "";
    size_t n = 0;
    for (size_t i = 0; i < N_FAMILIES; i++) {
        if (lnr_str_is(arch, families[i]->arch)) {
            *out = families[i];
            return LNR_OK;
        }
        if (n < sizeof names)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "",
                                  families[i]->arch);
    }
    return LNR_FAIL(err, LNR_E_UNSUPPORTED,
                    "key 'general.architecture' is '%.*s'; this build runs %s", LNR_STR(arch),
                    names);
}

/* Panels and vectors of everything in the file, as an upper bound. */
static uint64_t weight_bytes(const gguf_file *f) {
    uint64_t sum = 0;
    for (size_t i = 0; i < gguf_n_tensors(f); i++)
        sum += gguf_tensor_at(f, i)->bytes; /* within the file's size: cannot wrap */
    return sum;
}

static lnr_status check_memory(uint64_t bytes, const char *path, lnr_error *err) {
    uint64_t available = os_memory_available();
    if (available && bytes > available)
        return LNR_FAIL(err, LNR_E_NOMEM,
                        "%s%s: the weights take %" PRIu64 " MiB and %" PRIu64 " MiB are free",
                        LNR_PATH(path), bytes >> 20, available >> 20);
    return LNR_OK;
}

/* What the weights do not say: how they are applied. Rope is left to the engine: it has settings of
 * its own there. */
static void add_shape_to_id(lnr_model *m) {
    const model_shape *s = &m->shape;
    double of[] = {s->n_layers, s->n_embd,     s->n_heads,      s->n_heads_kv,
                   s->head_dim, s->n_rot,      s->n_ff,         s->rope,
                   s->norm_eps, s->attn_scale, s->attn_softcap, s->embed_scale};
    uint64_t arch = lnr_hash64(0, m->family->arch, strlen(m->family->arch));
    m->id = lnr_hash64(m->id ^ arch, of, sizeof of);
    if (s->window)
        m->id = lnr_hash64(m->id, s->window, s->n_layers * sizeof *s->window);
}

static lnr_status build(model_loader *l, lnr_error *err) {
    lnr_model *m = l->model;
    lnr_str name = lnr_str_from("");
    LNR_TRY(find_family(l->file, &m->family, err));
    l->arch = m->family->arch;
    LNR_TRY(gguf_get_str(l->file, "general.name", &name, err));
    m->name = arena_strdup_n(&m->arena, name.p, name.n);
    if (m->name == NULL)
        return LNR_FAIL(err, LNR_E_NOMEM, "no memory for the model's name");
    LNR_TRY(tokenizer_create(l->file, &m->tokenizer, err));
    LNR_TRY(m->family->bind(l, err));
    add_shape_to_id(m);
    return loader_check_all_used(l, err);
}

lnr_status model_error_with_path(lnr_error *err, lnr_status st, const char *path) {
    if (err == NULL)
        return st;
    lnr_error inner = *err, shown;
    (void)lnr_fail(&shown, st, "%s%s:", LNR_PATH(path)); /* the path as an error line shows it */
    if (strncmp(inner.text, shown.text, strlen(shown.text)) == 0)
        return st;
    return LNR_FAIL(err, st, "%s%s: %s", LNR_PATH(path), inner.text);
}

lnr_status model_load(const char *path, const lnr_model_options *opts, lnr_model **out,
                      lnr_error *err) {
    *out = NULL;
    gguf_file *f;
    lnr_status opened = gguf_open(path, &f, err);
    if (opened)
        return model_error_with_path(err, opened, path);
    uint64_t bytes = weight_bytes(f);
    bool pack = opts == NULL || !opts->no_pack;
    lnr_status st = pack ? check_memory(bytes, path, err) : LNR_OK;
    if (st)
        goto close_file;
    lnr_model *m = lnr_new(lnr_model);
    bool *used = lnr_alloc_array(gguf_n_tensors(f), sizeof *used);
    if (m == NULL || used == NULL) {
        st = LNR_FAIL(err, LNR_E_NOMEM, "%s%s: no memory to load it", LNR_PATH(path));
        lnr_free(m);
        goto free_used;
    }
    atomic_init(&m->n_refs, 1);
    m->backend = &lnr_backend_cpu;
    arena_init(&m->arena);
    uint32_t n_threads = opts && opts->n_threads ? opts->n_threads : cpu_default_threads();
    model_loader l = {.model = m,
                      .file = f,
                      .n_threads = n_threads,
                      .opts = opts,
                      .used = used,
                      .total_bytes = bytes};
    st = build(&l, err);
    if (st) {
        st = model_error_with_path(err, st, path);
        model_unref(m);
    } else {
        m->file = l.keep_file ? f : NULL;
        *out = m;
    }
free_used:
    lnr_free(used);
close_file:
    if (*out == NULL || (*out)->file == NULL)
        gguf_close(f);
    return st;
}

lnr_model *model_ref(lnr_model *m) {
    atomic_fetch_add_explicit(&m->n_refs, 1, memory_order_relaxed);
    return m;
}

void model_unref(lnr_model *m) {
    if (m == NULL || atomic_fetch_sub_explicit(&m->n_refs, 1, memory_order_acq_rel) != 1)
        return;
    const lnr_backend *b = m->backend;
    for (uint32_t i = 0; m->layer && i < m->shape.n_layers; i++) {
        attn_weights *a = &m->layer[i].attn;
        ffn_weights *n = &m->layer[i].ffn;
        moe_weights *e = &m->layer[i].moe;
        lnr_matrix *owned[] = {&a->q,    &a->k,    &a->v,      &a->out, &n->gate, &n->up,
                               &n->down, &e->gate, &e->router, &e->up,  &e->down};
        for (size_t j = 0; j < sizeof owned / sizeof owned[0]; j++)
            b->matrix_free(owned[j]);
    }
    b->matrix_free(&m->embed);
    b->matrix_free(&m->out);
    tokenizer_destroy(m->tokenizer);
    gguf_close(m->file);
    arena_deinit(&m->arena);
    lnr_free(m);
}

lnr_status model_forward(const lnr_model *m, lnr_pass *p, const lnr_step *step, lnr_error *err) {
    pass_begin(p, step);
    m->family->forward(m, p);
    return pass_end(p, err);
}
