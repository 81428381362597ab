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

/* A second line of golden.txt has another kind of memory for K and V: Q8_0 where heads fill blocks.
 */
static void take_other_kv(loaded *l, char name[128]) {
    l->kv_type = has_kv_q8_0(l) ? LNR_TYPE_Q8_0 : LNR_TYPE_F32;
    snprintf(name, 128, "%s/kv-%s", l->c->name, has_kv_q8_0(l) ? "q8_0" : "f32");
}

bool print_golden(loaded *l) {
    uint64_t hash;
    char name[128];
    engine_setup setup = {.n_ubatch = 128, .n_threads = 1, .n_seqs = 1};
    if (!hash_of(l, setup, &hash))
        return false;
    printf("%s %016" PRIx64 "\n", l->c->name, hash);
    take_other_kv(l, name);
    if (!hash_of(l, setup, &hash))
        return false;
    printf("%s %016" PRIx64 "\n", name, hash);
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

static bool check_hash(loaded *l, engine_setup setup, const char *name) {
    uint64_t hash, golden;
    if (!find_golden(name, &golden)) {
        fprintf(stderr, "FAILED %s: golden.txt has no hash of it for LNR_ARITH_VERSION %d\n", name,
                LNR_ARITH_VERSION);
        return false;
    }
    if (!hash_of(l, setup, &hash))
        return false;
    if (hash != golden)
        fprintf(
            stderr,
            "FAILED %s: logits hash %016" PRIx64 " (isa %s, ubatch %u, threads %u, sequences %u), "
            "golden.txt has %016" PRIx64 "; bump LNR_ARITH_VERSION in include/lanner/machine.h if "
            "this is meant\n",
            name, hash, cpu_isa(), setup.n_ubatch, setup.n_threads, setup.n_seqs, golden);
    return hash == golden;
}

/* Four ways to cut a prompt, two sequences at once, another memory of K and V, and matrices left in
 * their file; the models take turns in which is computed by how many threads, so that each family
 * and format meets every pair. Scalar kernels are slow: there each model takes one. */
bool hash_case(loaded *l) {
    static const struct {
        uint32_t n_ubatch, n_seqs;
        bool other_kv, no_pack;
    } ways[] = {
        {1, 1, false, false}, {7, 1, false, false},   {64, 1, false, false}, {128, 1, false, false},
        {7, 2, false, false}, {128, 2, false, false}, {7, 1, true, false},   {7, 1, false, true},
    };
    static const uint32_t threads[] = {1, 2, 4};
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
        char name[128];
        snprintf(name, sizeof name, "%s", l->c->name);
        l->kv_type = LNR_TYPE_F16;
        if (ways[i].other_kv)
            take_other_kv(l, name);
        if (ways[i].no_pack && !load_engine(l, true))
            return false;
        ok = check_hash(l, setup, name) && ok;
    }
    return ok;
}
