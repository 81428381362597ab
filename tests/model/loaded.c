/* See loaded.h. */
#include "loaded.h"

#include <stdio.h>
#include <stdlib.h>

static bool failed(const char *what, const lnr_error *err) {
    fprintf(stderr, "FAILED %s: %s\n", what, err->text);
    return false;
}

void model_path(char path[512], const char *dir, const model_case *c) {
    snprintf(path, 512, "%s/%s.gguf", dir, c->name);
}

void unload(loaded *l) {
    model_unref(l->engine);
    reference_close(l->reference);
    free(l->logits);
    free(l->plain);
    free(l->rounded);
}

bool load_engine(loaded *l, bool no_pack) {
    lnr_error err = {0};
    lnr_model_options o = {.struct_size = sizeof o, .n_threads = 2, .no_pack = no_pack};
    model_unref(l->engine);
    l->engine = NULL;
    return model_load(l->path, &o, &l->engine, &err) == LNR_OK || failed(l->c->name, &err);
}

bool load(loaded *l, const char *dir, const model_case *c) {
    *l = (loaded){.c = c, .kv_type = LNR_TYPE_F16};
    model_path(l->path, dir, c);
    if (!load_engine(l, false))
        return false;
    l->n_vocab = l->engine->shape.n_vocab;
    size_t n = c->n_tokens * l->n_vocab;
    l->logits = calloc(2 * n, sizeof *l->logits);
    l->plain = calloc(n, sizeof *l->plain);
    l->rounded = calloc(n, sizeof *l->rounded);
    if (!l->logits || !l->plain || !l->rounded)
        return false;
    for (uint32_t i = 0; i < c->n_tokens; i++) /* a list without a pattern: Knuth's multiplier */
        l->token[i] = (int)((uint64_t)(uint32_t)(i * 2654435761u + 12345) * l->n_vocab >> 32);
    return true;
}

bool load_reference(loaded *l) {
    l->reference = reference_open(l->path, N_CTX);
    return l->reference && reference_n_vocab(l->reference) == l->n_vocab;
}

bool has_kv_q8_0(const loaded *l) {
    return l->engine->shape.head_dim % 32 == 0;
}

bool run_engine(loaded *l, engine_setup setup, const int *tokens, uint32_t n) {
    lnr_error err = {0};
    setup.n_ctx = N_CTX;
    setup.kv_type = l->kv_type;
    if (engine_run(l->engine, setup, tokens, n, l->logits, &err))
        return failed(l->c->name, &err);
    return true;
}

bool run_reference(loaded *l, const int *tokens, uint32_t n, unsigned flags, double *out) {
    return reference_logits(l->reference, tokens, (int)n, flags, out) == 0;
}
