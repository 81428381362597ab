/* Bits of the logits: those of golden.txt, for every instruction set, micro-batch, number of
 * threads, and beside another sequence. */
#include "backend/cpu/cpu.h"
#include "base/hash.h"
#include "loaded.h"

#include <inttypes.h>
#include <lanner/machine.h>
#include <stdio.h>
#include <string.h>

/* Positions beyond two KV blocks, one attention chunk and the windows. */
#define N_HASHED 140

static uint32_t n_hashed(const loaded *l) {
    return l->c->n_tokens < N_HASHED ? l->c->n_tokens : N_HASHED;
}

static uint64_t hash_rows(const loaded *l, uint32_t seq) {
    size_t n = (size_t)n_hashed(l) * l->n_vocab;
    return lnr_fnv1a64(LNR_FNV1A64_INIT, l->logits + seq * n, n * sizeof *l->logits);
}

static bool hash_of(loaded *l, engine_setup setup, uint64_t *hash) {
    if (!run_engine(l, setup, l->token, n_hashed(l)))
        return false;
    *hash = hash_rows(l, 0);
    if (setup.n_seqs == 2 && hash_rows(l, 1) != *hash) {
        fprintf(stderr,
                "FAILED %s: two equal prompts in one batch differ (ubatch %u, threads %u)\n",
                l->c->name, setup.n_ubatch, setup.n_threads);
        return false;
    }
    return true;
}

bool print_golden(loaded *l) {
    uint64_t hash;
    if (!hash_of(l, (engine_setup){.n_ubatch = 128, .n_threads = 1, .n_seqs = 1}, &hash))
        return false;
    printf("%s %016" PRIx64 "\n", l->c->name, hash);
    return true;
}

/* The line of golden.txt for this arithmetic and model; false: there is none. */
static bool find_golden(const char *name, uint64_t *hash) {
    FILE *f = fopen(LNR_GOLDEN, "r");
    char line[256], word[128];
    int version = 0;
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f)) {
        if (sscanf(line, "arith %d", &version) == 1 || version != LNR_ARITH_VERSION)
            continue;
        found = sscanf(line, "%127s %" SCNx64, word, hash) == 2 && strcmp(word, name) == 0;
    }
    if (f)
        fclose(f);
    return found;
}

static bool check_hash(loaded *l, engine_setup setup, uint64_t golden) {
    uint64_t hash;
    if (!hash_of(l, setup, &hash))
        return false;
    if (hash != golden)
        fprintf(
            stderr,
            "FAILED %s: logits hash %016" PRIx64 " (isa %s, ubatch %u, threads %u, sequences %u), "
            "golden.txt has %016" PRIx64 "; bump LNR_ARITH_VERSION in include/lanner/machine.h if "
            "this is meant\n",
            l->c->name, hash, cpu_isa(), setup.n_ubatch, setup.n_threads, setup.n_seqs, golden);
    return hash == golden;
}

/* Four ways to cut a prompt, two sequences at once, and matrices left in their file; the models
 * take turns in which is computed by how many threads, so that each family and format meets every
 * pair. Scalar kernels are slow: there each model takes one. */
bool hash_case(loaded *l) {
    static const struct {
        uint32_t n_ubatch, n_seqs;
        bool no_pack;
    } ways[] = {{1, 1, false}, {7, 1, false},   {64, 1, false}, {128, 1, false},
                {7, 2, false}, {128, 2, false}, {7, 1, true}};
    static const uint32_t threads[] = {1, 2, 4};
    uint64_t golden;
    if (!find_golden(l->c->name, &golden)) {
        fprintf(stderr, "FAILED %s: golden.txt has no hash of it for LNR_ARITH_VERSION %d\n",
                l->c->name, LNR_ARITH_VERSION);
        return false;
    }
    size_t turn = (size_t)(l->c - model_cases), n = sizeof ways / sizeof ways[0], first = 0;
    if (strcmp(cpu_isa(), "scalar") == 0) {
        first = turn % n;
        n = first + 1;
    }
    bool ok = true;
    for (size_t i = first; i < n; i++) {
        engine_setup setup = {.n_ubatch = ways[i].n_ubatch,
                              .n_threads = threads[(i + turn) % 3],
                              .n_seqs = ways[i].n_seqs};
        if (ways[i].no_pack && !load_engine(l, true))
            return false;
        ok = check_hash(l, setup, golden) && ok;
    }
    return ok;
}
